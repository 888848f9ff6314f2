"""Twin networks in the styles of public code, built from a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
from keras import KerasTensor, Model, layers
from keras.layers import Layer

from siamdoctor.faults.heads import merged

if TYPE_CHECKING:
    from collections.abc import Callable

    from siamdoctor.faults.recipe import EncoderPlan, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """model: what is trained and saved. encoders: the embedding network of each side (one or two)."""

    model: Model
    encoders: tuple[Model, ...]


def build_network(recipe: Recipe, shape: tuple[int, ...]) -> Network:
    """The untrained network of a recipe for samples of this shape."""
    encoders = [build_encoder(recipe.encoder, shape, "encoder")]
    head = recipe.head
    if head.name == "none":
        return Network(model=encoders[0], encoders=tuple(encoders))
    if head.towers == "separate":
        encoders.append(build_encoder(recipe.encoder, shape, "encoder_right"))
    left, right = keras.Input(shape, name="left"), keras.Input(shape, name="right")
    second = left if head.towers == "same-input" else right
    sides = (_applied(encoders[0], left, flat=head.flat), _applied(encoders[-1], second, flat=head.flat))
    output = merged(head, *sides)
    return Network(model=keras.Model([left, right], output, name="siamese"), encoders=tuple(encoders))


def _applied(encoder: Model, x: KerasTensor, *, flat: bool) -> KerasTensor:
    """The embedding of x: one nested call, or the encoder's layers one by one in the outer model."""
    if not flat:
        return encoder(x)
    for layer in encoder.layers[1:]:
        x = layer(x)
    return x


def build_encoder(plan: EncoderPlan, shape: tuple[int, ...], name: str) -> Model:
    """The embedding network alone."""
    stack: list[Layer] = []
    if plan.rescaling is not None:
        stack.append(layers.Rescaling(*plan.rescaling))
    stack += _body(plan, shape)
    stack.append(layers.Dense(plan.dimension, activation=plan.embedding_activation, name=f"{name}_embedding"))
    if plan.over_batch:
        stack.append(layers.UnitNormalization(axis=0))
    if plan.unit_norm:
        stack.append(layers.UnitNormalization())
    if plan.sequential:
        encoder = keras.Sequential([keras.Input(shape), *stack], name=name)
    else:
        x = inputs = keras.Input(shape)
        for layer in stack:
            x = layer(x)
        encoder = keras.Model(inputs, x, name=name)
    encoder.trainable = plan.trainable
    return encoder


def _body(plan: EncoderPlan, shape: tuple[int, ...]) -> list[Layer]:
    """Hidden layers: BatchNormalization stands before the activation, Dropout after it."""
    convolves = plan.body == "conv" and len(shape) > 1
    stack: list[Layer] = [] if convolves or len(shape) == 1 else [layers.Flatten()]
    for depth, units in enumerate(plan.units):
        stack.append(_conv(units, shape) if convolves else layers.Dense(units))
        if plan.batch_norm:
            stack.append(layers.BatchNormalization(momentum=plan.momentum))
        stack.append(layers.Activation(plan.activation))
        if convolves and depth < 2:  # noqa: PLR2004  (8 x 8 images can be halved twice)
            stack.append(layers.MaxPooling2D() if len(shape) == 3 else layers.MaxPooling1D())  # noqa: PLR2004
        if plan.dropout:
            stack.append(layers.Dropout(plan.dropout))
    return [*stack, layers.Flatten()] if convolves else stack


def _conv(filters: int, shape: tuple[int, ...]) -> Layer:
    """A convolution over images (H, W, C) or series (T, C)."""
    of_rank: Callable[..., Layer] = layers.Conv2D if len(shape) == 3 else layers.Conv1D  # noqa: PLR2004
    return of_rank(filters, 3, padding="same")
