"""The losses that have a margin, written once for one network and for many networks side by side.

Every function takes tensors with any number of leading axes (one entry for each network that trains at the
same time) and returns one loss for each of them. Distances are Euclidean, not squared, so that a margin is a
distance and the losses can be compared.

Contrastive: Hadsell, Chopra and LeCun 2006, CVPR. Its plain hinge: the max-margin form without the square.
Triplets are in `sweep_triplets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from siamdoctor.errors import BadSettings
from siamdoctor.trials.comparisons import EUCLIDEAN, Comparison
from siamdoctor.trials.sweep_triplets import EACH, FLOOR, BatchTriplets, triplet_loss
from siamdoctor.trials.training_backend import tensorflow

if TYPE_CHECKING:
    from tensorflow import Tensor

# The last three have no margin and are swept by nobody. "cross-entropy" on a raw distance is what retraining
# compares a fitting loss with; the others are how heads are trained that say how alike a pair is.
LossKind = Literal[
    "contrastive",
    "contrastive-hinge",
    "triplet-batch-all",
    "triplet-semi-hard",
    "triplet-hard",
    "cross-entropy",
    "likeness-cross-entropy",
    "likeness-squares",
]
LOSSES: tuple[LossKind, ...] = (
    "contrastive",
    "contrastive-hinge",
    "triplet-batch-all",
    "triplet-semi-hard",
    "triplet-hard",
)
ALIASES: dict[str, LossKind] = {"triplet": "triplet-semi-hard"}


def loss_kind(name: str) -> LossKind:
    """The loss of this name.

    Raises:
        BadSettings: there is no such loss with a margin.
    """
    if name in ALIASES:
        return ALIASES[name]
    for kind in LOSSES:
        if kind == name:
            return kind
    known = ", ".join((*LOSSES, *ALIASES))
    raise BadSettings(f"There is no such loss with a margin. Received: loss={name!r}. Use one of {known}.")


def mines_triplets(kind: LossKind) -> bool:
    """Whether the loss is fed identities in batches rather than labelled pairs."""
    return kind.startswith("triplet")


def has_margin(kind: LossKind) -> bool:
    """Whether the loss has a margin."""
    return kind in LOSSES


def code_line(kind: LossKind, margin: float, same_label: int) -> str:
    """The loss as a line of Keras code for the user's own label convention."""
    if kind == "triplet-batch-all":
        return f"loss = tf.maximum(d(anchor, positive) - d(anchor, negative) + {margin:g}, 0.0)  # every triplet"
    if mines_triplets(kind):
        which = "semi_hard" if kind == "triplet-semi-hard" else "hardest"
        return f"loss = tf.maximum(d(anchor, positive) - d(anchor, {which}_negative) + {margin:g}, 0.0)"
    same, other = ("y", "(1 - y)") if same_label == 1 else ("(1 - y)", "y")
    power = "**2" if kind == "contrastive" else ""
    return f"loss = {same} * d**2 + {other} * tf.maximum({margin:g} - d, 0.0){power}"


def batch_cost(
    embedded: Tensor,
    rows: Tensor,
    owners: Tensor,
    margin: Tensor,
    kind: LossKind,
    *,
    flip: Tensor | float = 0.0,
    comparison: Comparison = EUCLIDEAN,
) -> Tensor:
    """The loss of a batch as `sweep_batches` lays it out.

    Args:
        embedded: (..., b, d) embeddings.
        rows: broadcastable to (..., b), which samples these are.
        owners: broadcastable to (..., b), their identities.
        margin: broadcastable to (..., 1).
        kind: the loss.
        flip: 1.0 swaps same-class and different-class pairs, as inverted labels do; not for triplets.
        comparison: what two embeddings are compared by.

    Returns:
        (...) one loss for each entry of the leading axes.
    """
    tf = tensorflow()
    if mines_triplets(kind):
        layout = BatchTriplets.of(embedded.shape[-2] // EACH, EACH)
        twice = tf.gather(rows, layout.anchor, axis=-1) == tf.gather(rows, layout.positive, axis=-1)
        return triplet_loss(comparison.within(embedded), 1.0 - tf.cast(twice, tf.float32), margin, kind, layout)
    left, right = tf.split(embedded, 2, axis=-2)
    distance = comparison.pairs(left, right, training=True)
    first, second = tf.split(owners, 2, axis=-1)
    same = tf.cast(first == second, tf.float32)
    return pair_loss(distance, same + flip * (1.0 - 2.0 * same), margin, kind)


def pair_loss(distance: Tensor, same: Tensor, margin: Tensor, kind: LossKind) -> Tensor:
    """Contrastive loss.

    Args:
        distance: (..., p) distances of pairs.
        same: broadcastable to it, 1.0 for a same-class pair whatever the user calls it.
        margin: broadcastable to it.
        kind: "contrastive" squares what is missing to the margin, "contrastive-hinge" does not. "cross-entropy"
            takes the distance for the probability of label 1, which is where `same` is 1; the likeness kinds
            take one minus the distance for it.

    Returns:
        (...) mean over the pairs.
    """
    tf = tensorflow()
    if kind == "likeness-squares":
        return tf.reduce_mean(tf.square(1.0 - distance - same), axis=-1)
    if kind in {"cross-entropy", "likeness-cross-entropy"}:
        said = distance if kind == "cross-entropy" else 1.0 - distance
        probability = tf.clip_by_value(said, FLOOR, 1.0 - FLOOR)
        likelihood = same * tf.math.log(probability) + (1.0 - same) * tf.math.log(1.0 - probability)
        return -tf.reduce_mean(likelihood, axis=-1)
    missing = tf.maximum(margin - distance, 0.0)
    apart = tf.square(missing) if kind == "contrastive" else missing
    return tf.reduce_mean(same * tf.square(distance) + (1.0 - same) * apart, axis=-1)
