"""What public code puts between two embeddings and the output."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import keras
from keras import KerasTensor, layers, ops
from keras.layers import Layer

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import HeadPlan


def merged(head: HeadPlan, left: KerasTensor, right: KerasTensor) -> KerasTensor:
    """The model's output (batch, 1), or (batch, 2) of a classifier, from two embeddings (batch, d)."""
    x = _compared(head, left, right)
    for units in head.hidden:
        x = layers.Dense(units, activation="relu")(x)
    if head.batch_norm:
        x = layers.BatchNormalization()(x)
    if head.output is not None:
        start = "glorot_uniform" if head.slope is None else keras.initializers.Constant(head.slope)
        x = layers.Dense(head.classes, activation=head.output, kernel_initializer=start)(x)
    return x


def _compared(head: HeadPlan, left: KerasTensor, right: KerasTensor) -> KerasTensor:
    """The merge alone, written as the style writes it."""
    match head.name:
        case "euclidean-layer":
            merge = euclidean_layer()(epsilon=head.epsilon, name="distance")
        case "euclidean-lambda":
            merge = _euclidean_lambda(head.epsilon)
        case "cosine-similarity":
            merge = layers.Dot(axes=1, normalize=True)
        case "concatenation":
            merge = layers.Concatenate()
        case _:
            return _by_operations(head, left, right)
    return merge([left, right])


def _euclidean_lambda(epsilon: float) -> Layer:
    """The Lambda of Keras' own mnist_siamese example."""

    def euclidean(pair: list[KerasTensor]) -> KerasTensor:
        total = ops.sum(ops.square(pair[0] - pair[1]), axis=1, keepdims=True)
        return ops.sqrt(ops.maximum(total, epsilon))

    return layers.Lambda(euclidean, output_shape=(1,), name="distance")


def _by_operations(head: HeadPlan, left: KerasTensor, right: KerasTensor) -> KerasTensor:
    """Merges that people write as raw operations."""
    gap = ops.subtract(left, right)
    if head.name == "cosine-distance":
        return ops.subtract(1.0, layers.Dot(axes=1, normalize=True)([left, right]))
    if head.name == "absolute-difference":
        return ops.absolute(gap)
    if head.name == "exp-manhattan":
        return ops.exp(ops.negative(ops.sum(ops.absolute(gap), axis=1, keepdims=True)))
    total = ops.sum(ops.square(gap), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(total, head.epsilon) if head.epsilon else total)


@cache
def euclidean_layer() -> type[Layer]:
    """A registered layer class, as tutorials write it; made once, because Keras registers it by name."""

    @keras.saving.register_keras_serializable(package="tutorial")
    class EuclideanDistance(layers.Layer):  # type: ignore[misc]  # Keras ships no types
        """Euclidean distance of two embeddings (batch, d), as (batch, 1)."""

        def __init__(self, epsilon: float = 1e-7, **options: object) -> None:
            super().__init__(**options)
            self.epsilon = epsilon

        def call(self, pair: list[KerasTensor]) -> KerasTensor:
            total = ops.sum(ops.square(pair[0] - pair[1]), axis=1, keepdims=True)
            return ops.sqrt(ops.maximum(total, self.epsilon) if self.epsilon else total)

        def get_config(self) -> dict[str, object]:
            return {**super().get_config(), "epsilon": self.epsilon}

    return EuclideanDistance
