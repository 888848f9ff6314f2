"""What a wrong scaling would explain, looked for again with the scaling mended: what is still there is no symptom."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from siamdoctor.mending import rescaled
from siamdoctor.ranking import SLACK
from siamdoctor.scaling_choice import best_scaling

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.data.scaling import Scaling
    from siamdoctor.registry import Check
    from siamdoctor.results import CheckResult, Recovery

SCALING = "preprocessing-mismatch"
SURE = 0.5


def second_look(
    results: tuple[CheckResult, ...],
    checks: Sequence[Check],
    case: Case,
    run: Callable[[Check, Case], CheckResult],
) -> tuple[CheckResult, ...]:
    """The results, with those replaced that are found under the scaling that was measured to be better, too.

    One that was measured to recover clearly more than the scaling does is no symptom of it anyway, and stays as it is.

    Args:
        results: of all checks on the case as it is deployed.
        checks: their definitions.
        case: what they were put to.
        run: puts one check to a case.
    """
    gain = _gain(next((r for r in results if r.id == SCALING), None))
    scaling = best_scaling(case.mended) if gain is not None and gain.low > 0 else None
    if gain is None or scaling is None:
        return results
    mended = rescaled(case.mended, scaling)
    by_id = {c.id: c for c in checks}
    looked = []
    for result in results:
        alone = _gain(result)
        symptom = result.id in by_id[SCALING].explains and (alone is None or alone.points <= gain.points + SLACK)
        again = run(by_id[result.id], mended) if symptom else result
        looked.append(_after(again, scaling) if symptom and again.status == "found" else result)
    return tuple(looked)


def _gain(result: CheckResult | None) -> Recovery | None:
    """What the remedy of a fault that is probably there was measured to recover."""
    if result is None or result.evidence is None or result.evidence.certainty < SURE:
        return None
    return result.evidence.recovers


def _after(result: CheckResult, scaling: Scaling) -> CheckResult:
    """The result with the words that it was found under another scaling."""
    if result.evidence is None:
        return result
    summary = result.evidence.summary
    told = f"With pixels {scaling.name}: {summary[0].lower()}{summary[1:]}"
    return dataclasses.replace(result, evidence=dataclasses.replace(result.evidence, summary=told, behind=SCALING))
