"""A Siamese model that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import Blueprint
from siamdoctor.models.runtime.building import Arrays, build, compiled_call, copy_with, widest
from siamdoctor.models.runtime.configs import Configs
from siamdoctor.models.runtime.hidden_units import HiddenLayer, hidden_layers
from siamdoctor.models.runtime.normalizations import carry_over
from siamdoctor.models.runtime.softmax import without_softmax
from siamdoctor.models.runtime.statistics import statistics_moved, with_statistics

if TYPE_CHECKING:
    import keras

FloatArray = NDArray[np.float32]
BATCH_ELEMENTS = 1 << 27  # numbers that a layer may give for one batch: half a gigabyte


@dataclass(slots=True, eq=False)
class Twin:
    """A Siamese model that runs: one encoder (two where the towers are untied) and, if known, the head."""

    blueprint: Blueprint
    encoder: keras.Model
    second_encoder: keras.Model | None
    head: keras.Model | None
    configs: Configs
    _compiled: dict[tuple[int, bool], Callable[[object], object]] = field(default_factory=dict, kw_only=True)

    @property
    def why_untrainable(self) -> str | None:
        """Why no training can be tried on it, None where one can."""
        return None

    @property
    def can_compare(self) -> bool:
        """Whether the model's own comparison of two embeddings is known."""
        return self.head is not None

    def embed(
        self, x: NDArray[np.generic], *, side: int = 0, training: bool = False, batch_size: int = 256
    ) -> FloatArray:
        """Embeddings of samples.

        Args:
            x: (n, *input shape).
            side: 1 for the second tower of a model with untied towers; the same as 0 in any other.
            training: run dropout and BatchNorm as in training. No statistics are changed by it.
            batch_size: how many samples at a time; fewer where the network is so wide that memory asks for it.

        Returns:
            (n, d), one row a sample; feature maps are flattened.

        Raises:
            ValueError: the samples have another number of axes than the encoder takes.
        """
        model = self.second_encoder if side and self.second_encoder is not None else self.encoder
        data = np.asarray(x)
        if len(data.shape) != len(model.inputs[0].shape):
            raise ValueError(f"The encoder takes {model.inputs[0].shape[1:]}. Received: x of {data.shape[1:]}")
        step = self._step(model, training=training)
        cast = data.astype(model.inputs[0].dtype, copy=False)
        batch = min(batch_size, max(1, BATCH_ELEMENTS // widest(model)))
        chunks = [step(cast[start : start + batch]) for start in range(0, len(cast), batch)]
        if not chunks:
            return np.zeros((0, _width(model)), np.float32)
        return np.concatenate([np.asarray(c, np.float32) for c in chunks]).reshape(len(cast), -1)

    def compare(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """The model's output for pairs of embeddings.

        Args:
            left: (p, d) embeddings of the first side.
            right: (p, d) embeddings of the second side. A head that was wired to one side twice ignores
                the other here as well.

        Returns:
            (p,): the output; of two softmax units the second.

        Raises:
            Unavailable: the file has no head, or its head is not known.
        """
        if self.head is None:
            raise Unavailable("the model's own comparison of embeddings is not in the file or not readable")
        same = None if self.blueprint.parts is None else self.blueprint.parts.same_input
        if same is not None:
            left, right = (right, right) if same else (left, left)
        if len(left) == 0:
            return np.zeros(0, np.float32)
        step = self._step(self.head, training=False)
        sides = [
            np.asarray(side, np.float32).reshape(len(side), *port.shape[1:])
            for side, port in zip((left, right), self.head.inputs, strict=True)
        ]
        output = np.asarray(step(sides), np.float32)
        if output.size % len(left) or output.size == 0:
            raise Unavailable(f"the head gives {output.size} numbers for {len(left)} pairs: it mixes the batch")
        flat = output.reshape(len(left), -1)
        if flat.shape[1] == 1:
            return flat[:, 0]
        if flat.shape[1] == 2:  # noqa: PLR2004  (softmax over "different" and "same")
            return flat[:, 1]
        raise Unavailable(f"the head gives {flat.shape[1]} numbers for a pair, not one")

    def predict(self, left: FloatArray, right: FloatArray, *, batch_size: int = 256) -> FloatArray:
        """The whole model on pairs of samples, batch by batch.

        Args:
            left: (p, *input shape).
            right: (p, *input shape).
            batch_size: how many pairs the model sees at once; matters only where it couples them.

        Returns:
            (p,) outputs.
        """
        chunks = [
            self.compare(
                self.embed(left[start : start + batch_size], batch_size=batch_size),
                self.embed(right[start : start + batch_size], side=1, batch_size=batch_size),
            )
            for start in range(0, len(left), batch_size)
        ]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)

    def hidden_layers(self, x: NDArray[np.generic]) -> tuple[HiddenLayer, ...]:
        """What the layers with a sigmoid or tanh give that lie before the embedding.

        Args:
            x: (n, *input shape).
        """
        return hidden_layers(self.encoder, x)

    def reinitialised(self, seed: int) -> Twin:
        """The same architecture with fresh weights from each layer's own initialiser."""
        fresh = assemble(self.blueprint, self.configs.seeded(seed), None)
        carry_over(self.encoder, fresh.encoder)
        if self.second_encoder is not None and fresh.second_encoder is not None:
            carry_over(self.second_encoder, fresh.second_encoder)
        return fresh

    def with_batch_statistics(
        self, x: NDArray[np.generic], pairs: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None
    ) -> Twin:
        """The same weights with BatchNorm's moving statistics taken anew from samples.

        All samples go through the encoder as one batch in which each BatchNorm normalises by that batch,
        so that means and variances are exact, layer by layer. Of more samples than fit, evenly spaced
        ones are used.

        Args:
            x: (n, *input shape).
            pairs: left and right samples (p, *input shape) of as many same as different pairs, for a BatchNorm
                between the comparison and the output; without them the head stays as it is.
        """
        fresh = replace(
            self,
            encoder=with_statistics(self.encoder, self.configs.encoder, [x], self.configs.own),
            second_encoder=None
            if self.second_encoder is None
            else with_statistics(self.second_encoder, self.configs.second, [x], self.configs.own),
            _compiled={},
        )
        if pairs is None or self.head is None or self.configs.head is None:
            return fresh
        sides = [
            fresh.embed(samples, side=side).reshape(len(samples), *port.shape[1:])
            for side, (samples, port) in enumerate(zip(pairs, self.head.inputs, strict=True))
        ]
        config = self.configs.head(tuple(self.encoder.output.shape))
        return replace(fresh, head=with_statistics(self.head, config, sides, self.configs.own), _compiled={})

    def statistics_moved(self, fresh: Twin) -> float:
        """How far BatchNorm's stored statistics lie from fresh ones, in standard deviations and log variances.

        Args:
            fresh: what `with_batch_statistics` made of this twin.
        """
        parts = [(self.encoder, fresh.encoder), (self.head, fresh.head)]
        return max(statistics_moved(old, new) for old, new in parts if old is not None and new is not None)

    def with_sigmoid(self) -> Twin:
        """The same weights with the head's last softmax swapped for a sigmoid.

        Raises:
            Unavailable: there is no head, or it does not end in a softmax.
        """
        if self.head is None or self.configs.head is None:
            raise Unavailable("the head is not known")
        before = self.configs.head
        config = without_softmax(before(tuple(self.encoder.output.shape)))
        head = copy_with(self.head, config, self.configs.own)
        configs = replace(self.configs, head=lambda shape: without_softmax(before(shape)))
        return replace(self, head=head, configs=configs, _compiled={})

    def _step(self, model: keras.Model, *, training: bool) -> Callable[[object], object]:
        """A compiled call that is traced once, whatever the batch size, and changes no state."""
        key = (id(model), training)
        if key not in self._compiled:
            self._compiled[key] = compiled_call(model, training=training)
        return self._compiled[key]


def _width(model: keras.Model) -> int:
    """How many numbers the encoder gives for one sample."""
    return int(np.prod([axis or 1 for axis in model.output.shape[1:]]))


def assemble(blueprint: Blueprint, configs: Configs, arrays: Arrays | None) -> Twin:
    """Build the parts; `arrays` None leaves them as their initialisers made them."""
    encoder = build(configs.encoder, arrays, blueprint.path, configs.own)
    second = None if configs.second is None else build(configs.second, arrays, blueprint.path, configs.own)
    head = None
    if configs.head is not None:
        head = build(configs.head(tuple(encoder.output.shape)), arrays, blueprint.path, configs.own)
    return Twin(blueprint=blueprint, encoder=encoder, second_encoder=second, head=head, configs=configs)
