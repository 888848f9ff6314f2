"""Ways to train that differ in one thing, and what one gains over another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from siamdoctor.data.pipeline import Pipeline
from siamdoctor.results import Interval, Recovery
from siamdoctor.trials.comparisons import By
from siamdoctor.trials.sweep_choice import Judgement, balanced, difference
from siamdoctor.trials.sweep_losses import LossKind
from siamdoctor.trials.training import LEARNING_RATE

if TYPE_CHECKING:
    from siamdoctor.trials.sweep_arena import Arena


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One way to train. Two treatments of a comparison differ in one thing alone.

    by: what embeddings are compared by. steps: relative to the room's own number. untied: two encoders, where the
    usual is one for both sides. shuffled: labels have nothing to do with the pairs. augmentation: applied to stored
    training images; `name` tells treatments apart.
    """

    name: str
    kind: LossKind
    margin: float
    by: By = "euclidean"
    rate: float = LEARNING_RATE
    steps: float = 1.0
    flipped: bool = False
    shuffled: bool = False
    untied: bool = False
    augmentation: Pipeline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a remedy recovers when the encoder is trained anew. held_out: in words, what accuracies are on.

    without_head: why the model's own head took no part in it; None where it did, or where there is none.
    """

    remedy: str
    held_out: str
    without: Interval
    treated: Interval
    recovers: Recovery
    without_head: str | None = None


def recovery(before: Judgement, after: Judgement, arena: Arena) -> Recovery:
    """The difference in points; its interval is the wider of that over identities and that over trainings."""
    over_identities = difference(before.correct, after.correct, arena.dyads)
    gained = []
    for fold in range(arena.folds):
        here = arena.pair_fold == fold
        gained.append(
            balanced(after.correct[here], arena.same[here]) - balanced(before.correct[here], arena.same[here])
        )
    if len(gained) < 2:  # noqa: PLR2004  (one training has no spread)
        return over_identities
    error = float(np.std(gained, ddof=1)) / np.sqrt(len(gained))
    reach = 100 * float(student.ppf(0.975, len(gained) - 1) * error)
    value = over_identities.points
    return Recovery(
        points=value,
        low=max(-100.0, min(over_identities.low, value - reach)),
        high=min(100.0, max(over_identities.high, value + reach)),
    )
