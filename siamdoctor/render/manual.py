"""The manual for a terminal: the page of one cause, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from siamdoctor.render.terminal_page import heading, line, manual_prose, page_text

if TYPE_CHECKING:
    from siamdoctor.render.frame import Frame, Page


def page(cause: str, shown: Page, frame: Frame) -> str:
    """The page of one cause: its title, its names, and its text, which is Markdown."""
    body = shown.text.partition("\n")[2].strip()
    head = Group(line(shown.title, "bold underline"), line(f"{cause}, {shown.code}, {shown.family}", "dim"), "")
    return page_text(Group(head, *manual_prose(body)), width=frame.width, colour=frame.colour)


def catalogue(frame: Frame) -> str:
    """All causes of `frame.pages` by family: code, id, title."""
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
    parts.append(line("Read one with: siamdoctor explain CAUSE (id or code)", "dim"))
    return page_text(Group(*parts), width=frame.width, colour=frame.colour)
