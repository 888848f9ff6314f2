"""The answer of `compare` as a sheet: what changed between two reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate
from siamdoctor.render.sheet import Sheet, Table

if TYPE_CHECKING:
    from siamdoctor.changes import Changes
    from siamdoctor.gate import Ruling
    from siamdoctor.results import Accuracy, Report


def sheet(before: Report, after: Report, found: Changes, ruling: Ruling) -> Sheet:
    """Verdicts and accuracies side by side, then the causes that changed."""
    moved = "fell" if found.accuracy_fell else "rose" if found.accuracy_rose else "stayed within its interval"
    counts = {kind: sum(c.kind == kind for c in found.causes) for kind in ("new", "worse", "better", "gone")}
    causes = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "no cause changed"
    rows = tuple(
        (c.kind, c.id, c.code, c.before.value if c.before else "-", c.after.value if c.after else "-")
        for c in found.causes
    )
    table = Table(title="CAUSES", columns=("change", "cause", "code", "before", "after"), rows=rows)
    return Sheet(
        title=f"{before.subject.model}, then {after.subject.model}",
        lead=f"Accuracy {moved}; {causes}.",
        facts=(
            ("verdict", f"{before.verdict}, then {after.verdict}"),
            ("accuracy", f"{_accuracy(found.before)}, then {_accuracy(found.after)}"),
            ("exit", f"{ruling.exit_code}: {ruling.sentence}"),
        ),
        tables=(table,) if rows else (),
    )


def _accuracy(measured: Accuracy | None) -> str:
    """An accuracy, or that there is none."""
    return "not measured" if measured is None else estimate(measured)
