"""Short trainings of one encoder, again and again from given weights: traced once, every trial then cheap."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.errors import Unavailable
from siamdoctor.models.runtime import import_keras, silenced
from siamdoctor.models.runtime.normalizations import refresh
from siamdoctor.trials.comparisons import EUCLIDEAN, Comparison, distances
from siamdoctor.trials.sweep_losses import LossKind, batch_cost, mines_triplets
from siamdoctor.trials.training_backend import Adam, compiled, tensorflow

if TYPE_CHECKING:
    import keras
    from tensorflow import Tensor

    from siamdoctor.models.runtime import Twin

CHUNK = 20  # steps between two looks at the clock
LEARNING_RATE = 1e-3
Weights = tuple[NDArray[np.generic], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """How one short training is done. steps: of Adam, whose rate falls to nearly nothing at the last one.

    flipped: same-class pairs are told apart and different ones together, as inverted labels do.
    shuffled: every pair keeps one label of its own that has nothing to do with identity. Both are for pairs alone.
    """

    margin: float
    steps: int
    rate: float = LEARNING_RATE
    flipped: bool = False
    shuffled: bool = False


class OutOfTime(Exception):  # noqa: N818  (reads in "raise OutOfTime" as what it is)
    """The deadline passed in the middle of a training."""


class Trainer:
    """One architecture on one set of samples. Towers that are not tied are two encoders."""

    def __init__(
        self,
        encoders: Sequence[keras.Model],
        samples: FloatArray,
        identity: IndexArray,
        kind: LossKind,
        comparison: Comparison = EUCLIDEAN,
    ) -> None:
        """Keep the samples (n, *shape) with their identities (n,); nothing is traced yet.

        A head that compares trains along with the encoders; its weights come after theirs.
        """
        tf = tensorflow()
        self.kind, self.encoders, self._comparison = kind, tuple(encoders), comparison
        self._models = (*self.encoders, *comparison.models)
        self.use(samples, identity)
        if not any(encoder.trainable_variables for encoder in self.encoders):
            for layer in (layer for encoder in self.encoders for layer in encoder.layers):
                layer.trainable = True  # one by one: a model that calls itself trainable does not pass it on
        self._margin, self._flip, self._noise = tf.Variable(1.0), tf.Variable(0.0), tf.Variable(0.0)
        trained = [v.value for model in self._models for v in model.trainable_variables]
        self._adam = Adam(trained, rate=LEARNING_RATE, steps=1)
        self._run = self._compiled()

    def use(self, samples: FloatArray, identity: IndexArray) -> None:
        """Take other samples (n, *shape) with their identities (n,) from now on."""
        tf = tensorflow()
        self._samples = tf.constant(samples.astype(self.encoders[0].inputs[0].dtype, copy=False))
        self._owner = tf.constant(identity.astype(np.int32))

    def train(
        self,
        start: Weights,
        batches: NDArray[np.int32],
        regimen: Regimen,
        *,
        deadline: float = float("inf"),
        progress: Callable[[int], None] = lambda _steps: None,
    ) -> None:
        """Train from these weights on batches (steps, b) of rows; progress is told the steps of each chunk.

        Raises:
            OutOfTime: the deadline (by `time.monotonic()`) passed.
        """
        put_weights(self._models, start)
        self._adam.restart(rate=regimen.rate, steps=regimen.steps)
        self._margin.assign(regimen.margin)
        self._flip.assign(float(regimen.flipped))
        self._noise.assign(float(regimen.shuffled))
        tf = tensorflow()
        for first in range(0, regimen.steps, CHUNK):
            if time.monotonic() > deadline:
                raise OutOfTime
            part = batches[first : first + min(CHUNK, regimen.steps - first)]
            with silenced():
                self._run(self._samples, self._owner, tf.constant(part), tf.constant(first))
            progress(len(part))

    def embed(self, rows: IndexArray, *, side: int = 0, batch: int = 256) -> FloatArray:
        """(k, d) embeddings of rows of the samples as the model is now, at inference."""
        encoder = self.encoders[side if side < len(self.encoders) else 0]
        tf = tensorflow()
        parts = [
            np.asarray(_inference(encoder, tf.gather(self._samples, rows[i : i + batch])), np.float32)
            for i in range(0, len(rows), batch)
        ]
        return np.concatenate(parts)

    def compare(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """(p,) what paired embeddings (p, d) are compared by as the model is now, small = alike."""
        return distances(self._comparison, left, right)

    def _compiled(self) -> Callable[[Tensor, Tensor, Tensor, Tensor], None]:
        tf = tensorflow()

        @compiled
        def run(samples: Tensor, owner: Tensor, batches: Tensor, first: Tensor) -> None:
            for number in tf.range(tf.shape(batches)[0]):
                rows = batches[number]
                with tf.GradientTape() as tape:
                    cost = self._cost(tf.gather(samples, rows), tf.gather(owner, rows), rows)
                self._adam.apply(tape.gradient(cost, self._adam.variables), first + number)

        return run

    def _cost(self, x: Tensor, owners: Tensor, rows: Tensor) -> Tensor:
        """The loss of one batch. Flipped labels call two samples of one identity strangers, and the reverse."""
        tf = tensorflow()
        if len(self.encoders) == 1:
            embedded = self.encoders[0](x, training=True)
        else:
            sides = tf.split(x, 2)
            embedded = tf.concat([e(s, training=True) for e, s in zip(self.encoders, sides, strict=True)], axis=0)
        flip = (
            self._flip if mines_triplets(self.kind) else self._flip + self._noise * (_misled(rows, owners) - self._flip)
        )
        return batch_cost(embedded, rows, owners, self._margin[None], self.kind, flip=flip, comparison=self._comparison)


def _misled(rows: Tensor, owners: Tensor) -> Tensor:
    """(p,) 1.0 where a label that depends on the pair's place alone contradicts the identities."""
    tf = tensorflow()
    left, right = tf.split(tf.cast(rows, tf.int64), 2)
    label = ((left * 7919 + right * 104729) % 1000003) % 2  # primes: no pattern that a network could find
    first, second = tf.split(owners, 2)
    return tf.abs(tf.cast(label, tf.float32) - tf.cast(first == second, tf.float32))


