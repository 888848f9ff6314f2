"""Any sheet for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.terminal_page import facts, heading, line, page_text, page_width

if TYPE_CHECKING:
    from siamdoctor.render.sheet import Sheet, Table

_INDENT, _GAP = 2, 3  # columns before a table, and between two of its own


def render(sheet: Sheet, frame: Frame = DEFAULT) -> str:
    """Title, answer, facts, tables, notes."""
    parts: list[RenderableType] = [line(sheet.title, "dim"), "", line(sheet.lead, "bold"), ""]
    if sheet.facts:
        parts.append(Padding(facts(sheet.facts), (0, 0, 1, 2)))
    for table in sheet.tables:
        if table.title:
            parts.append(heading(table.title))
        parts.append(Padding(_grid(table, page_width(frame.width) - _INDENT), (0, 0, 1, 2)))
    for notes in sheet.notes:
        sentences = [Text.assemble("- ", line(sentence)) for sentence in notes.sentences]
        parts += [heading(notes.title), Padding(Group(*sentences), (0, 0, 1, 2))]
    return page_text(Group(*parts), width=frame.width, colour=frame.colour)


def _grid(table: Table, room: int) -> Grid:
    """A table with a rule below its head.

    Columns that are empty in every row are left out. Where numbers would have to wrap, extra ones are as well,
    then spare ones, and drawn ones if that is not enough.
    """
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    kept = [k for k, _ in enumerate(table.columns) if any(row[k] for row in table.rows)]
    for dispensable in (*table.extra, table.spare, table.drawn):
        if sum(_width(table, k) + _GAP for k in kept) - _GAP > room:
            kept = [k for k in kept if table.columns[k] not in dispensable]
    for k in kept:
        name = table.columns[k]
        side: Literal["left", "right"] = "right" if name in table.numeric else "left"
        grid.add_column(line(name), justify=side, overflow="fold", no_wrap=name in table.drawn)
    for row in table.rows:
        grid.add_row(*(line(row[k]) for k in kept))
    return grid


def _width(table: Table, k: int) -> int:
    """How wide a column wants to be."""
    return max(len(text) for text in (table.columns[k], *(row[k] for row in table.rows)))
