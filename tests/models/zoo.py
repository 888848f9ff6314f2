"""Small Siamese models in the styles of public code, and samples that fit them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="Tests")
class EuclideanDistance(layers.Layer):
    def call(self, sides):
        return euclidean(*sides)


@keras.saving.register_keras_serializable(package="Tests")
class L1Dist(layers.Layer):
    def call(self, left, right):
        return abs(left - right)


@keras.saving.register_keras_serializable(package="Tests")
class DistanceLayer(layers.Layer):
    def call(self, anchor, positive, negative):
        near = ops.sum(ops.square(anchor - positive), -1)
        return near, ops.sum(ops.square(anchor - negative), -1)


def euclidean(left, right):
    return ops.sqrt(ops.maximum(ops.sum(ops.square(left - right), axis=1, keepdims=True), 1e-7))


def euclidean_distance(sides):
    return euclidean(*sides)


def encoder(name: str = "encoder", size: int = 6) -> keras.Model:
    given = layers.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu")(given)
    x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    return keras.Model(given, layers.Dense(size)(x), name=name)


def sequential() -> keras.Model:
    stack = [layers.Conv2D(4, 3), layers.ReLU(), layers.Flatten(), layers.Dropout(0.3), layers.Dense(6)]
    return keras.Sequential([layers.Input((8, 8, 1)), *stack], name="tower")


def images(*names: str) -> list[keras.KerasTensor]:
    return [layers.Input((8, 8, 1), name=name) for name in names]


def twin(head, tower: Callable[[], keras.Model] = encoder) -> keras.Model:
    left, right = images("left", "right")
    shared = tower()
    return keras.Model([left, right], head(shared(left), shared(right)))


def sigmoid(x):
    return layers.Dense(1, activation="sigmoid")(x)


def flat() -> keras.Model:
    left, right = images("left", "right")
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(6)]
    sides = []
    for side in (left, right):
        x = side
        for layer in stack:
            x = layer(x)
        sides.append(x)
    return keras.Model([left, right], sigmoid(layers.Subtract()(sides)))


def separate() -> keras.Model:
    left, right = images("left", "right")
    return keras.Model([left, right], sigmoid(abs(encoder("one")(left) - encoder("other")(right))))


def same_input() -> keras.Model:
    left, right = images("left", "right")
    shared = encoder()
    return keras.Model([left, right], sigmoid(abs(shared(left) - shared(left))))


def branching() -> keras.Model:
    given = layers.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, padding="same")(given)
    x = layers.Add()([layers.Conv2D(4, 3, padding="same")(x), layers.Conv2D(4, 1)(x)])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    parts = [layers.Dense(5)(x), layers.Dense(5, activation="tanh")(x)]
    return keras.Model(given, layers.Concatenate()(parts[::-1]), name="branching")


def wrapped() -> keras.Model:
    given = layers.Input((8, 8, 1))
    inner = layers.Dropout(0.3)(encoder("inner")(given))
    return keras.Model(given, layers.UnitNormalization()(inner), name="wrapped")


def normalising_lambda() -> keras.Model:
    given = layers.Input((8, 8, 1))
    x = layers.Dense(6)(layers.Flatten()(given))
    return keras.Model(given, layers.Lambda(lambda t: keras.ops.normalize(t, axis=-1))(x))


def triplet(head) -> keras.Model:
    sides = images("anchor", "positive", "negative")
    shared = encoder()
    return keras.Model(sides, head(*[shared(side) for side in sides]))


def two_distances(anchor, positive, negative):
    return ops.concatenate([euclidean(anchor, positive), euclidean(anchor, negative)], axis=1)


def pair_axis() -> keras.Model:
    pair = layers.Input((2, 8, 8, 1))
    shared = encoder()
    return keras.Model(pair, euclidean(shared(pair[:, 0]), shared(pair[:, 1])))


def text(cell: layers.Layer) -> keras.Model:
    given = layers.Input((7,), dtype="int32")
    tower = keras.Model(given, cell(layers.Embedding(50, 8, mask_zero=True)(given)), name="text")
    left, right = (layers.Input((7,), dtype="int32", name=name) for name in ("left", "right"))
    return keras.Model([left, right], sigmoid(abs(tower(left) - tower(right))))


def recurrent_flat() -> keras.Model:
    left, right = (layers.Input((7,), dtype="int32", name=name) for name in ("left", "right"))
    embedding, cell = layers.Embedding(50, 8, mask_zero=True), layers.LSTM(6)
    sides = [cell(embedding(side)) for side in (left, right)]
    return keras.Model([left, right], ops.exp(-ops.sum(abs(sides[0] - sides[1]), axis=1, keepdims=True)))


def list_tower() -> keras.Model:
    given = layers.Input((8, 8, 1))
    tower = keras.Model([given], [layers.Dense(6)(layers.Flatten()(given))])
    left, right = images("left", "right")
    return keras.Model([left, right], euclidean(*[keras.tree.flatten(tower(side))[0] for side in (left, right)]))


def preprocessing() -> keras.Model:
    left, right = images("left", "right")
    shared = encoder()
    sides = [shared(layers.Rescaling(1 / 255)(side)) for side in (left, right)]
    return keras.Model([left, right], euclidean(*sides))


def lopsided() -> keras.Model:
    left, right = images("left", "right")
    shared = encoder()
    return keras.Model([left, right], euclidean(shared(layers.Rescaling(3.0)(left)), shared(right)))


def attention() -> keras.Model:
    given = layers.Input((7, 6))
    x = layers.LayerNormalization()(layers.MultiHeadAttention(2, 3)(given, given) + given)
    tower = keras.Model(given, layers.GlobalAveragePooling1D()(x), name="attention")
    left, right = (layers.Input((7, 6), name=name) for name in ("left", "right"))
    return keras.Model([left, right], euclidean(tower(left), tower(right)))


def series() -> keras.Model:
    given = layers.Input((None, 3))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(4, 3, activation="relu")(given))
    tower = keras.Model(given, x, name="series")
    left, right = (layers.Input((None, 3), name=name) for name in ("left", "right"))
    return keras.Model([left, right], layers.Dot(axes=1, normalize=True)([tower(left), tower(right)]))


def tabular() -> keras.Model:
    tower = keras.Sequential([layers.Input((5,)), layers.Dense(8, activation="relu"), layers.Dense(3)])
    left, right = (layers.Input((5,), name=name) for name in ("left", "right"))
    return keras.Model([left, right], ops.norm(tower(left) - tower(right), axis=-1))


def backbone() -> keras.Model:
    body = keras.applications.MobileNetV2((32, 32, 3), weights=None, include_top=False, pooling="avg", alpha=0.35)
    given = layers.Input((32, 32, 3))
    x = body(keras.applications.mobilenet_v2.preprocess_input(given))
    tower = keras.Model(given, layers.Dense(8)(x), name="backbone")
    left, right = (layers.Input((32, 32, 3), name=name) for name in ("left", "right"))
    return keras.Model([left, right], euclidean(tower(left), tower(right)))


def samples_for(model: keras.Model, seed: int = 0, count: int = 12) -> list[np.ndarray]:
    """Inputs that fit a model, one array for each."""
    rng = np.random.default_rng(seed)
    given = []
    for port in model.inputs:
        shape = (count, *[5 if axis is None else axis for axis in port.shape[1:]])
        whole = "int" in port.dtype
        given.append(rng.integers(0, 50, shape).astype("int32") if whole else rng.random(shape, dtype=np.float32))
    return given
