"""Triplet losses over batches of several samples per identity, for many networks side by side.

Batch-all and batch-hard after Hermans, Beyer and Leibe 2017, arXiv:1703.07737; semi-hard after Schroff,
Kalenichenko and Philbin 2015, CVPR. Distances are Euclidean, not squared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siamdoctor.trials.training_backend import tensorflow

if TYPE_CHECKING:
    from tensorflow import Tensor

FLOOR = 1e-7  # under every root, as in Keras' Euclidean heads: the root's slope at 0 is infinite
FAR = 1e9
EACH = 4  # samples of one identity in a batch


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


def batch_distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances (..., b, b) between the rows of (..., b, d)."""
    tf = tensorflow()
    squares = tf.reduce_sum(tf.square(embeddings), axis=-1, keepdims=True)
    products = tf.matmul(embeddings, embeddings, transpose_b=True)
    rows = tf.linalg.matrix_transpose(squares)
    return tf.sqrt(tf.maximum(squares + rows - 2.0 * products, FLOOR))


def triplet_loss(distance: Tensor, distinct: Tensor, margin: Tensor, kind: str, layout: BatchTriplets) -> Tensor:
    """Triplet loss over a batch of several samples per identity.

    Args:
        distance: (..., b, b) distances within the batch.
        distinct: broadcastable to (..., a), 0.0 where anchor and positive are one sample drawn twice.
        margin: broadcastable to (..., a).
        kind: how negatives are mined, "triplet-batch-all", "triplet-semi-hard" or "triplet-hard".
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
