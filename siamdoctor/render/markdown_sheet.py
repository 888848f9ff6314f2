"""Any sheet as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.markdown_text import code_span, escaped, table

if TYPE_CHECKING:
    from siamdoctor.render.sheet import Sheet, Table


def render(sheet: Sheet) -> str:
    """Title, answer, facts, tables, notes."""
    parts = [f"## {code_span(sheet.title)}", f"**{escaped(sheet.lead)}**"]
    if sheet.facts:
        parts.append("\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in sheet.facts))
    for shown in sheet.tables:
        if shown.title:
            parts.append(f"**{escaped(shown.title.capitalize())}**")
        parts.append(_table(shown))
    for notes in sheet.notes:
        parts.append(f"**{escaped(notes.title.capitalize())}**")
        parts.append("\n".join(f"- {escaped(sentence)}" for sentence in notes.sentences))
    return "\n\n".join(parts) + "\n"


def _table(shown: Table) -> str:
    """A table of escaped cells."""
    rows = tuple(tuple(escaped(cell) for cell in row) for row in shown.rows)
    return table(tuple(escaped(name) for name in shown.columns), rows)
