"""Head depth against the plain loop that calls `model.fit` for every margin and fold.

    python benchmarks/sweep_head.py --datasets digits,tabular

Both train the same projection from the same weights on the same batches of the same frozen features, with the
same optimiser and number of steps, and are judged by the same pairs. What is reported is the ratio of the two
times and whether the two recommend the same plateau.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from siamdoctor.case import Case
from siamdoctor.models.runtime import import_keras
from siamdoctor.trials.sweep_arena import Arena, build_arena
from siamdoctor.trials.sweep_batches import PAIRS, fold_batches
from siamdoctor.trials.sweep_choice import Choice, choose
from siamdoctor.trials.sweep_features import Projection, projection
from siamdoctor.trials.sweep_grid import training_grid
from siamdoctor.trials.sweep_head import LEARNING_RATE, STEPS, train_projections
from siamdoctor.trials.sweep_judging import judge_folds
from siamdoctor.trials.sweep_shallow import starting_scale
from siamdoctor.trials.training_backend import FINAL_SHARE
from sweep_patients import CACHE, admitted, case_in, show

import_keras()
import keras  # noqa: E402  (silently, and with the user's keras.json out of the way)

Floats = NDArray[np.float32]
SEED = 0


def main() -> None:
    """Time both on each data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", default="digits,tabular,series")
    parser.add_argument("--margins", type=int, default=20)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--omniglot", default=None)
    options = parser.parse_args()
    rows = []
    for dataset in options.datasets.split(","):
        case = case_in(admitted(None, dataset, "euclidean", 0, options.omniglot))
        rows.append({"data": dataset, **_race(case, options.margins, options.folds)})
        show(rows, CACHE / "head.jsonl")


def _race(case: Case, count: int, folds: int) -> dict[str, object]:
    arena = build_arena(case, folds=folds)
    frozen = projection(case.twin, case.encoder, arena.inputs)
    scale = starting_scale(case, frozen, arena)
    ends = training_grid(case, 2)
    margins = tuple(float(m) for m in np.geomspace(ends[0], ends[-1], count))
    ours, fast = _timed(lambda: _side_by_side(frozen, arena, margins, scale))
    plain, slow = _timed(lambda: _one_by_one(frozen, arena, margins, scale))
    same = ours.plateau.low <= plain.recommended <= ours.plateau.high
    return {
        "fits": count * arena.folds,
        "side_by_side_s": fast,
        "model_fit_s": slow,
        "ratio": slow / fast,
        "recommended": ours.recommended,
        "plateau": f"{ours.plateau.low:.3g}..{ours.plateau.high:.3g}",
        "model_fit_recommended": plain.recommended,
        "model_fit_plateau": f"{plain.plateau.low:.3g}..{plain.plateau.high:.3g}",
        "same_plateau": same and plain.plateau.low <= ours.recommended <= plain.plateau.high,
    }


def _timed(work: Callable[[], Choice]) -> tuple[Choice, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def _side_by_side(frozen: Projection, arena: Arena, margins: tuple[float, ...], scale: float) -> Choice:
    trained = train_projections(frozen, arena, margins, "contrastive", seed=SEED, scale=scale)
    return choose(judge_folds(trained.embeddings, arena, margins, "contrastive", SEED), arena.dyads)


def _one_by_one(frozen: Projection, arena: Arena, margins: tuple[float, ...], scale: float) -> Choice:
    """The loop that a person would write."""
    features = frozen.features * np.float32(scale)
    limit = np.sqrt(6 / (features.shape[1] + frozen.width))
    drawn = np.random.default_rng([SEED, 17]).uniform(
        -limit, limit, size=(arena.folds, features.shape[1], 1, frozen.width)
    )
    layers: dict[tuple[int, int], Callable[[Floats], Floats]] = {}
    for fold in range(arena.folds):
        batches = fold_batches(arena, fold, "contrastive", STEPS, SEED)
        left, right = batches[:, :PAIRS].ravel(), batches[:, PAIRS:].ravel()
        same = (arena.identity[left] == arena.identity[right]).astype(np.float32)
        for number, margin in enumerate(margins):
            layers[fold, number] = _fitted(frozen, drawn[fold, :, 0], margin, (features[left], features[right], same))

    def embeddings(fold: int, rows: NDArray[np.int64]) -> Floats:
        return np.stack([layers[fold, number](features[rows]) for number in range(len(margins))])

    return choose(judge_folds(embeddings, arena, margins, "contrastive", SEED), arena.dyads)


def _fitted(
    frozen: Projection, kernel: NDArray[np.float64], margin: float, pairs: tuple[Floats, Floats, Floats]
) -> Callable[[Floats], Floats]:
    """One model, compiled and fitted by Keras."""
    x, y, same = pairs
    inputs = keras.Input((x.shape[1],))
    dense = keras.layers.Dense(frozen.width)
    encoder = keras.Model(inputs, keras.layers.Lambda(frozen.finish)(dense(inputs)))
    dense.set_weights([kernel.astype(np.float32), np.zeros(frozen.width, np.float32)])
    left, right = keras.Input((x.shape[1],)), keras.Input((x.shape[1],))
    total = keras.ops.sum(keras.ops.square(encoder(left) - encoder(right)), axis=1, keepdims=True)
    twin = keras.Model([left, right], keras.ops.sqrt(keras.ops.maximum(total, 1e-7)))

    def contrastive(label: keras.KerasTensor, distance: keras.KerasTensor) -> keras.KerasTensor:
        missing = keras.ops.maximum(margin - distance, 0.0)
        return keras.ops.mean(label * keras.ops.square(distance) + (1 - label) * keras.ops.square(missing))

    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS, alpha=FINAL_SHARE)
    twin.compile(optimizer=keras.optimizers.Adam(rate), loss=contrastive)
    twin.fit([x, y], same, batch_size=PAIRS, epochs=1, shuffle=False, verbose=0)
    return lambda features: np.asarray(encoder(features), np.float32)


if __name__ == "__main__":
    main()
