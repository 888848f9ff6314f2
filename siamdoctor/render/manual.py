"""The manual for a terminal: the page of one cause, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from siamdoctor.render.terminal_page import heading, line, manual_prose, page_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siamdoctor.render.frame import Frame, Page


def page(cause: str, shown: Page, frame: Frame) -> str:
    """The page of one cause: its title, its names, and its text, which is Markdown."""
    body = shown.text.partition("\n")[2].strip()
    head = Group(line(shown.title, "bold underline"), line(f"{cause}, {shown.code}, {shown.family}", "dim"), "")
    return page_text(Group(head, *manual_prose(body)), width=frame.width, colour=frame.colour)


def topic(text: str, frame: Frame) -> str:
    """A page that is about no single cause; the first line of its Markdown is the title."""
    title, _, body = text.partition("\n")
    shown = Group(line(title, "bold underline"), "", *manual_prose(body.strip()))
    return page_text(shown, width=frame.width, colour=frame.colour)


def catalogue(frame: Frame, topics: Mapping[str, str] | None = None) -> str:
    """All causes of `frame.pages` by family: code, id, title. Then other pages: name and title."""
    parts: list[RenderableType] = []
    longest = max((len(cause) for cause in frame.pages), default=0)
    for family in dict.fromkeys(shown.family for shown in frame.pages.values()):
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(style="bold", min_width=longest)
        table.add_column()
        for cause, shown in frame.pages.items():
            if shown.family == family:
                table.add_row(line(shown.code), line(cause), line(shown.title))
        parts += [heading(family.upper()), Padding(table, (0, 0, 1, 2))]
    for name, title in (topics or {}).items():
        parts.append(line(f"Begin with: siamdoctor explain {name} ({title})", "dim"))
    parts.append(line("Read one with: siamdoctor explain CAUSE (id or code)", "dim"))
    return page_text(Group(*parts), width=frame.width, colour=frame.colour)
