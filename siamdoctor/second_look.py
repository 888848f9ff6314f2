"""What a wrong scaling would explain, looked for again with the scaling mended: what is still there is no symptom."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from siamdoctor.mending import found_behind, rescaled
from siamdoctor.ranking import SLACK
from siamdoctor.scaling_choice import best_scaling

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.registry import Check
    from siamdoctor.results import CheckResult, Recovery

SCALING = "preprocessing-mismatch"
SURE = 0.5


def second_look(
    results: tuple[CheckResult, ...],
    checks: Sequence[Check],
    case: Case,
    run: Callable[[Check, Case], CheckResult | None],
) -> tuple[CheckResult, ...]:
    """The results, with those replaced that are found under the scaling that was measured to be better, too.

    One that was measured to recover clearly more than the scaling does is no symptom of it anyway, and stays as it is.

    Args:
        results: of all checks on the case as it is deployed.
        checks: their definitions.
        case: what they were put to.
        run: puts one check to a case; None where there is no time left for it.
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
        again = run(by_id[result.id], mended) if symptom else None
        if again is None or again.evidence is None or again.status != "found":
            looked.append(result)
            continue
        evidence = found_behind(again.evidence, SCALING, f"With pixels {scaling.name}")
        looked.append(dataclasses.replace(again, evidence=evidence))
    return tuple(looked)


def _gain(result: CheckResult | None) -> Recovery | None:
    """What the remedy of a fault that is probably there was measured to recover."""
    if result is None or result.evidence is None or result.evidence.certainty < SURE:
        return None
    return result.evidence.recovers
