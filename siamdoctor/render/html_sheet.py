"""Any sheet as an HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.html_page import page, rich_text, sentences, table, text

if TYPE_CHECKING:
    from siamdoctor.render.sheet import Sheet, Table


def render(sheet: Sheet) -> str:
    """Title, answer, facts, tables, notes."""
    parts = [f'<p class="soft path">{text(sheet.title)}</p>', f"<h1>{rich_text(sheet.lead)}</h1>"]
    if sheet.facts:
        rows = tuple((rich_text(name), rich_text(value)) for name, value in sheet.facts)
        parts.append(table("Facts", ("fact", "value"), rows))
    for shown in sheet.tables:
        title = rich_text(shown.title.capitalize())
        parts += [f"<h2>{title}</h2>", table(title, tuple(rich_text(name) for name in shown.columns), _cells(shown))]
    for notes in sheet.notes:
        parts += [f"<h2>{text(notes.title.capitalize())}</h2>", sentences(notes.sentences)]
    return page(f"siamdoctor: {sheet.title}", "\n".join(parts))


def _cells(shown: Table) -> tuple[tuple[str, ...], ...]:
    """Cells as HTML; pictures made of characters in letters of one width."""
    return tuple(
        tuple(
            f"<code>{text(cell)}</code>" if name in shown.drawn else rich_text(cell)
            for name, cell in zip(shown.columns, row, strict=True)
        )
        for row in shown.rows
    )
