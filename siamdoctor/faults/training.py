"""The one training loop: pairs for twins, identities for batch-mined triplets."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np
from numpy.typing import NDArray

from siamdoctor.faults.losses import loss_of
from siamdoctor.faults.pairing import draw_training_pairs
from siamdoctor.faults.recipe import PairPlan, Recipe
from siamdoctor.faults.variation import vary
from siamdoctor.models.runtime import silenced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from siamdoctor.faults.datasets import Array, Split, Splits
    from siamdoctor.faults.networks import Network

    Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """What `fit` is given: inputs (one array, or left and right) and targets."""

    x: list[NDArray[np.float32]]
    y: NDArray[np.float32]


def train(network: Network, splits: Splits, recipe: Recipe, history: Path, progress: Progress) -> None:
    """Compile and fit the network; its history is written as CSV."""
    plan = recipe.training
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[plan.optimizer]
    rng = np.random.default_rng([recipe.seed, 2])
    material = _material(splits.train, recipe, recipe.pairs, rng)
    check = _material(splits.validation, recipe, PairPlan(count=400, same_label=recipe.pairs.same_label), rng)
    report = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: progress("training", (epoch + 1) / plan.epochs)  # noqa: ARG005  (Keras names it)
    )
    with silenced():
        network.model.compile(optimizer=optimizer(plan.learning_rate), loss=loss_of(plan), metrics=list(plan.metrics))
        fitted = network.model.fit(
            _as_input(material.x),
            material.y,
            validation_data=(_as_input(check.x), check.y),
            batch_size=plan.batch,
            epochs=plan.epochs,
            shuffle=plan.loss != "triplet",
            verbose=0,
            callbacks=[report],
        )
    _write_history(fitted.history, history)


def _write_history(columns: Mapping[str, Sequence[float]], path: Path) -> None:
    """The file that Keras' CSVLogger writes; that callback leaves its file to the garbage collector."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *columns])
        writer.writerows((epoch, *row) for epoch, row in enumerate(zip(*columns.values(), strict=True)))


def scaled(x: Array, scale: float, offset: float) -> NDArray[np.float32]:
    """Samples as the network meets them."""
    return (x.astype(np.float32) * np.float32(scale) + np.float32(offset)).astype(np.float32)


def _as_input(x: list[NDArray[np.float32]]) -> list[NDArray[np.float32]] | NDArray[np.float32]:
    return x if len(x) > 1 else x[0]


def _material(split: Split, recipe: Recipe, plan: PairPlan, rng: np.random.Generator) -> _Material:
    """Pairs with labels, or batches of several samples per identity for triplets."""
    if recipe.training.loss == "triplet":
        chosen = _mined_batches(split.identity, plan.count, recipe.training.batch, rng)
        return _Material(x=[_ready(split.x[chosen], recipe, rng)], y=split.identity[chosen].astype(np.float32))
    pairs = draw_training_pairs(split.identity, plan, rng)
    sides = [_ready(split.x[side], recipe, rng) for side in (pairs.left, pairs.right)]
    return _Material(x=sides, y=pairs.label)


def _ready(x: Array, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.float32]:
    """Augmented and scaled as in training."""
    if recipe.data.augmentation and x.dtype == np.uint8:
        x = vary(x.astype(np.uint8), recipe.data.augmentation, rng)
    scaling = recipe.deployment.trained_on
    return scaled(x, scaling.scale, scaling.offset)


def _mined_batches(identity: NDArray[np.int64], count: int, batch: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(count,) sample indices in an order in which each batch holds four or more samples per identity."""
    owners = max(2, min(batch // 4, int(identity.max()) + 1))
    members = [np.flatnonzero(identity == i) for i in range(int(identity.max()) + 1)]
    each = batch // owners
    chosen = [
        rng.choice(members[owner], size=each, replace=len(members[owner]) < each)
        for _ in range(max(1, count // (owners * each)))
        for owner in rng.permutation(len(members))[:owners]
    ]
    return np.concatenate(chosen).astype(np.int64)
