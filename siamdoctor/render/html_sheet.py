"""Any sheet as an HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.html_page import page, rich_text, sentences, table, text

if TYPE_CHECKING:
    from siamdoctor.render.sheet import Sheet


def render(sheet: Sheet) -> str:
    """Title, answer, facts, tables, notes."""
    parts = [f'<p class="soft path">{text(sheet.title)}</p>', f"<h1>{rich_text(sheet.lead)}</h1>"]
    if sheet.facts:
        rows = tuple((rich_text(name), rich_text(value)) for name, value in sheet.facts)
        parts.append(table("Facts", ("fact", "value"), rows))
    for shown in sheet.tables:
        cells = tuple(tuple(rich_text(cell) for cell in row) for row in shown.rows)
        columns = tuple(rich_text(name) for name in shown.columns)
        parts.append(f"<h2>{rich_text(shown.title.capitalize())}</h2>")
        parts.append(table(rich_text(shown.title.capitalize()), columns, cells))
    for notes in sheet.notes:
        parts += [f"<h2>{text(notes.title.capitalize())}</h2>", sentences(notes.sentences)]
    return page(f"siamdoctor: {sheet.title}", "\n".join(parts))
