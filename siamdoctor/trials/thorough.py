"""Retraining for `diagnose --thorough`: the trials that would change the ranking most, within the budget."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable
from siamdoctor.results import CheckResult, Measurement
from siamdoctor.trials.retraining import REMEDIES, retrain
from siamdoctor.trials.retraining_room import STEPS, Comparison, Room
from siamdoctor.trials.training import OutOfTime

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.registry import Check

WORTHWHILE = 5.0  # points
BUDGET = 300.0  # seconds where none was given


def thorough(
    case: Case, results: Sequence[CheckResult], checks: Sequence[Check], *, budget: float | None = None
) -> tuple[CheckResult, ...]:
    """The results, with what retraining recovers where that was measured and settles something.

    Tried are found causes whose recovery no cheaper trial has measured, the one with the largest claim first.
    A measurement that is neither certainly above zero nor certainly below five points is shown among the
    evidence and changes no rank: a short training on few identities must not acquit a cause.

    Args:
        case: model and data.
        results: of all checks.
        checks: their definitions.
        budget: seconds; what does not fit is left unmeasured.
    """
    deadline = time.monotonic() + (BUDGET if budget is None else budget)
    impact = {c.id: int(c.impact) for c in checks}
    order = sorted(
        (r for r in results if _open(r)),
        key=lambda r: -(r.evidence.certainty * impact.get(r.id, 1) if r.evidence is not None else 0),
    )
    measured: dict[str, Comparison] = {}
    try:
        room = Room(
            case, steps=STEPS, deadline=deadline, progress=lambda what: case.progress(f"retraining: {what}", 0.9)
        )
        for result in order:
            try:
                measured[result.id] = retrain(case, result.id, room)
            except Unavailable:
                continue
    except (Unavailable, OutOfTime, KeyboardInterrupt):
        pass
    return tuple(_with_measured(r, measured.get(r.id)) for r in results)


def _open(result: CheckResult) -> bool:
    """Whether retraining could tell what this cause costs."""
    evidence = result.evidence
    return result.status == "found" and evidence is not None and evidence.recovers is None and result.id in REMEDIES


def _with_measured(result: CheckResult, comparison: Comparison | None) -> CheckResult:
    """The result with a line of evidence more, and the recovery where it settles something."""
    if comparison is None or result.evidence is None:
        return result
    gained = comparison.recovers
    settles = gained.low > 0 or gained.high < WORTHWHILE
    line = Measurement(
        name=f"points gained on {comparison.held_out} by retraining with: {comparison.remedy}",
        value=gained.points,
        low=gained.low,
        high=gained.high,
        expected=f"below {WORTHWHILE:g}",
    )
    evidence = dataclasses.replace(
        result.evidence,
        measurements=(*result.evidence.measurements, line),
        recovers=gained if settles else None,
    )
    return dataclasses.replace(result, evidence=evidence)
