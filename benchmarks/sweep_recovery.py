"""Does the recommended margin, retrained as its user trains, recover what the best margin of a grid does?

    python benchmarks/sweep_recovery.py --datasets digits,tabular,series

A network with a far too large or far too small margin is swept (at the depth that the command chooses by
itself), then its user's own recipe (encoder, epochs, pairs, threshold) is trained again with the recommended
margin and with every margin of a brute-force grid. Reported is the share of the best margin's gain that the
recommended one reaches. The grid's best is chosen with hindsight on the same validation pairs.
"""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np
from siamdoctor.faults.patients import accuracy_of
from siamdoctor.sweeping import sweep_margin
from siamdoctor.trials.sweep_grid import training_grid
from sweep_patients import CACHE, admitted, case_in, recipe_for, show

STARTS = ("margin-too-large", "margin-too-small")


def main() -> None:
    """Sweep and retrain every start on every data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", default="digits,tabular,series")
    parser.add_argument("--grid", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--style", default="euclidean")
    parser.add_argument("--omniglot", default=None)
    options = parser.parse_args()
    rows = []
    for dataset in options.datasets.split(","):
        for cause in STARTS:
            rows.append(_recovered(cause, dataset, options))
            show(rows, CACHE / "recovery.jsonl")


def _recovered(cause: str, dataset: str, options: argparse.Namespace) -> dict[str, object]:
    origin = (cause, dataset, options.style, options.seed, options.omniglot)
    case, recipe = case_in(admitted(*origin)), recipe_for(*origin)
    sweep = sweep_margin(case)

    def retrained(margin: float) -> float:
        return accuracy_of(dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, margin=margin)))

    declared = recipe.training.margin
    grid = [m for m in training_grid(case, options.grid) if m != declared]
    accuracy = {m: retrained(m) for m in (*grid, declared)}
    assert sweep.recommended is not None
    reached = retrained(sweep.recommended)
    best = max(accuracy, key=lambda m: accuracy[m])
    possible = accuracy[best] - accuracy[declared]
    return {
        "data": dataset,
        "start": cause,
        "depth": sweep.depth,
        "before": accuracy[declared],
        "recommended": sweep.recommended,
        "retrained": reached,
        "grid_best": best,
        "best": accuracy[best],
        "share": (reached - accuracy[declared]) / possible if possible > 0 else float(np.nan),
    }


if __name__ == "__main__":
    main()
