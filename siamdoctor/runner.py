"""Puts each check to the case. Gaps and crashes become results, so that one check never hides the others."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Sequence

from siamdoctor.bar import OVER_BUDGET
from siamdoctor.case import Case
from siamdoctor.errors import SiamdoctorError, Unavailable
from siamdoctor.mending import found_behind
from siamdoctor.registry import Check
from siamdoctor.results import CheckResult, Evidence, Status
from siamdoctor.second_look import second_look

CONSTANT = "single-unit-softmax"
FOUND = 0.25  # certainty from which a fault counts as found rather than as a near miss


def run_checks(checks: Sequence[Check], case: Case, *, budget: float | None = None) -> tuple[CheckResult, ...]:
    """Run the checks in order and report on every one of them.

    Args:
        checks: the ones to run.
        case: what to put them to.
        budget: seconds; a check that would begin after these is skipped with that reason.
    """
    results, began = [], time.monotonic()

    def left() -> float:
        return math.inf if budget is None else budget - (time.monotonic() - began)

    for number, check in enumerate(checks):
        if left() <= 0:
            reason = f"{OVER_BUDGET} of {budget:g} s was used up"
            results.append(CheckResult(id=check.id, code=check.code, status="skipped", seconds=0.0, reason=reason))
            continue
        case.progress(f"checking: {check.id}", 0.3 + 0.65 * number / max(1, len(checks)))
        results.append(run_check(check, case))
    return second_look(
        tuple(results), checks, case, lambda check, mended: run_check(check, mended) if left() > 0 else None
    )


def run_check(check: Check, case: Case) -> CheckResult:
    """Run one check. Bad input ends the run (`SiamdoctorError`); anything else is written down."""
    began = time.perf_counter()

    def elapsed() -> float:
        return round(time.perf_counter() - began, 4)

    try:
        evidence = _evidence(check, case)
    except Unavailable as gap:
        return CheckResult(id=check.id, code=check.code, status="skipped", seconds=elapsed(), reason=gap.reason)
    except SiamdoctorError:
        raise
    except Exception as crash:  # noqa: BLE001  (a check must not take the other checks down; the crash is reported)
        place = traceback.extract_tb(crash.__traceback__)[-1]
        reason = f"{type(crash).__name__}: {crash} ({place.name}, line {place.lineno})"
        return CheckResult(id=check.id, code=check.code, status="crashed", seconds=elapsed(), reason=reason)
    broken = _broken(evidence)
    if broken is not None:
        return CheckResult(id=check.id, code=check.code, status="crashed", seconds=elapsed(), reason=broken)
    status: Status = "found" if evidence.certainty >= FOUND else "clear"
    return CheckResult(id=check.id, code=check.code, status=status, seconds=elapsed(), evidence=evidence)


def _evidence(check: Check, case: Case) -> Evidence:
    """What the check says; behind an output that is constant by construction it is asked with that mended."""
    if check.id == CONSTANT or case.mended is case:
        return check.run(case)
    evidence = check.run(case.mended)
    if evidence.certainty < FOUND:
        return evidence
    return found_behind(evidence, CONSTANT, "With a sigmoid in place of the softmax")


def _broken(evidence: Evidence) -> str | None:
    """Why evidence supports no judgement: NaN is below every bound, so it would pass for a clear check."""
    if not 0 <= evidence.certainty <= 1:
        return f"the certainty is {evidence.certainty}, which is no number from 0 to 1"
    gain = evidence.recovers
    if gain is not None and not all(map(math.isfinite, (gain.points, gain.low, gain.high))):
        return f"what the remedy recovers is {gain.points} [{gain.low}, {gain.high}], which are no finite numbers"
    return None