def _inference(encoder: keras.Model, x: Tensor) -> Tensor:
    return encoder(x, training=False)


def fresh_weights(twin: Twin, seed: int, *, first_only: bool = False) -> Weights:
    """Weights of the encoder (of both, where towers are not tied) as training would start from.

    Layers that the user froze keep what is stored: they were never to be trained, and may be pretrained. Where
    everything is frozen, everything is drawn afresh.

    Raises:
        Unavailable: the embedding is not one row of numbers, or the encoder cannot be trained.
    """
    if len(twin.encoder.output.shape) != 2:  # noqa: PLR2004  (batch, coordinates)
        raise Unavailable("the encoder does not give one row of numbers for each sample")
    stored, new = towers(twin), towers(twin.reinitialised(seed))
    if first_only:
        stored, new = stored[:1], new[:1]
    frozen = any(encoder.trainable_variables for encoder in stored)
    values: list[NDArray[np.generic]] = []
    for old, young in zip(stored, new, strict=True):
        for kept, layer in zip(old.layers, young.layers, strict=True):
            source = kept if frozen and not kept.trainable else layer
            values += [np.asarray(v.value) for v in source.variables]
    return tuple(values)


def fresh_head(twin: Twin, seed: int) -> Weights:
    """Weights of the head as training would start from."""
    head = twin.reinitialised(seed).head
    assert head is not None
    return tuple(np.asarray(v.value) for layer in head.layers for v in layer.variables)


def towers(twin: Twin) -> tuple[keras.Model, ...]:
    """The encoder, or both of them.

    Raises:
        Unavailable: they cannot be trained.
    """
    if twin.why_untrainable is not None:
        raise Unavailable(twin.why_untrainable)
    return (twin.encoder,) if twin.second_encoder is None else (twin.encoder, twin.second_encoder)


def put_weights(models: Sequence[keras.Model], values: Weights) -> None:
    """Set every variable of the models' layers, states of random generators included."""
    variables = [v for model in models for layer in model.layers for v in layer.variables]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    for model in models:
        refresh(model.layers)


def written(encoder: keras.Model) -> str:
    """The architecture as text, for another process and for the key of a journal."""
    import keras  # noqa: PLC0415  (loaded with the twin)

    return json.dumps(keras.saving.serialize_keras_object(encoder), sort_keys=True)


def read_back(text: str) -> keras.Model:
    """An encoder of a written architecture, with weights of no consequence."""
    import_keras()
    import keras  # noqa: PLC0415

    with silenced():
        return keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
