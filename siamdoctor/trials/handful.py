"""Can this network learn eight pairs at all? If it cannot overfit a handful, no data set will help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.pairs import draw_pairs
from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import pair_distance
from siamdoctor.stats.roc import balanced_accuracy, best_threshold
from siamdoctor.trials.retraining import usual
from siamdoctor.trials.sweep_grid import usual_margin
from siamdoctor.trials.training import Regimen, Trainer, fresh_weights, towers

if TYPE_CHECKING:
    from siamdoctor.case import Case

PAIRS = 8
STEPS = 300
SEPARATED = 0.5  # the farthest same-class pair must be nearer than this share of the nearest other one


@dataclass(frozen=True, slots=True, kw_only=True)
class Handful:
    """What became of the pairs that trained.

    same_distance: of the farthest same-class pair; different_distance: of the nearest different-class one.
    learned: the first is less than half of the second.
    """

    pairs: int
    accuracy: float
    same_distance: float
    different_distance: float
    learned: bool


def overfit_handful(case: Case) -> Handful:
    """Train the encoder anew on four same-class and four different-class pairs, and look at these pairs only.

    The margin is one that the embedding can reach, so that a failure speaks of the network.

    Raises:
        Unavailable: there are no eight pairs.
    """
    rng = case.rng("handful")
    drawn = draw_pairs(case.identity, PAIRS, rng)
    if drawn.same.size < PAIRS:
        raise Unavailable(f"there are no {PAIRS} pairs to learn")
    rows = np.concatenate([drawn.left, drawn.right])
    encoder = towers(case.twin.reinitialised(case.settings.seed))[0]
    trainer = Trainer([encoder], case.inputs[rows], case.identity[rows], "contrastive")
    batches = np.broadcast_to(np.arange(rows.size, dtype=np.int32), (STEPS, rows.size))
    regimen = Regimen(margin=usual_margin(case), steps=STEPS, rate=usual(case).rate)
    trainer.train(fresh_weights(case.twin, case.settings.seed, first_only=True), batches, regimen)
    embedded = trainer.embed(np.arange(rows.size))
    distance = pair_distance("euclidean", embedded[:PAIRS], embedded[PAIRS:])
    if not np.isfinite(distance).all():
        return Handful(pairs=PAIRS, accuracy=0.5, same_distance=float("inf"), different_distance=0.0, learned=False)
    accuracy = balanced_accuracy(distance < best_threshold(distance, drawn.same), drawn.same)
    farthest, nearest = float(distance[drawn.same].max()), float(distance[~drawn.same].min())
    return Handful(
        pairs=PAIRS,
        accuracy=accuracy,
        same_distance=farthest,
        different_distance=nearest,
        learned=farthest < SEPARATED * nearest,
    )
