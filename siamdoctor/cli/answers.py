"""Printing any answer that is a sheet for people and JSON for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.cli.output import Outlet, outlets, screen, write
from siamdoctor.render.machine import document

if TYPE_CHECKING:
    from siamdoctor.render import Format
    from siamdoctor.render.sheet import Sheet
    from siamdoctor.results import Json

ANSWER_FORMATS: tuple[Format, ...] = ("terminal", "json")


def answer_outlets(format_name: Format, to_files: list[str] | None = None) -> list[Outlet]:
    """Where an answer goes, checked before any work is done.

    Raises:
        BadSettings: a format that only reports have.
    """
    return outlets(format_name, to_files, ANSWER_FORMATS)


def print_answer(sheet: Sheet, content: dict[str, Json], targets: list[Outlet]) -> None:
    """Render an answer once for each outlet."""
    for target in targets:
        write(_rendered(sheet, content, target), target)


def _rendered(sheet: Sheet, content: dict[str, Json], target: Outlet) -> str:
    """The answer in one format."""
    if target.format == "json":
        return document(content)
    from siamdoctor.render import terminal_sheet  # noqa: PLC0415  (JSON does without rich)

    frame = screen() if target.path is None else None
    return terminal_sheet.render(sheet, frame) if frame else terminal_sheet.render(sheet)
