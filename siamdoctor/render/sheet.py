"""A small document of facts, tables and notes: what every answer but the report is turned into.

The renderers for people print any sheet, so a new answer needs one function that fills a sheet, not one
per format.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under column names; every cell is text. Columns named in `numeric` are set to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Sentences under a title."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """title: what it is about. lead: the answer in one sentence. facts: names and values."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[Notes, ...] = field(default=())
