"""Reading JSON that somebody else may have written: a wrong value is refused with its place in the document."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from siamdoctor.errors import BadSettings

if TYPE_CHECKING:
    from siamdoctor.results import Json

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value within the document, with its place for messages."""

    content: Json
    place: str
    name: str

    def at(self, key: str) -> Node:
        """The value under a key that must be there."""
        if not isinstance(self.content, dict) or key not in self.content:
            raise self.unfit(f"has no {key!r}")
        return Node(content=self.content[key], place=f"{self.place}.{key}".lstrip("."), name=self.name)

    def items(self) -> tuple[Node, ...]:
        """The values of a list."""
        if not isinstance(self.content, list):
            raise self.unfit("is not a list")
        return tuple(
            Node(content=item, place=f"{self.place}[{k}]", name=self.name) for k, item in enumerate(self.content)
        )

    def plain(self, kind: type[_T]) -> _T:
        """Text or a whole number."""
        if not isinstance(self.content, kind) or (kind is int and isinstance(self.content, bool)):
            raise self.unfit(f"is not {kind.__name__}")
        return self.content

    def number(self) -> float:
        """A number."""
        if isinstance(self.content, bool) or not isinstance(self.content, int | float):
            raise self.unfit("is not a number")
        if not math.isfinite(self.content):  # JSON as Python reads it lets NaN through, and nothing is below NaN
            raise self.unfit("is not a finite number")
        return float(self.content)

    def one_of(self, known: tuple[str, ...]) -> str:
        """One of a few words."""
        word = self.plain(str)
        if word not in known:
            raise self.unfit(f"is {word!r}, which is none of {', '.join(known)}")
        return word

    def words(self, key: str) -> str | None:
        """Text under a key that may be missing or null."""
        value = self.content.get(key) if isinstance(self.content, dict) else None
        return value if isinstance(value, str) else None

    def number_or_none(self, key: str) -> float | None:
        """A number under a key that may be missing or null."""
        value = self.content.get(key) if isinstance(self.content, dict) else None
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def unfit(self, what: str) -> BadSettings:
        """The message for a document that is not a report."""
        return BadSettings(f"This is not a siamdoctor report: {self.place or 'it'} {what}. Received: {self.name}")
