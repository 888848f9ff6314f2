"""Small Siamese models in the styles of public code, each with what a reader should make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops


@dataclass(frozen=True, kw_only=True)
class Style:
    """How to build a model, and what is to be read from its file."""

    build: Callable[[], keras.Model]
    twins: str = "shared"
    kind: str = "learned"
    merge: str | None = None
    by: str = "operations"


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


STYLES: dict[str, Style] = {
    "raw-euclidean": Style(build=lambda: twin(euclidean), kind="euclidean", merge="euclidean"),
    "registered-layer": Style(
        build=lambda: twin(lambda a, b: EuclideanDistance()([a, b])),
        kind="euclidean",
        merge="euclidean",
        by="class name",
    ),
    "lambda": Style(
        build=lambda: twin(
            lambda a, b: layers.Lambda(
                lambda t: keras.ops.sqrt(
                    keras.ops.maximum(keras.ops.sum(keras.ops.square(t[0] - t[1]), axis=1, keepdims=True), 1e-7)
                )
            )([a, b])
        ),
        kind="euclidean",
        merge="euclidean",
        by="bytecode names",
    ),
    "lambda-of-function": Style(
        build=lambda: twin(lambda a, b: sigmoid(layers.Lambda(euclidean_distance)([a, b]))),
        merge="euclidean",
        by="function name",
    ),
    "lambda-absolute": Style(
        build=lambda: twin(lambda a, b: sigmoid(layers.Lambda(lambda t: abs(t[0] - t[1]))([a, b])), sequential),
        merge="absolute_difference",
        by="bytecode names",
    ),
    "custom-l1": Style(
        build=lambda: twin(lambda a, b: sigmoid(L1Dist()(a, b))), merge="absolute_difference", by="class name"
    ),
    "absolute-difference": Style(build=lambda: twin(lambda a, b: sigmoid(abs(a - b))), merge="absolute_difference"),
    "euclidean-sigmoid": Style(build=lambda: twin(lambda a, b: sigmoid(euclidean(a, b))), merge="euclidean"),
    "normalised-sigmoid": Style(
        build=lambda: twin(lambda a, b: sigmoid(layers.BatchNormalization()(euclidean(a, b)))), merge="euclidean"
    ),
    "cosine": Style(
        build=lambda: twin(lambda a, b: layers.Dot(axes=1, normalize=True)([a, b]), sequential),
        kind="cosine_similarity",
        merge="cosine_similarity",
        by="layers",
    ),
    "unit-dot": Style(
        build=lambda: twin(
            lambda a, b: ops.sum(layers.UnitNormalization()(a) * layers.UnitNormalization()(b), axis=-1)
        ),
        kind="cosine_similarity",
        merge="cosine_similarity",
    ),
    "cosine-distance": Style(
        build=lambda: twin(lambda a, b: 1.0 - layers.Dot(axes=1, normalize=True)([a, b])),
        kind="cosine_distance",
        merge="cosine_distance",
    ),
    "concatenate": Style(
        build=lambda: twin(lambda a, b: sigmoid(layers.Dense(8, activation="relu")(layers.Concatenate()([a, b])))),
        merge="concatenate",
        by="layers",
    ),
    "difference-and-product": Style(
        build=lambda: twin(lambda a, b: sigmoid(layers.Concatenate()([abs(a - b), a * b])))
    ),
    "softmax-of-two": Style(
        build=lambda: twin(lambda a, b: layers.Dense(2, activation="softmax")(layers.Multiply()([a, b])), branching),
        merge="product",
        by="layers",
    ),
    "flat": Style(build=flat, merge="difference", by="layers"),
    "separate": Style(build=separate, twins="separate", merge="absolute_difference"),
    "same-input": Style(build=same_input, merge="absolute_difference"),
    "wrapped": Style(
        build=lambda: twin(lambda a, b: layers.Dot(axes=1)([a, b]), wrapped),
        kind="cosine_similarity",
        merge="cosine_similarity",
        by="layers",
    ),
    "encoder": Style(build=encoder, twins="none", kind="none", by="absent"),
    "sequential": Style(build=sequential, twins="none", kind="none", by="absent"),
    "normalising-lambda": Style(build=lambda: twin(euclidean, normalising_lambda), kind="euclidean", merge="euclidean"),
    "embeddings": Style(build=lambda: twin(lambda a, b: [a, b]), kind="none", by="absent"),
    "distance-and-embeddings": Style(
        build=lambda: twin(lambda a, b: [euclidean(a, b), a, b]), kind="euclidean", merge="euclidean"
    ),
    "triplet-distances": Style(build=lambda: triplet(two_distances), kind="euclidean", merge="euclidean"),
    "triplet-layer": Style(
        build=lambda: triplet(DistanceLayer()), kind="squared_euclidean", merge="squared_euclidean", by="class name"
    ),
    "triplet-stacked": Style(build=lambda: triplet(lambda *s: layers.Concatenate()(list(s))), kind="none", by="absent"),
    "pair-axis": Style(build=pair_axis, kind="euclidean", merge="euclidean"),
    "lstm": Style(build=lambda: text(layers.LSTM(6)), merge="absolute_difference"),
    "gru": Style(build=lambda: text(layers.GRU(6)), merge="absolute_difference"),
    "bidirectional": Style(build=lambda: text(layers.Bidirectional(layers.LSTM(5))), merge="absolute_difference"),
    "recurrent-flat": Style(build=recurrent_flat, kind="exp_manhattan", merge="exp_manhattan"),
    "list-tower": Style(build=list_tower, kind="euclidean", merge="euclidean"),
    "preprocessing": Style(build=preprocessing, kind="euclidean", merge="euclidean"),
    "lopsided": Style(build=lopsided, kind="euclidean", merge="euclidean"),
    "attention": Style(build=attention, kind="euclidean", merge="euclidean"),
    "series": Style(build=series, kind="cosine_similarity", merge="cosine_similarity", by="layers"),
    "tabular": Style(build=tabular, kind="euclidean", merge="euclidean"),
    "backbone": Style(build=backbone, kind="euclidean", merge="euclidean"),
}


def samples_for(model: keras.Model, seed: int = 0, count: int = 12) -> list[np.ndarray]:
    """Inputs that fit a model, one array for each."""
    rng = np.random.default_rng(seed)
    given = []
    for port in model.inputs:
        shape = (count, *[5 if axis is None else axis for axis in port.shape[1:]])
        whole = "int" in port.dtype
        given.append(rng.integers(0, 50, shape).astype("int32") if whole else rng.random(shape, dtype=np.float32))
    return given
