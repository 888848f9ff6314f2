"""How the user's model was trained, as far as is known: what compares, loss, margin, rate, augmentation.

A model whose own head has trained units, or whose head is a cosine, is trained through it where its loss is
known. Elsewhere encoders are compared by the Euclidean distance of their embeddings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.declared import declared_pipeline
from siamdoctor.models.blueprint import DISTANCE_HEADS
from siamdoctor.trials.comparisons import COSINE, EUCLIDEAN, By, Comparison, ThroughHead
from siamdoctor.trials.sweep_grid import usual_margin
from siamdoctor.trials.sweep_losses import LossKind
from siamdoctor.trials.training import LEARNING_RATE
from siamdoctor.trials.treatments import Treatment

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.models.runtime import Twin

SLOWEST, FASTEST = 1e-4, 3e-3  # rates with which a short training gets somewhere
COSINE_MARGIN = 0.5  # half of how far apart vectors without negative numbers can be
HEAD_MARGIN = 1.0  # where a sigmoid ends
COSINES = frozenset({"cosine_distance", "cosine_similarity"})
BY_EMBEDDING = frozenset({"none", "unknown", "euclidean", "squared_euclidean", "manhattan"})
LIKENESS: dict[str | None, LossKind] = {"binary_crossentropy": "likeness-cross-entropy", "mse": "likeness-squares"}


def usual(case: Case) -> Treatment:
    """The user's training, as far as it is known."""
    by, kind = _comparison(case)
    training = case.settings.training
    declared = training.margin if training.loss in {None, "contrastive", "triplet"} else None
    rate = case.blueprint.learning_rate or LEARNING_RATE
    return Treatment(
        name="trained as declared",
        kind=kind,
        by=by,
        margin=declared or fitting_margin(case, by),
        rate=float(np.clip(rate, SLOWEST, FASTEST)),
        augmentation=declared_pipeline(training.augmentation, case.sample_shape),
    )


def fitting_margin(case: Case, by: By) -> float:
    """A margin that rarely fails, in the units of what compares."""
    if by == "euclidean":
        return usual_margin(case)
    return COSINE_MARGIN if by == "cosine" else HEAD_MARGIN


def known_loss(case: Case) -> str | None:
    """The loss as declared, else the file's, by the names of siamdoctor.yaml; None where neither tells."""
    declared, stored = case.settings.training.loss, (case.blueprint.loss or "").lower().replace("_", "")
    if declared is not None and declared != "other":
        return declared
    for sign, name in (
        ("crossentropy", "binary_crossentropy"),
        ("contrastive", "contrastive"),
        ("triplet", "triplet"),
        ("meansquarederror", "mse"),
    ):
        if sign in stored:
            return name
    return "mse" if stored == "mse" else None


def _comparison(case: Case) -> tuple[By, LossKind]:
    """What compares, and the loss."""
    head, loss = case.blueprint.head, known_loss(case)
    with_margin: LossKind = "triplet-semi-hard" if case.settings.training.loss == "triplet" else "contrastive"
    if head.kind == "cosine_distance" or (head.kind == "cosine_similarity" and loss not in LIKENESS):
        return "cosine", with_margin
    if head.kind in BY_EMBEDDING or obstacle(case) is not None:
        return "euclidean", with_margin
    return "logits" if case.blueprint.loss_from_logits else "head", LIKENESS.get(loss, "contrastive")


def obstacle(case: Case) -> str | None:
    """Why the model cannot be trained through its own head, where it has one that counts; None where it can."""
    if case.blueprint.head.kind in BY_EMBEDDING | COSINES:
        return None
    if known_loss(case) not in {"contrastive", *LIKENESS}:
        return "the loss that the head was trained with is not known (training.loss)"
    return _of_the_head(case)


def _of_the_head(case: Case) -> str | None:
    """Why this head cannot be trained, whatever the loss."""
    head, parts, model = case.blueprint.head, case.blueprint.parts, case.twin.head
    if model is None or len(model.inputs) != 2:  # noqa: PLR2004  (two sides)
        return "the head cannot be rebuilt"
    if parts is not None and parts.same_input is not None:
        return "the head is given one side twice"
    width = int(np.prod([axis or 1 for axis in model.output.shape[1:]]))
    if width == 1 and head.activation == "softmax":
        return "the head is a softmax of one unit, which gives 1 for every pair"
    return None if width in {1, 2} else f"the head gives {width} numbers for a pair"


def comparison_of(case: Case, twin: Twin, treatment: Treatment) -> Comparison:
    """What a treatment compares by, with the head of this twin."""
    if treatment.by in {"euclidean", "cosine"}:
        return COSINE if treatment.by == "cosine" else EUCLIDEAN
    assert twin.head is not None
    head = case.blueprint.head
    if treatment.kind == "contrastive":  # the loss pulls what it is given to zero
        high_is_same = not head.learned and head.higher_is_same is True
    else:
        high_is_same = not head.learned or case.settings.training.same_label != 0
    return ThroughHead(twin.head, high_is_same=high_is_same, logits=treatment.by == "logits")


def takes_distance(case: Case) -> bool:
    """Whether the head is a bare distance, on which cross-entropy makes no sense."""
    return case.blueprint.head.kind in DISTANCE_HEADS
