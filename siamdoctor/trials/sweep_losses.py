"""The losses that have a margin, written once for one network and for many networks side by side.

Every function takes tensors with any number of leading axes (one entry for each network that trains at the
same time) and returns one loss for each of them. Distances are Euclidean, not squared, so that a margin is a
distance and the losses can be compared.

Contrastive: Hadsell, Chopra and LeCun 2006, CVPR. Its plain hinge: the max-margin form without the square.
Triplets: batch-all and batch-hard after Hermans, Beyer and Leibe 2017, arXiv:1703.07737; semi-hard after
Schroff, Kalenichenko and Philbin 2015, CVPR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from siamdoctor.errors import BadSettings
from siamdoctor.trials.training_backend import tensorflow

if TYPE_CHECKING:
    from tensorflow import Tensor

# "cross-entropy" has no margin and is swept by nobody: it is what retraining compares a fitting loss with.
LossKind = Literal[
    "contrastive", "contrastive-hinge", "triplet-batch-all", "triplet-semi-hard", "triplet-hard", "cross-entropy"
]
LOSSES: tuple[LossKind, ...] = (
    "contrastive",
    "contrastive-hinge",
    "triplet-batch-all",
    "triplet-semi-hard",
    "triplet-hard",
)
ALIASES: dict[str, LossKind] = {"triplet": "triplet-semi-hard"}
FLOOR = 1e-7  # under every root, as in Keras' Euclidean heads: the root's slope at 0 is infinite
FAR = 1e9
EACH = 4  # samples of one identity in a batch of triplets


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTriplets:
    """Which samples of a batch are anchor and positive, fixed because every batch has the same layout.

    A batch of owners x each samples lists the samples of one identity after another. anchor, positive: (a,)
    positions in it. stranger: (batch, batch) 1.0 where two positions belong to different identities.
    """

    anchor: tuple[int, ...]
    positive: tuple[int, ...]
    stranger: tuple[tuple[float, ...], ...]

    @property
    def size(self) -> int:
        """Samples in a batch."""
        return len(self.stranger)

    @classmethod
    def of(cls, owners: int, each: int) -> BatchTriplets:
        """The layout of `owners` identities with `each` samples."""
        size = owners * each
        pairs = [(a, p) for a in range(size) for p in range(size) if a != p and a // each == p // each]
        return cls(
            anchor=tuple(a for a, _ in pairs),
            positive=tuple(p for _, p in pairs),
            stranger=tuple(tuple(float(a // each != b // each) for b in range(size)) for a in range(size)),
        )


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
) -> Tensor:
    """The loss of a batch as `sweep_batches` lays it out.

    Args:
        embedded: (..., b, d) embeddings.
        rows: broadcastable to (..., b), which samples these are.
        owners: broadcastable to (..., b), their identities.
        margin: broadcastable to (..., 1).
        kind: the loss.
        flip: 1.0 swaps same-class and different-class pairs, as inverted labels do; not for triplets.

    Returns:
        (...) one loss for each entry of the leading axes.
    """
    tf = tensorflow()
    if mines_triplets(kind):
        layout = BatchTriplets.of(embedded.shape[-2] // EACH, EACH)
        twice = tf.gather(rows, layout.anchor, axis=-1) == tf.gather(rows, layout.positive, axis=-1)
        return triplet_loss(batch_distances(embedded), 1.0 - tf.cast(twice, tf.float32), margin, kind, layout)
    left, right = tf.split(embedded, 2, axis=-2)
    distance = tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(left - right), axis=-1), FLOOR))
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
            takes the distance for the probability of label 1, which is where `same` is 1.

    Returns:
        (...) mean over the pairs.
    """
    tf = tensorflow()
    if kind == "cross-entropy":
        probability = tf.clip_by_value(distance, FLOOR, 1.0 - FLOOR)
        likelihood = same * tf.math.log(probability) + (1.0 - same) * tf.math.log(1.0 - probability)
        return -tf.reduce_mean(likelihood, axis=-1)
    missing = tf.maximum(margin - distance, 0.0)
    apart = tf.square(missing) if kind == "contrastive" else missing
    return tf.reduce_mean(same * tf.square(distance) + (1.0 - same) * apart, axis=-1)


def batch_distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances (..., b, b) between the rows of (..., b, d)."""
    tf = tensorflow()
    squares = tf.reduce_sum(tf.square(embeddings), axis=-1, keepdims=True)
    products = tf.matmul(embeddings, embeddings, transpose_b=True)
    rows = tf.linalg.matrix_transpose(squares)
    return tf.sqrt(tf.maximum(squares + rows - 2.0 * products, FLOOR))


def triplet_loss(distance: Tensor, distinct: Tensor, margin: Tensor, kind: LossKind, layout: BatchTriplets) -> Tensor:
    """Triplet loss over a batch of several samples per identity.

    Args:
        distance: (..., b, b) distances within the batch.
        distinct: broadcastable to (..., a), 0.0 where anchor and positive are one sample drawn twice.
        margin: broadcastable to (..., a).
        kind: how negatives are mined.
        layout: which positions are anchors and positives.

    Returns:
        (...) mean over the triplets; over those with a loss where all of them are taken.
    """
    tf = tensorflow()
    size = layout.size
    flat = tf.reshape(distance, tf.concat([tf.shape(distance)[:-2], [size * size]], axis=0))
    near = tf.gather(flat, [a * size + p for a, p in zip(layout.anchor, layout.positive, strict=True)], axis=-1)
    if kind == "triplet-hard":
        return _hardest(distance, near * distinct, margin, layout)
    far = tf.gather(distance, layout.anchor, axis=-2)
    allowed = tf.gather(tf.constant(layout.stranger, tf.float32), layout.anchor)
    if kind == "triplet-batch-all":
        cost = tf.maximum(near[..., None] - far + margin[..., None], 0.0) * allowed * distinct[..., None]
        active = tf.reduce_sum(tf.cast(cost > 0.0, tf.float32), axis=(-2, -1))
        return tf.reduce_sum(cost, axis=(-2, -1)) / tf.maximum(active, 1.0)
    cost = tf.maximum(near - _semi_hard(near, far, allowed) + margin, 0.0) * distinct
    return tf.reduce_sum(cost, axis=-1) / tf.maximum(tf.reduce_sum(distinct + tf.zeros_like(near), axis=-1), 1.0)


def _semi_hard(near: Tensor, far: Tensor, allowed: Tensor) -> Tensor:
    """(..., a) the nearest negative beyond the positive; the farthest one where none is."""
    tf = tensorflow()
    beyond = allowed * tf.cast(far > near[..., None], tf.float32)
    nearest_beyond = tf.reduce_min(far + FAR * (1.0 - beyond), axis=-1)
    farthest = tf.reduce_max(far - FAR * (1.0 - allowed), axis=-1)
    return tf.where(nearest_beyond < FAR / 2, nearest_beyond, farthest)


def _hardest(distance: Tensor, near: Tensor, margin: Tensor, layout: BatchTriplets) -> Tensor:
    """(...) each anchor with its farthest positive and its nearest negative."""
    tf = tensorflow()
    # The pairs of one anchor stand next to one another in the layout.
    shape = tf.concat([tf.shape(near)[:-1], [layout.size, len(layout.anchor) // layout.size]], axis=0)
    farthest = tf.reduce_max(tf.reshape(near, shape), axis=-1)
    nearest = tf.reduce_min(distance + FAR * (1.0 - tf.constant(layout.stranger, tf.float32)), axis=-1)
    return tf.reduce_mean(tf.maximum(farthest - nearest + margin, 0.0), axis=-1)
