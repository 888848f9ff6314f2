"""What a model file says about itself, read without TensorFlow.

A `Blueprint` is what `inspect` prints and what the static checks read. Everything numeric that needs the
model to run lives in `runtime.Twin`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from siamdoctor.models.parts import Parts
from siamdoctor.models.program_parts import ProgramParts
from siamdoctor.models.text_layers import TextLayer

Sharing = Literal["shared", "separate", "none"]
# What the two embeddings go through. The four distances and two similarities have no weights of their
# own; "learned" is anything that ends in trainable units; "none" is an encoder saved alone.
HeadKind = Literal[
    "euclidean",
    "squared_euclidean",
    "manhattan",
    "cosine_distance",
    "cosine_similarity",
    "dot",
    "exp_manhattan",
    "learned",
    "none",
    "unknown",
]
DISTANCE_HEADS: frozenset[str] = frozenset({"euclidean", "squared_euclidean", "manhattan", "cosine_distance"})
SIMILARITY_HEADS: frozenset[str] = frozenset({"cosine_similarity", "dot", "exp_manhattan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPort:
    """One input of the model. `shape` is without the batch axis; None is an axis of free length."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNote:
    """One layer of the encoder or the head, in order of computation.

    units: units, filters or output dimension, where the layer has such. activation: its name, or None.
    settings: the few further scalars of the layer's config that checks read (momentum, epsilon, rate,
    axis, scale, use_bias, trainable ...), as name and printed value.
    """

    name: str
    class_name: str
    units: int | None = None
    activation: str | None = None
    trainable: bool = True
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWeight:
    """One stored array. `load()` reads it from the file on demand as float32/float64, read-only.

    part: "encoder" (or the left tower), "second tower", "head" or "other". variable: "kernel", "bias",
    "gamma", "beta", "moving_mean", "moving_variance", "embeddings" ... initializer: class name of the
    initialiser in the layer's config ("GlorotUniform", "Zeros"), or None.
    """

    part: str
    layer: str
    layer_class: str
    variable: str
    shape: tuple[int, ...]
    initializer: str | None
    load: Callable[[], NDArray[np.floating]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lambda:
    """A Lambda layer: its name, where it stands, and what it was recognised or replaced as (or None)."""

    name: str
    place: Literal["encoder", "encoder end", "head", "input"]
    recognised_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """The part that turns one sample into one embedding.

    dimension: length of the embedding, None if unknown. activation: of the last layer that has one, seen
    from the end ("linear" where none). unit_norm: the last operation scales each embedding to length 1.
    left_out: names of layers at its end that hold code: embeddings are taken before them.
    """

    name: str
    input_shape: tuple[int | None, ...]
    dimension: int | None
    layers: tuple[LayerNote, ...]
    activation: str
    unit_norm: bool
    has_batch_norm: bool
    has_rescaling: bool
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What turns two embeddings into the model's output.

    merge: how the two sides meet ("absolute_difference", "difference", "squared_difference", "product",
    "concatenate", "euclidean", "cosine_similarity" ...), None where unknown. units and activation are
    those of the last trainable layer. recognised_by: "layers", "operations", "class name",
    "bytecode names", "function name", "assumed" or "absent". layers: the head's layers in order.
    higher_is_same: direction of an output without trained units, also where its kind has no name.
    """

    kind: HeadKind
    merge: str | None
    units: int | None
    activation: str | None
    recognised_by: str
    layers: tuple[LayerNote, ...] = ()
    higher_is_same: bool | None = None

    @property
    def learned(self) -> bool:
        """Whether trainable units turn the comparison into the output."""
        return self.kind == "learned"

    @property
    def has_batch_norm(self) -> bool:
        """Whether a BatchNormalization lies between the comparison and the output."""
        return any(layer.class_name == "BatchNormalization" for layer in self.layers)

    @property
    def constant(self) -> bool:
        """Whether the output is 1 whatever the weights: a softmax over one unit."""
        return self.learned and self.units == 1 and self.activation == "softmax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A model file, explained.

    ignored_inputs: inputs that reach no output. second_encoder: the other tower where twins is
    "separate". batch_coupled: names of layers that reduce or normalise over the batch axis.
    unreadable and advice are sentences for people; advice names the option that would help. parts: what
    the runtime loads, None where the encoder was not found. text: the layer that makes the encoder's numbers of a
    text, None where the model takes numbers. program: what the runtime runs instead of parts, where the file is a
    SavedModel that holds no layers. accuracy_may_be_own: the file's `accuracy` may be Keras' own metric or a
    function of the user's of that name; the format does not tell.
    """

    path: Path
    format: str
    keras_version: str | None
    twins: Sharing
    encoder: Encoder | None
    second_encoder: Encoder | None
    head: Head
    inputs: tuple[InputPort, ...]
    outputs: int
    ignored_inputs: tuple[str, ...]
    same_input_twice: bool
    batch_coupled: tuple[str, ...]
    loss: str | None
    loss_from_logits: bool
    metrics: tuple[str, ...]
    optimizer: str | None
    learning_rate: float | None
    lambdas: tuple[Lambda, ...]
    weights: tuple[StoredWeight, ...]
    unreadable: tuple[str, ...]
    advice: tuple[str, ...]
    assumed: tuple[str, ...]
    parts: Parts | None = field(default=None, repr=False, compare=False)
    text: TextLayer | None = field(default=None, repr=False, compare=False)
    program: ProgramParts | None = field(default=None, repr=False, compare=False)
    accuracy_may_be_own: bool = False
