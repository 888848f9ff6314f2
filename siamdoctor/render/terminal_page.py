"""The pieces that every terminal page is made of. User text enters only through `line`, never as markup."""

from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from siamdoctor.render.prose import Block, blocks, inline_code, printable

_WIDEST = 110  # longer lines are hard to follow with the eye


def page_width(width: int) -> int:
    """Columns of a page on a terminal of this width."""
    return max(40, min(width, _WIDEST))


def page_text(content: RenderableType, *, width: int, colour: bool) -> str:
    """Lay content out for a terminal of this width and return it as text."""
    console = Console(
        file=io.StringIO(),
        width=page_width(width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},  # whether there is colour was decided by the caller, who knows the real terminal
    )
    with console.capture() as captured:
        console.print(content)
    return "\n".join(text.rstrip() for text in captured.get().splitlines()) + "\n"


def line(text: str, style: str = "") -> Text:
    """Text that may hold anything: shown as it is, control characters made visible."""
    return Text(printable(text), style)


def heading(text: str) -> Text:
    """The heading of a section."""
    return Text(text, "bold underline")


def prose(text: str) -> list[RenderableType]:
    """Paragraphs, bullets and code."""
    return [_block(block, line) for block in blocks(text)]


def manual_prose(text: str) -> list[RenderableType]:
    """The same with an empty line between all but bullets, and names in backticks set off instead."""
    parts: list[RenderableType] = []
    before = None
    for block in blocks(text):
        if before is not None and not before == block.kind == "bullet":
            parts.append("")
        parts.append(_block(block, _with_names))
        before = block.kind
    return parts


def facts(rows: tuple[tuple[str, str], ...]) -> RenderableType:
    """Names and what they are, in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(line(name), line(value))
    return table


def _with_names(text: str) -> Text:
    """A paragraph in which what stood in backticks is bold instead."""
    return Text.assemble(*((piece, "bold cyan" if is_code else "") for piece, is_code in inline_code(text)))


def _block(block: Block, sentence: Callable[[str], Text]) -> RenderableType:
    """One piece of prose."""
    if block.kind == "bullet":
        table = Table.grid(padding=(0, 1))
        table.add_row("-", sentence(block.text))
        return table
    if block.kind == "text":
        return sentence(block.text)
    # Indented and otherwise bare, so that it can be copied.
    return Padding(Group(*(line(row, "cyan") for row in block.text.splitlines())), (0, 0, 0, 4))
