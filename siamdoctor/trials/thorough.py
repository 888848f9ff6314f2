"""Trials for `diagnose --thorough`: those that would change the ranking most, within the budget, first.

A handful of pairs takes seconds and clears or convicts the architecture. A differential replays the faults of
training that end alike. Retraining measures what remedies recover that nothing cheaper could measure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable
from siamdoctor.results import CheckResult, Trial
from siamdoctor.ties import REPLAYED, deciding_fact
from siamdoctor.trials import weighing
from siamdoctor.trials.cut_short import CutShort
from siamdoctor.trials.differential import differential
from siamdoctor.trials.handful import overfit_handful
from siamdoctor.trials.retraining import REMEDIES, retrain
from siamdoctor.trials.retraining_room import STEPS, Room
from siamdoctor.trials.training import OutOfTime
from siamdoctor.trials.training_clock import Clock
from siamdoctor.trials.treatments import Comparison

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.registry import Check

BUDGET = 300.0  # seconds where none was given
UNTRAINED = "untrained-encoder"
GOOD = 0.9  # accuracy with a tuned threshold from which no training fault is looked for unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class Thorough:
    """The results as the trials leave them, and what the trials say. interrupted: by Ctrl-C."""

    results: tuple[CheckResult, ...]
    trials: tuple[Trial, ...] = ()
    partial: bool = False
    interrupted: bool = False


def thorough(
    case: Case,
    results: Sequence[CheckResult],
    checks: Sequence[Check],
    *,
    budget: float | None = None,
    resume: Path | None = None,
) -> Thorough:
    """Run the trials that settle something; Ctrl-C and the budget leave what was finished.

    Args:
        case: model and data.
        results: of all checks.
        checks: their definitions.
        budget: seconds; what does not fit is left unmeasured.
        resume: journal of finished trainings, read if it exists and added to.
    """
    deadline = time.monotonic() + (BUDGET if budget is None else budget)
    work = _Work(case=case, checks={c.id: c for c in checks}, results=list(results), deadline=deadline, journal=resume)
    with work.cut.noted():
        with suppress(Unavailable):
            work.handful()
        try:
            work.differential()
        except Unavailable as gap:
            work.trials.append(weighing.of_no_replay(gap.reason))
        work.retraining()
    return Thorough(
        results=tuple(work.results),
        trials=tuple(work.trials),
        partial=work.cut.partial,
        interrupted=work.cut.interrupted,
    )


@dataclass(kw_only=True)
class _Work:
    """What the trials have found so far."""

    case: Case
    checks: dict[str, Check]
    results: list[CheckResult]
    deadline: float
    journal: Path | None = None
    trials: list[Trial] = field(default_factory=list)
    cut: CutShort = field(default_factory=CutShort)
    settled: str | None = None

    @cached_property
    def room(self) -> Room:
        """Where encoders are trained anew."""
        return Room(self.case, steps=STEPS, deadline=self.deadline, progress=self._tell, journal=self.journal)

    def _tell(self, what: str) -> None:
        left = max(0.0, self.deadline - time.monotonic())
        self.case.progress(f"{what} (at most {left:.0f} s left)", 0.95)

    def handful(self) -> None:
        """Eight pairs."""
        if time.monotonic() > self.deadline:
            raise OutOfTime
        self._tell("overfitting eight pairs")
        found = overfit_handful(self.case)
        self.trials.append(weighing.of_handful(found))
        if found.fails:
            self._change(lambda result: weighing.after_failed_handful(result, found, self.checks))

    def differential(self) -> None:
        """Replays, where the model is ill and a training fault may be why."""
        suspects = [r.id for r in self.results if r.status == "found" and r.id in REPLAYED]
        explained = any(_settled(r) for r in self.results)
        if not suspects and (explained or self.case.tuned_accuracy.value > GOOD):
            return
        # Weights tell that they were trained; no replay needs to.
        trained = any(r.id == UNTRAINED and r.status == "clear" for r in self.results)
        found = differential(self.case, self.room, suspects, ruled_out={UNTRAINED} if trained else set())
        self.cut.partial |= found.partial
        self.settled = found.settled if weighing.matters(found) else None
        fact = "" if found.settled else deciding_fact(found.rivals, self.case.settings.training)
        self.trials.append(weighing.of_differential(found, fact))
        self._change(lambda result: weighing.after_differential(result, found))
        if found.interrupted:
            raise KeyboardInterrupt

    def retraining(self) -> None:
        """What remedies recover, the largest claim first."""
        open_ones = sorted((r for r in self.results if _open(r)), key=self._claim)
        clock = Clock(total=max(1, len(open_ones)), tell=self.case.progress, start_share=0.9)
        for result in open_ones:
            try:
                compared = retrain(self.case, result.id, self.room)
            except Unavailable as gap:
                self._change(lambda r, g=gap, name=result.id: weighing.unmeasured(r, g.reason) if r.id == name else r)  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
                continue
            finally:
                clock.advance(1, f"retraining: {result.id}")
            self.trials.append(weighing.of_retraining(result.id, compared))
            self._change(lambda r, c=compared, name=result.id: self._measured(r, c) if r.id == name else r)  # type: ignore[misc]  # mypy cannot infer a lambda with defaults

    def _measured(self, result: CheckResult, compared: Comparison) -> CheckResult:
        return weighing.after_retraining(result, compared, settled=self.settled)

    def _claim(self, result: CheckResult) -> float:
        impact = int(self.checks[result.id].impact) if result.id in self.checks else 1
        return -(result.evidence.certainty * impact) if result.evidence is not None else 0.0

    def _change(self, change: Callable[[CheckResult], CheckResult]) -> None:
        self.results = [change(result) for result in self.results]


def _settled(result: CheckResult) -> bool:
    """Whether a proof or a measured remedy already says what is wrong."""
    evidence = result.evidence
    if result.status != "found" or evidence is None:
        return False
    return evidence.proof or (evidence.recovers is not None and evidence.recovers.low > weighing.WORTHWHILE)


def _open(result: CheckResult) -> bool:
    """Whether retraining could tell what this cause costs."""
    evidence = result.evidence
    return result.status == "found" and evidence is not None and evidence.recovers is None and result.id in REMEDIES
