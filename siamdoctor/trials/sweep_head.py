"""Head depth: one projection for every margin and fold, all trained at once in one graph.

Each fold's batch passes through one matrix product with the weights of all margins side by side; losses are
summed, so that every projection gets its own gradient and nothing of another's. All margins of a fold start
from the same weights and see the same batches: what differs between them is the margin alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.models.runtime import silenced
from siamdoctor.trials.sweep_batches import fold_batches
from siamdoctor.trials.sweep_losses import LossKind, batch_cost
from siamdoctor.trials.training_backend import Adam, compiled, tensorflow

if TYPE_CHECKING:
    from tensorflow import Tensor

    from siamdoctor.trials.sweep_arena import Arena
    from siamdoctor.trials.sweep_features import Projection

STEPS = 300
CHUNK = 25  # steps between two looks at the clock
LEARNING_RATE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """embeddings(fold, rows): (margins, rows, d) by the projections of one fold. steps: done of `planned`.

    interrupted: Ctrl-C ended the training.
    """

    embeddings: Callable[[int, IndexArray], FloatArray]
    steps: int
    planned: int
    interrupted: bool = False


def train_projections(
    projection: Projection,
    arena: Arena,
    margins: tuple[float, ...],
    kind: LossKind,
    *,
    seed: int,
    scale: float = 1.0,
    steps: int = STEPS,
    deadline: float = float("inf"),
    progress: Callable[[float], None] = lambda _share: None,
) -> Trained:
    """Train a projection for each margin in each fold; stops early, with what there is, at Ctrl-C or the deadline.

    Args:
        projection: frozen features of the arena's rows and what follows the linear layer.
        arena: rows, folds.
        margins: the m margins.
        kind: the loss.
        seed: for weights and batches.
        scale: multiplies the features.
        steps: of Adam for every projection.
        deadline: by `time.monotonic()`.
        progress: told the share of steps done.
    """
    batches = np.stack([fold_batches(arena, fold, kind, steps, seed) for fold in range(arena.folds)], axis=1)
    model = _Bank(projection, scale, arena.folds, margins, seed)
    run = _runner(model, kind, arena.identity, batches, steps)
    done, interrupted = 0, False
    try:
        while done < steps and (not done or time.monotonic() < deadline):
            count = min(CHUNK, steps - done)
            with silenced():
                run(done, count)
            done += count
            progress(done / steps)
    except KeyboardInterrupt:
        if not done:
            raise
        interrupted = True
    return Trained(embeddings=model.embeddings, steps=done, planned=steps, interrupted=interrupted)


class _Bank:
    """Weights (folds, f, margins * d) and biases of all projections."""

    def __init__(self, projection: Projection, scale: float, folds: int, margins: tuple[float, ...], seed: int) -> None:
        """Draw Glorot-uniform weights, the same for every margin of a fold."""
        tf = tensorflow()
        self.folds, self.margins, self.width = folds, len(margins), projection.width
        self.finish = projection.finish
        self.margin = tf.constant(np.asarray(margins, np.float32)[:, None])
        self.features = tf.constant(projection.features * np.float32(scale))
        inputs = projection.features.shape[1]
        limit = np.sqrt(6 / (inputs + self.width))
        drawn = np.random.default_rng([seed, 17]).uniform(-limit, limit, size=(folds, inputs, 1, self.width))
        weights = np.broadcast_to(drawn, (folds, inputs, self.margins, self.width))
        self.weights = tf.Variable(weights.reshape(folds, inputs, -1).astype(np.float32))
        self.bias = tf.Variable(tf.zeros((folds, 1, self.margins * self.width)))

    def __call__(self, rows: Tensor) -> Tensor:
        """Embeddings (folds, margins, b, d) of each fold's own rows (folds, b)."""
        return self._finished(tensorflow().gather(self.features, rows), self.weights, self.bias)

    def _finished(self, features: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
        tf = tensorflow()
        linear = tf.matmul(features, weights) + bias
        shape = tf.shape(linear)
        flat = self.finish(tf.reshape(linear, (-1, self.width)))
        separate = tf.reshape(flat, (shape[0], shape[1], self.margins, self.width))
        return tf.transpose(separate, (0, 2, 1, 3))

    def embeddings(self, fold: int, rows: IndexArray) -> FloatArray:
        """(margins, rows, d) by the projections of one fold."""
        features = tensorflow().gather(self.features, rows[None])
        result = self._finished(features, self.weights[fold : fold + 1], self.bias[fold : fold + 1])
        return np.asarray(result[0], np.float32)


def _runner(
    model: _Bank, kind: LossKind, identity: IndexArray, batches: NDArray[np.int32], steps: int
) -> Callable[[int, int], None]:
    """A compiled function that does `count` steps from step `first` on."""
    tf = tensorflow()
    rows, owner = tf.constant(batches), tf.constant(identity.astype(np.int32))
    adam = Adam([model.weights, model.bias], rate=LEARNING_RATE, steps=steps)

    def cost(batch: Tensor) -> Tensor:
        return batch_cost(model(batch), batch[:, None], tf.gather(owner, batch)[:, None], model.margin, kind)

    @compiled
    def run(first: Tensor, count: Tensor) -> None:
        for step in tf.range(first, first + count):
            with tf.GradientTape() as tape:
                total = tf.reduce_sum(cost(rows[step]))
            adam.apply(tape.gradient(total, adam.variables), step)

    return lambda first, count: run(tf.constant(first), tf.constant(count))
