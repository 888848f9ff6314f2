"""Remedies that only retraining can show: the model anew, under the same short budget, with and without each.

One training differs from the other in the remedy alone: what compares, loss and rate are the user's own where
they are known (`usual_training`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.data.declared import declared_pipeline
from siamdoctor.data.pipeline import Pipeline
from siamdoctor.errors import Unavailable
from siamdoctor.trials.invariance import require_images
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.sweep_losses import has_margin, mines_triplets
from siamdoctor.trials.training import LEARNING_RATE
from siamdoctor.trials.treatments import Comparison, Treatment
from siamdoctor.trials.usual_training import FASTEST, fitting_margin, known_loss, takes_distance, usual

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.results import Json

UNBOUNDED = frozenset({None, "linear", "relu", "leaky_relu", "elu", "softplus", "selu", "gelu", "silu", "swish"})
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


def _right_labels(case: Case) -> tuple[Treatment, Treatment]:
    """The label convention that the loss expects."""
    right = usual(case)
    if mines_triplets(right.kind):
        raise Unavailable("triplets have no labels that could be inverted")
    if case.blueprint.head.learned:
        raise Unavailable("a head with trained units learns either label")
    return replace(right, name="labels inverted", flipped=True), replace(right, name="labels as the loss expects them")


def _own_labels(case: Case) -> tuple[Treatment, Treatment]:
    """Labels that belong to their pairs."""
    own = usual(case)
    if mines_triplets(own.kind):
        raise Unavailable("triplets have no labels that could belong to other pairs")
    return replace(own, name="labels of other pairs", shuffled=True), replace(own, name="labels of their own pairs")


def _reachable_margin(case: Case) -> tuple[Treatment, Treatment]:
    """A margin in the middle of what the embedding can reach."""
    declared = usual(case)
    if case.settings.training.margin is None:
        raise Unavailable("no margin is declared (training.margin)")
    if not has_margin(declared.kind):
        raise Unavailable(f"the loss ({known_loss(case)}) has no margin")
    margin = fitting_margin(case, declared.by)
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
    """A loss that fits the head, or a head that fits the loss."""
    head, loss, declared = case.blueprint.head, known_loss(case), usual(case)
    if takes_distance(case) and loss == "binary_crossentropy":
        flipped = case.settings.training.same_label == 0
        fitting = replace(declared, name="contrastive loss on the distance", kind="contrastive")
        return replace(fitting, name="cross-entropy on the distance", kind="cross-entropy", flipped=flipped), fitting
    if declared.by == "head" and head.learned and loss == "binary_crossentropy" and head.activation in UNBOUNDED:
        return replace(declared, name="cross-entropy on what is no probability"), replace(
            declared, name="cross-entropy on logits", by="logits"
        )
    if declared.by == "head" and head.learned and loss == "contrastive":
        distance = fitting_margin(case, "euclidean")
        return replace(declared, name="contrastive loss on the head's output"), replace(
            declared, name="contrastive loss on the distance", by="euclidean", margin=distance
        )
    raise Unavailable("neither a distance nor a unit without a sigmoid was trained by cross-entropy")


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
