"""Full depth by successive halving against training every margin in full.

    python benchmarks/sweep_full.py --datasets digits,tabular,series,mnist

The grid trains every margin once for every fold, as long as halving trains its finalists. Reported are how
much less halving trains, and by how many points the margin it recommends is worse than the grid's best one,
both as the grid judged them. The grid's best is chosen with hindsight, so it flatters itself a little.
"""

from __future__ import annotations

import argparse

from siamdoctor.case import Case
from siamdoctor.trials.journal import Journal
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_choice import balanced
from siamdoctor.trials.sweep_full import FOLDS, STEPS, declared_rate, full_sweep
from siamdoctor.trials.sweep_grid import FULL_MARGINS, training_grid
from siamdoctor.trials.sweep_judging import combined
from siamdoctor.trials.sweep_losses import loss_kind
from siamdoctor.trials.sweep_plan import SweepPlan
from siamdoctor.trials.sweep_rungs import rungs, total_steps
from siamdoctor.trials.sweep_trials import Bench, Task, open_workshop, run_tasks
from siamdoctor.trials.sweep_verdicts import Verdicts
from sweep_patients import CACHE, admitted, case_in, show


def main() -> None:
    """Compare on each data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", default="digits,tabular,series")
    parser.add_argument("--cause", default="margin-too-small")
    parser.add_argument("--style", default="euclidean")
    parser.add_argument("--omniglot", default=None)
    options = parser.parse_args()
    rows = []
    for dataset in options.datasets.split(","):
        case = case_in(admitted(options.cause, dataset, options.style, 0, options.omniglot))
        rows.append({"data": dataset, "start": options.cause, **_compared(case)})
        show(rows, CACHE / "full.jsonl")


def _compared(case: Case) -> dict[str, object]:
    plan = SweepPlan(margins=training_grid(case, FULL_MARGINS), kind=loss_kind("contrastive"), seed=case.settings.seed)
    found = full_sweep(case, plan)
    grid = _grid(case, plan)
    assert plan.margins is not None
    assert found.recommended is not None
    best = max(grid, key=lambda m: grid[m])
    kept = case.settings.training.margin in plan.margins
    halved = total_steps(rungs(len(plan.margins), STEPS, FOLDS, kept=kept))
    return {
        "margins": len(plan.margins),
        "less_training": len(plan.margins) * FOLDS * STEPS / halved,
        "recommended": found.recommended,
        "its_accuracy": grid[found.recommended],
        "grid_best": best,
        "best_accuracy": grid[best],
        "points_behind": 100 * (grid[best] - grid[found.recommended]),
    }


def _grid(case: Case, plan: SweepPlan) -> dict[float, float]:
    """Accuracy of every margin, trained in full in every fold."""
    arena = build_arena(case, folds=FOLDS)
    seeds = tuple(plan.seed + fold for fold in range(arena.folds))
    workshop = open_workshop(case.twin, arena, plan.kind, seeds)
    bench = Bench(workshop)
    verdicts: dict[float, dict[tuple[int, int], Verdicts]] = {}
    tasks = [
        Task(margin=m, fold=fold, seed=seed, steps=STEPS, rate=declared_rate(case))
        for m in plan.margins or ()
        for fold, seed in enumerate(seeds)
    ]
    finished = run_tasks(
        workshop,
        lambda: bench,
        tasks,
        Journal(None, ""),
        jobs=1,
        deadline=float("inf"),
        progress=lambda _task, _steps: None,
    )
    for task, verdict in finished:
        verdicts.setdefault(task.margin, {})[task.fold, task.seed] = verdict
    return {m: balanced(combined(m, v, arena).correct, arena.same) for m, v in verdicts.items()}


if __name__ == "__main__":
    main()
