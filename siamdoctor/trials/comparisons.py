"""How a training turns two embeddings into the number that its loss takes, small where a pair is alike.

Euclidean distance, cosine distance, or the model's own head. What a head says is turned round where it is
high for a same-class pair, so that whoever judges need not know which head it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from siamdoctor.data.samples import FloatArray
from siamdoctor.models.runtime import silenced
from siamdoctor.trials.sweep_triplets import FLOOR, batch_distances
from siamdoctor.trials.training_backend import tensorflow

if TYPE_CHECKING:
    import keras
    from tensorflow import Tensor

# "logits" is the head with a sigmoid behind it, as from_logits=True has it.
By = Literal["euclidean", "cosine", "head", "logits"]
BATCH = 4096


class Comparison(Protocol):
    """What a trainer compares embeddings by. models: those that train along with the encoder."""

    models: tuple[keras.Model, ...]

    def pairs(self, left: Tensor, right: Tensor, *, training: bool) -> Tensor:
        """(..., p) for paired rows of (..., p, d)."""
        ...

    def within(self, embedded: Tensor) -> Tensor:
        """(..., b, b) for all pairs of rows of (..., b, d)."""
        ...


class Euclidean:
    """The distance, not squared."""

    models: tuple[keras.Model, ...] = ()

    def pairs(self, left: Tensor, right: Tensor, *, training: bool) -> Tensor:  # noqa: ARG002  (heads need to know)
        """(..., p) distances."""
        tf = tensorflow()
        return tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(left - right), axis=-1), FLOOR))

    def within(self, embedded: Tensor) -> Tensor:
        """(..., b, b) distances."""
        return batch_distances(embedded)


class Cosine:
    """One minus the cosine."""

    models: tuple[keras.Model, ...] = ()

    def pairs(self, left: Tensor, right: Tensor, *, training: bool) -> Tensor:  # noqa: ARG002  (heads need to know)
        """(..., p) distances."""
        tf = tensorflow()
        return 1.0 - tf.reduce_sum(_unit(left) * _unit(right), axis=-1)

    def within(self, embedded: Tensor) -> Tensor:
        """(..., b, b) distances."""
        directions = _unit(embedded)
        return 1.0 - tensorflow().matmul(directions, directions, transpose_b=True)


class ThroughHead:
    """The model's own head, of one unit or two. It compares pairs alone; triplets never have one."""

    def __init__(self, head: keras.Model, *, high_is_same: bool, logits: bool = False) -> None:
        """Keep the head. high_is_same: which way its output points. logits: a sigmoid is still to come."""
        self.models = (head,)
        self._high_is_same, self._logits = high_is_same, logits

    def pairs(self, left: Tensor, right: Tensor, *, training: bool) -> Tensor:
        """(p,) the output for pairs of rows (p, d), one minus it where high is same."""
        tf, head = tensorflow(), self.models[0]
        ends = [tf.reshape(x, (-1, *port.shape[1:])) for x, port in zip((left, right), head.inputs, strict=True)]
        output = tf.reshape(head(ends, training=training), (tf.shape(left)[0], -1))[:, -1]
        if self._logits:
            output = tf.sigmoid(output)
        return 1.0 - output if self._high_is_same else output

    def within(self, embedded: Tensor) -> Tensor:  # noqa: ARG002  (distances need it)
        """Not for heads.

        Raises:
            TypeError: always.
        """
        raise TypeError("a head compares pairs, not batches")


EUCLIDEAN, COSINE = Euclidean(), Cosine()


def distances(comparison: Comparison, left: FloatArray, right: FloatArray) -> FloatArray:
    """(p,) what the comparison says of embeddings (p, d) at inference, small = alike."""
    tf = tensorflow()
    with silenced():
        parts = [
            comparison.pairs(tf.constant(left[i : i + BATCH]), tf.constant(right[i : i + BATCH]), training=False)
            for i in range(0, len(left), BATCH)
        ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts]) if parts else np.zeros(0, np.float32)


def _unit(vectors: Tensor) -> Tensor:
    tf = tensorflow()
    return vectors / tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True), FLOOR))
