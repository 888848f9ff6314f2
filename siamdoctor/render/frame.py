"""What a renderer may be told besides the report: the gate's ruling, the manual, and the page's size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siamdoctor.gate import Ruling
    from siamdoctor.results import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The manual page of one cause; `text` is the whole page in Markdown, its first line the title."""

    code: str
    title: str
    family: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds a report when it is rendered.

    ruling: what the gate made of it; None means the default bar. pages: the manual by cause id.
    width: columns of a terminal. colour: whether it shows colours.
    """

    ruling: Ruling | None = None
    pages: Mapping[str, Page] = field(default_factory=dict)
    width: int = 80
    colour: bool = False

    def ruling_of(self, report: Report) -> Ruling:
        """The ruling that was given, or that of the default bar."""
        from siamdoctor.gate import judge  # noqa: PLC0415  (the manual has a frame, and no report to judge)

        return self.ruling if self.ruling is not None else judge(report)

    def title_of(self, cause: str) -> str:
        """The title of a cause by its manual page, or its id in words where there is no page."""
        page = self.pages.get(cause)
        return page.title if page is not None else cause.replace("-", " ").capitalize()


DEFAULT = Frame()
