"""Remedies that only retraining can show: the encoder anew, under the same short budget, with and without each.

The encoder is compared by the distance of its embeddings, whatever head the model has, so that one training
differs from another in the remedy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.declared import declared_pipeline
from siamdoctor.data.pipeline import Pipeline
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import DISTANCE_HEADS
from siamdoctor.trials.invariance import require_images
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.sweep_grid import usual_margin
from siamdoctor.trials.sweep_losses import LossKind
from siamdoctor.trials.training import LEARNING_RATE
from siamdoctor.trials.treatments import Comparison, Treatment

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.results import Json

SLOWEST, FASTEST = 1e-4, 3e-3  # rates with which a short training gets somewhere
# The seed article's own set, less the flip, which makes other classes of many signs.
ARTICLE_SET: dict[str, Json] = {
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 10,
    "zoom_range": 0.2,
}
Remedy = Callable[["Case"], tuple[Treatment, Treatment]]


def retrain(case: Case, cause: str, room: Room) -> Comparison:
    """What the remedy of a cause recovers.

    Raises:
        Unavailable: the cause has no remedy that retraining can show, or not in this case.
        OutOfTime: the room's deadline passed.
    """
    if cause not in REMEDIES:
        raise Unavailable(f"no remedy of {cause} is known that retraining could show")
    without, treated = REMEDIES[cause](case)
    return room.compare(without, treated)


def usual(case: Case) -> Treatment:
    """How the model was trained, as far as is known: loss, margin, learning rate, augmentation, towers."""
    training = case.settings.training
    kind: LossKind = "triplet-semi-hard" if training.loss == "triplet" else "contrastive"
    declared = training.margin if training.loss in {None, "contrastive", "triplet"} else None
    rate = case.blueprint.learning_rate or LEARNING_RATE
    return Treatment(
        name="trained as declared",
        kind=kind,
        margin=declared or usual_margin(case),
        rate=float(np.clip(rate, SLOWEST, FASTEST)),
        augmentation=declared_pipeline(training.augmentation, case.sample_shape),
    )


def _right_labels(case: Case) -> tuple[Treatment, Treatment]:
    """The label convention that the loss expects."""
    right = usual(case)
    if right.kind != "contrastive":
        raise Unavailable("triplets have no labels that could be inverted")
    return replace(right, name="labels inverted", flipped=True), replace(right, name="labels as the loss expects them")


def _own_labels(case: Case) -> tuple[Treatment, Treatment]:
    """Labels that belong to their pairs."""
    own = usual(case)
    if own.kind != "contrastive":
        raise Unavailable("triplets have no labels that could belong to other pairs")
    return replace(own, name="labels of other pairs", shuffled=True), replace(own, name="labels of their own pairs")


def _reachable_margin(case: Case) -> tuple[Treatment, Treatment]:
    """A margin in the middle of what the embedding can reach."""
    declared = usual(case)
    if case.settings.training.margin is None:
        raise Unavailable("no margin is declared (training.margin)")
    margin = usual_margin(case)
    return declared, replace(declared, name=f"margin {margin:.3g}", margin=margin)


def _calm_rate(case: Case) -> tuple[Treatment, Treatment]:
    """A learning rate that a short training survives."""
    own = case.blueprint.learning_rate
    if own is None or own <= FASTEST:
        raise Unavailable("the learning rate in the file is unknown or not high")
    declared = usual(case)
    return (
        replace(declared, name=f"learning rate {own:g}", rate=own),
        replace(declared, name=f"learning rate {LEARNING_RATE:g}", rate=LEARNING_RATE),
    )


def _any_training(case: Case) -> tuple[Treatment, Treatment]:
    """Training, where there was none."""
    declared = usual(case)
    return replace(declared, name="not trained", steps=0.0, augmentation=None), declared


def _one_encoder(case: Case) -> tuple[Treatment, Treatment]:
    """One encoder for both sides."""
    if case.blueprint.twins != "separate":
        raise Unavailable("the towers are one encoder already")
    tied = replace(usual(case), name="one encoder for both sides")
    return replace(tied, name="two encoders", untied=True), tied


def _fitting_loss(case: Case) -> tuple[Treatment, Treatment]:
    """Contrastive loss where cross-entropy was put on a raw distance."""
    head, loss = case.blueprint.head, case.settings.training.loss or case.blueprint.loss
    if head.kind not in DISTANCE_HEADS or "crossentropy" not in (loss or ""):
        raise Unavailable("the model is not a raw distance trained by cross-entropy")
    fitting = replace(usual(case), name="contrastive loss on the distance", kind="contrastive")
    same_label = case.settings.training.same_label
    return (
        replace(fitting, name="cross-entropy on the distance", kind="cross-entropy", flipped=same_label == 0),
        fitting,
    )


def article_pipeline(case: Case) -> Pipeline:
    """The seed article's augmentation for this case's images."""
    require_images(case)
    pipeline = declared_pipeline(ARTICLE_SET, case.sample_shape)
    assert pipeline is not None
    return pipeline


def _more_augmentation(case: Case) -> tuple[Treatment, Treatment]:
    """The seed article's augmentation."""
    declared = usual(case)
    return declared, replace(declared, name="the article's augmentation", augmentation=article_pipeline(case))


def _no_augmentation(case: Case) -> tuple[Treatment, Treatment]:
    """No augmentation in place of one that harms."""
    declared = usual(case)
    if declared.augmentation is None:
        raise Unavailable("no augmentation is declared (training.augmentation)")
    return declared, replace(declared, name="no augmentation", augmentation=None)


REMEDIES: Mapping[str, Remedy] = {
    "inverted-labels": _right_labels,
    "misaligned-labels": _own_labels,
    "margin-too-large": _reachable_margin,
    "margin-too-small": _reachable_margin,
    "collapsed-embedding": _calm_rate,
    "untrained-encoder": _any_training,
    "untied-towers": _one_encoder,
    "loss-head-mismatch": _fitting_loss,
    "insufficient-augmentation": _more_augmentation,
    "harmful-augmentation": _no_augmentation,
}
