"""A small document of facts, tables and notes: what every answer but the report is turned into.

The renderers for people print any sheet, so a new answer needs one function that fills a sheet, not one
per format.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from siamdoctor.render.charts import strip

if TYPE_CHECKING:
    from siamdoctor.results import Subject

_STRIP = 21  # columns of a drawn interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under column names; every cell is text.

    numeric: columns set to the right. drawn: columns whose cells are pictures made of characters, which
    need letters of one width and must not be wrapped. spare: columns that a narrow terminal does without.
    extra: those that it does without before them, the first group first.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    drawn: frozenset[str] = frozenset()
    spare: frozenset[str] = frozenset()
    extra: tuple[frozenset[str], ...] = ()
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


def title_of(subject: Subject) -> str:
    """What was examined, as a title."""
    return f"{subject.model} on {subject.data}" if subject.data else subject.model


def drawn(value: float, low: float, high: float, chance: float = 0.5) -> str:
    """An estimate and its interval as a picture of one line."""
    return strip(value, low, high, _STRIP, chance=None if math.isnan(chance) else chance)


def remarks(assumed: tuple[str, ...], noted: tuple[str, ...] = ()) -> tuple[Notes, ...]:
    """What to note, and what was assumed; nothing where there is neither."""
    found = (("NOTE", noted), ("ASSUMED", assumed))
    return tuple(Notes(title=title, sentences=lines) for title, lines in found if lines)
