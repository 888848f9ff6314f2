"""Full depth: the encoder trained anew for every margin, by successive halving.

All margins train briefly; the better third trains three times as long, and so on (Jamieson and Talwalkar
2016, AISTATS, with a factor of three). In the last round the survivors and the declared margin train in full
once for every fold, each time from other weights, so that every judging pair is judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import Unavailable
from siamdoctor.results import Interval
from siamdoctor.trials.journal import Journal
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_choice import Judgement, balanced, choose, difference, honest_gain
from siamdoctor.trials.sweep_grid import FULL_MARGINS, training_grid
from siamdoctor.trials.sweep_judging import combined
from siamdoctor.trials.sweep_plan import Findings, SweepPlan
from siamdoctor.trials.sweep_points import points
from siamdoctor.trials.sweep_rungs import Rung, rungs, total_steps
from siamdoctor.trials.sweep_trials import Bench, Task, open_workshop, run_tasks
from siamdoctor.trials.sweep_verdicts import Verdicts
from siamdoctor.trials.training import LEARNING_RATE, OutOfTime
from siamdoctor.trials.training_clock import Clock

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.trials.sweep_arena import Arena
    from siamdoctor.trials.sweep_trials import Workshop

FOLDS = 3  # as many as seeds in the last round
STEPS, FEWEST_STEPS = 900, 150
REACH_OF_BUDGET = 0.85  # the rest is for judging
SLOWEST_RATE, FASTEST_RATE = 1e-4, 3e-3


def full_sweep(case: Case, plan: SweepPlan) -> Findings:
    """Sweep by training; ends early with the results so far at Ctrl-C or the deadline.

    Raises:
        Unavailable: nothing can be trained on some identities and judged on others, or no training was
            finished before the deadline.
    """
    arena = build_arena(case, folds=FOLDS)
    margins = plan.margins or training_grid(case, FULL_MARGINS)
    seeds = tuple(plan.seed + fold for fold in range(arena.folds))
    workshop = open_workshop(case.twin, arena, plan.kind, seeds)
    contest = _Contest(
        workshop=workshop,
        plan=plan,
        margins=margins,
        declared=case.settings.training.margin,
        rate=declared_rate(case),
        tell=case.progress,
    )
    partial = contest.hold()
    return contest.findings(partial=partial)


def declared_rate(case: Case) -> float:
    """The learning rate in the file, within what a short training gets somewhere with."""
    rate = case.blueprint.learning_rate or LEARNING_RATE
    return float(np.clip(rate, SLOWEST_RATE, FASTEST_RATE))


@dataclass(slots=True, kw_only=True)
class _Round:
    """What a round has found so far: verdicts by margin, then by (fold, seed)."""

    rung: Rung
    verdicts: dict[float, dict[tuple[int, int], Verdicts]] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Contest:
    """The rounds as they go on."""

    workshop: Workshop
    plan: SweepPlan
    margins: tuple[float, ...]
    declared: float | None
    rate: float
    tell: Callable[[str, float], None]
    rounds: list[_Round] = field(default_factory=list)
    steps_done: int = 0
    steps: int = STEPS
    interrupted: bool = False

    @property
    def arena(self) -> Arena:
        """Who trains and who judges."""
        return self.workshop.arena

    @cached_property
    def bench(self) -> Bench:
        """This process's trainer."""
        self.tell("building the encoder anew", 0.3)
        return Bench(self.workshop)

    def hold(self) -> bool:
        """Hold all rounds; returns whether they were ended early."""
        kept = self.declared in self.margins
        self.steps = self._affordable(kept=kept)
        ladder = rungs(len(self.margins), self.steps, self.arena.folds, kept=kept)
        clock = Clock(total=total_steps(ladder), tell=self.tell)
        journal = Journal(self.plan.journal, self.workshop.key)
        standing = tuple(m for m in self.margins if m != self.declared)
        try:
            for number, rung in enumerate(ladder):
                last = number == len(ladder) - 1
                if number:
                    standing = self._survivors(standing, rung.margins - (kept and last))
                own = (self.declared,) if last and self.declared is not None and kept else ()
                entrants = (*standing, *own)
                self._hold_round(rung, sorted(entrants), journal, clock)
        except OutOfTime:
            return True
        except KeyboardInterrupt:
            if not any(number.verdicts for number in self.rounds):
                raise
            self.interrupted = True
        return self.interrupted

    def _hold_round(self, rung: Rung, standing: Sequence[float], journal: Journal, clock: Clock) -> None:
        """Train the margins that still stand."""
        current = _Round(rung=rung)
        self.rounds.append(current)
        tasks = [
            Task(margin=m, fold=fold, seed=self.plan.seed + fold, steps=rung.steps, rate=self.rate)
            for fold in rung.folds
            for m in standing
        ]

        def progress(task: Task, steps: int) -> None:
            self.steps_done += steps
            clock.advance(steps, f"training with margin {task.margin:g}, round {len(self.rounds)}")

        finished = run_tasks(
            self.workshop,
            lambda: self.bench,
            tasks,
            journal,
            jobs=self.plan.jobs,
            deadline=self.plan.deadline,
            progress=progress,
        )
        for task, verdict in finished:
            current.verdicts.setdefault(task.margin, {})[task.fold, task.seed] = verdict

    def _survivors(self, standing: Sequence[float], count: int) -> tuple[float, ...]:
        """The best of the last round."""
        return tuple(sorted(standing, key=self._score, reverse=True)[:count])

    def _score(self, margin: float) -> float:
        """Accuracy and AUC in the last round; the AUC does not hang on one threshold."""
        judged = combined(margin, self.rounds[-1].verdicts[margin], self.arena)
        return (balanced(judged.correct, self.arena.same) + judged.auc) / 2

    def _affordable(self, *, kept: bool) -> int:
        """Steps of a full training: the usual number, or what the budget pays for at the measured speed."""
        if self.plan.budget is None:
            return STEPS
        per_step = self._seconds_per_step()
        left = REACH_OF_BUDGET * (self.plan.deadline - time.monotonic()) * self.plan.jobs
        whole = total_steps(rungs(len(self.margins), STEPS, self.arena.folds, kept=kept))
        return int(np.clip(STEPS * left / max(per_step * whole, 1e-9), FEWEST_STEPS, STEPS))

    def _seconds_per_step(self) -> float:
        """Measured on a training of two chunks, of which the first is traced and not counted."""
        marks = [time.monotonic()]
        probe = Task(margin=self.margins[0], fold=0, seed=self.plan.seed, steps=40, rate=self.rate)
        try:
            self.bench.run(probe, deadline=self.plan.deadline, progress=lambda _: marks.append(time.monotonic()))
        except OutOfTime:
            return float("inf")
        return (marks[-1] - marks[-2]) / 20

    def findings(self, *, partial: bool) -> Findings:
        """What the rounds say; the last round that judged a margin speaks for it.

        Raises:
            Unavailable: nothing was trained to the end.
        """
        last: dict[float, Judgement] = {}
        for number in self.rounds:
            last |= {m: combined(m, v, self.arena) for m, v in number.verdicts.items()}
        if not last:
            raise Unavailable("no training was finished in the time given")
        final = self._finalists(last)
        choice = choose(final, self.arena.dyads, vouching=False)
        return Findings(
            depth="full",
            margins=points([last[m] for m in sorted(last)], self.arena, self.plan.kind),
            recommended=choice.recommended,
            plateau=self._plateau(choice.recommended, sorted(last)),
            gain=honest_gain(final, self.arena.pair_fold, self.arena.dyads, self.declared, vouching=False),
            partial=partial,
            unseen=self.arena.unseen,
            trainings=self.steps_done / self.steps,
            interrupted=self.interrupted,
        )

    def _plateau(self, recommended: float, tried: Sequence[float]) -> Interval:
        """The run of margins around the recommended one that no round could tell from it."""
        low = high = tried.index(recommended)
        while low > 0 and self._as_good(tried[low - 1], recommended):
            low -= 1
        while high < len(tried) - 1 and self._as_good(tried[high + 1], recommended):
            high += 1
        return Interval(value=recommended, low=tried[low], high=tried[high])

    def _as_good(self, margin: float, recommended: float) -> bool:
        """Whether the recommended margin's lead may be chance, in the last round that trained both alike."""
        for number in reversed(self.rounds):
            if margin in number.verdicts and recommended in number.verdicts:
                both = [combined(m, number.verdicts[m], self.arena).correct for m in (margin, recommended)]
                return difference(both[0], both[1], self.arena.dyads).low <= 0
        return False

    def _finalists(self, last: dict[float, Judgement]) -> list[Judgement]:
        """Margins of the last round in which all that stood were judged in one fold at least."""
        for number in reversed(self.rounds):
            if len(number.verdicts) == number.rung.margins:
                return [combined(m, v, self.arena) for m, v in sorted(number.verdicts.items())]
        return list(last.values())
