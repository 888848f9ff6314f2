"""What changed between two reports of the same model line: causes that came, went or grew, and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from siamdoctor.results import LEVELS, Accuracy, Cause, Level, Report

Kind = Literal["new", "worse", "same", "better", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One cause in two reports. A level is None in the report that does not name the cause."""

    id: str
    code: str
    title: str
    kind: Kind
    before: Level | None
    after: Level | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that differs between an earlier and a later report.

    accuracy_fell: the later accuracy lies below the lower end of the earlier one's 95 % interval.
        accuracy_rose: it lies above the upper end.
    """

    causes: tuple[Change, ...]
    before: Accuracy | None
    after: Accuracy | None
    accuracy_fell: bool
    accuracy_rose: bool


def compare_reports(before: Report, after: Report) -> Changes:
    """Set two reports side by side; causes in the order new, worse, same, better, gone."""
    old = {cause.id: cause for cause in before.causes}
    new = {cause.id: cause for cause in after.causes}
    changed = [_change(old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old])]
    order: tuple[Kind, ...] = ("new", "worse", "same", "better", "gone")
    known = before.accuracy is not None and after.accuracy is not None
    return Changes(
        causes=tuple(sorted(changed, key=lambda c: order.index(c.kind))),
        before=before.accuracy,
        after=after.accuracy,
        accuracy_fell=known and after.accuracy.value < before.accuracy.low,  # type: ignore[union-attr]
        accuracy_rose=known and after.accuracy.value > before.accuracy.high,  # type: ignore[union-attr]
    )


def _change(before: Cause | None, after: Cause | None) -> Change:
    """One cause's change; at least one side is given."""
    shown = after or before
    assert shown is not None
    return Change(
        id=shown.id,
        code=shown.code,
        title=shown.title,
        kind=_kind(before, after),
        before=before.level if before else None,
        after=after.level if after else None,
    )


def _kind(before: Cause | None, after: Cause | None) -> Kind:
    """Worse and better go by level first, then by what the remedy recovers, beyond both intervals."""
    if before is None:
        return "new"
    if after is None:
        return "gone"
    was, now = LEVELS.index(before.level), LEVELS.index(after.level)
    if was != now:
        return "worse" if now < was else "better"
    if before.recovers is None or after.recovers is None:
        return "same"
    if after.recovers.low > before.recovers.high:
        return "worse"
    return "better" if after.recovers.high < before.recovers.low else "same"
