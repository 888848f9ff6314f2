"""What the history says of the training pairs, beside the same loss on fresh pairs of the same samples.

Where the two disagree, the training pairs were not what their labels said: positives that were one image
twice, labels of other pairs, one kind of pair only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import DISTANCE_HEADS
from siamdoctor.stats.curves import settled
from siamdoctor.stats.signatures import Signature, chance_loss, constant_output_losses, matching

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.data.history import History

CLIP = 1e-7  # Keras' own bound on a probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """Losses in units of the best that a constant output can reach on balanced pairs (1 = nothing learned).

    told: where the training loss of the history settled. first: its first epoch. found: the same loss on
    fresh balanced pairs of the training samples. resting: the signature that the history rests on, if any.
    epochs: how many there were.
    """

    told: float
    first: float
    found: float
    resting: Signature | None
    epochs: int


def hindsight(case: Case) -> Hindsight:
    """Compare history and training samples.

    Raises:
        Unavailable: no history, no training samples, or a loss that cannot be recomputed.
    """
    training, values = case.training, _training_loss(case.history)
    declared = case.settings.training
    chance = chance_loss(declared.loss, declared.margin)
    if chance is None:
        raise Unavailable("the loss cannot be recomputed (declare training.loss, and training.margin where it has one)")
    return Hindsight(
        told=settled(values) / chance,
        first=values[0] / chance,
        found=recomputed_loss(training) / chance,
        resting=matching(values, constant_output_losses(declared.loss, declared.margin)),
        epochs=len(values),
    )


def _training_loss(history: History) -> tuple[float, ...]:
    values = history.column("loss")
    if not values or not all(map(math.isfinite, values)):
        raise Unavailable("the training history holds no finite loss")
    return values


def recomputed_loss(case: Case) -> float:
    """The declared loss on the case's balanced pairs, mean of the two kinds."""
    declared, same = case.settings.training, case.pairs.same
    if declared.loss == "contrastive" and declared.margin is not None:
        distance = _distance(case)
        each = np.where(same, distance**2, np.maximum(declared.margin - distance, 0) ** 2)
    elif declared.loss in {"binary_crossentropy", "mse"}:
        output = case.deployed.output.astype(np.float64)
        label = same if declared.same_label in {None, 1} else ~same
        each = (output - label) ** 2 if declared.loss == "mse" else _cross_entropy(output, label)
    else:
        raise Unavailable("the loss cannot be recomputed from outputs")
    if not np.isfinite(each).all():
        raise Unavailable("the output is not finite")
    return float((each[same].mean() + each[~same].mean()) / 2)


def _distance(case: Case) -> NDArray[np.float64]:
    """What contrastive loss was given: the output where it is a distance, else Euclidean distance."""
    head = case.blueprint.head
    if head.kind in DISTANCE_HEADS or (head.learned and case.settings.training.same_label == 0):
        return case.deployed.output.astype(np.float64)
    if head.kind == "none":
        return case.deployed.metric_distance("euclidean").astype(np.float64)
    raise Unavailable("contrastive loss on an output that is no distance cannot be recomputed")


def _cross_entropy(output: NDArray[np.float64], label: NDArray[np.bool_]) -> NDArray[np.float64]:
    clipped = np.clip(output, CLIP, 1 - CLIP)
    return -np.where(label, np.log(clipped), np.log(1 - clipped))


@dataclass(frozen=True, slots=True, kw_only=True)
class Natural:
    """Decisions where the loss itself puts the border: half the margin, or one half of a probability.

    recall: share of same-class pairs called the same. specificity: share of different pairs called different.
    themselves: share of samples called the same as themselves.
    """

    recall: float
    specificity: float
    themselves: float


def natural_decisions(case: Case) -> Natural:
    """How the pairs are decided at the border that training aimed at, whatever threshold is declared."""
    declared, same = case.settings.training, case.pairs.same
    view = case.deployed
    if declared.loss == "contrastive" and declared.margin is not None:
        said = _distance(case) < declared.margin / 2
        return Natural(recall=float(said[same].mean()), specificity=float((~said[~same]).mean()), themselves=1.0)
    if declared.loss not in {"binary_crossentropy", "mse"}:
        raise Unavailable("the loss has no border of its own")
    high_is_same = declared.same_label in {None, 1}
    said = view.output > 0.5 if high_is_same else view.output < 0.5  # noqa: PLR2004  (one half of a probability)
    own = case.twin.compare(view.embeddings, view.right_embeddings)
    alike = own > 0.5 if high_is_same else own < 0.5  # noqa: PLR2004
    return Natural(
        recall=float(said[same].mean()),
        specificity=float((~said[~same]).mean()),
        themselves=float(alike.mean()),
    )
