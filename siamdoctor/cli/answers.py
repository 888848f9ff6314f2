"""Printing any answer that is a sheet for people and JSON for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor import __version__
from siamdoctor.cli.output import Outlet, outlets, screen, write
from siamdoctor.render.machine import document, envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from siamdoctor.render import FileFormat, Format
    from siamdoctor.render.sheet import Sheet
    from siamdoctor.results import Json, Subject

ANSWER_FORMATS: tuple[Format, ...] = ("terminal", "json", "markdown", "html")


def answer_outlets(
    format_name: Format, to_files: list[str] | None = None, files: tuple[FileFormat, ...] = ()
) -> list[Outlet]:
    """Where an answer goes, checked before any work is done; `files` are what it is written to files as besides.

    Raises:
        BadSettings: a format that this answer does not have.
    """
    return outlets(format_name, to_files, ANSWER_FORMATS, files)


def enveloped(subject: Subject, assumed: tuple[str, ...], part: dict[str, Json]) -> dict[str, Json]:
    """The envelope of every command with this command's part in it."""
    return {**envelope(__version__, subject, assumed), **part}


def print_answer(
    sheet: Sheet,
    content: dict[str, Json],
    targets: list[Outlet],
    files: Mapping[str, Callable[[], str | bytes]] | None = None,
) -> None:
    """Render an answer once for each outlet; `files` render what only this answer is written as."""
    for target in targets:
        own = (files or {}).get(target.format)
        write(_rendered(sheet, content, target) if own is None else own(), target)


def _rendered(sheet: Sheet, content: dict[str, Json], target: Outlet) -> str:
    """The answer in one format. Each renderer is loaded only when it is wanted."""
    if target.format == "json":
        return document(content)
    if target.format == "markdown":
        from siamdoctor.render import markdown_sheet  # noqa: PLC0415

        return markdown_sheet.render(sheet)
    if target.format == "html":
        from siamdoctor.render import html_sheet  # noqa: PLC0415

        return html_sheet.render(sheet)
    from siamdoctor.render import terminal_sheet  # noqa: PLC0415

    return terminal_sheet.render(sheet, screen()) if target.path is None else terminal_sheet.render(sheet)
