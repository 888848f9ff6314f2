"""Causes as a tree: a symptom stands below the cause that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siamdoctor.results import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A cause, and those that it explains, each in the order of rank."""

    cause: Cause
    symptoms: tuple[Branch, ...]


def branches(causes: tuple[Cause, ...]) -> tuple[Branch, ...]:
    """The causes that nothing listed explains, each with its symptoms below it.

    Every cause appears exactly once, whatever `explained_by` says: an unknown id or a circle makes a
    cause a root of its own.
    """
    known = {cause.id for cause in causes}
    placed: set[str] = set()

    def grow(cause: Cause) -> Branch:
        placed.add(cause.id)
        below = [c for c in causes if c.explained_by == cause.id and c.id not in placed]
        return Branch(cause=cause, symptoms=tuple(grow(c) for c in below if c.id not in placed))

    roots = [grow(c) for c in causes if c.explained_by is None or c.explained_by not in known]
    roots += [grow(c) for c in causes if c.id not in placed]
    return tuple(sorted(roots, key=lambda b: b.cause.rank))
