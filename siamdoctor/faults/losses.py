"""The losses of the metric-learning tutorials, by the formulas that users copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras import KerasTensor, ops

if TYPE_CHECKING:
    from collections.abc import Callable

    from siamdoctor.faults.recipe import TrainingPlan

    Loss = Callable[[KerasTensor, KerasTensor], KerasTensor]


def loss_of(plan: TrainingPlan) -> Loss | str:
    """What `compile` is given: a function for contrastive and triplet, a name for the others.

    "other" is that of a classifier with two units.
    """
    if plan.loss == "contrastive":
        return contrastive(plan.margin, similar_is=plan.similar_is)
    if plan.loss == "triplet":
        return batch_triplet(plan.margin, plan.mining)
    return "sparse_categorical_crossentropy" if plan.loss == "other" else plan.loss


def contrastive(margin: float, *, similar_is: int) -> Loss:
    """Hadsell, Chopra and LeCun 2006: pulls similar pairs to 0, pushes the others beyond the margin."""

    def contrastive_loss(y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        similar = y_true if similar_is == 1 else 1.0 - y_true
        apart = ops.square(ops.maximum(margin - y_pred, 0.0))
        return ops.mean(similar * ops.square(y_pred) + (1.0 - similar) * apart)

    return contrastive_loss


def batch_triplet(margin: float, mining: str) -> Loss:
    """Triplets mined within the batch; y_true holds identities, y_pred embeddings (batch, d)."""

    def triplet_loss(y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        norms = ops.sum(ops.square(y_pred), axis=1, keepdims=True)
        squared = norms + ops.transpose(norms) - 2.0 * ops.matmul(y_pred, ops.transpose(y_pred))
        distance = ops.sqrt(ops.maximum(squared, 1e-7))
        owner = ops.reshape(y_true, (-1, 1))
        same = ops.cast(ops.equal(owner, ops.transpose(owner)), "float32")
        if mining == "hardest":
            farthest = ops.max(distance * same, axis=1)
            nearest = ops.min(distance + 1e6 * same, axis=1)
            return ops.mean(ops.maximum(farthest - nearest + margin, 0.0))
        # (anchor, positive, negative); an anchor is no positive of its own.
        positive = (same - ops.eye(ops.shape(same)[0]))[:, :, None]
        gap = distance[:, :, None] - distance[:, None, :]
        valid = positive * (1.0 - same)[:, None, :]
        if mining == "semi-hard":
            valid = valid * ops.cast(gap < 0.0, "float32")
        cost = ops.maximum(gap + margin, 0.0) * valid
        active = ops.sum(ops.cast(cost > 0.0, "float32"))
        return ops.sum(cost) / ops.maximum(active, 1.0)

    return triplet_loss
