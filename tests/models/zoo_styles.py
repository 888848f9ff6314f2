"""The models of the zoo by the names of their styles, each with what a reader should make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers, ops
from zoo import (
    DistanceLayer,
    EuclideanDistance,
    L1Dist,
    attention,
    backbone,
    branching,
    encoder,
    euclidean,
    euclidean_distance,
    flat,
    list_tower,
    lopsided,
    normalising_lambda,
    pair_axis,
    preprocessing,
    recurrent_flat,
    same_input,
    separate,
    sequential,
    series,
    sigmoid,
    tabular,
    text,
    triplet,
    twin,
    two_distances,
    wrapped,
)


@dataclass(frozen=True, kw_only=True)
class Style:
    """How to build a model, and what is to be read from its file."""

    build: Callable[[], keras.Model]
    twins: str = "shared"
    kind: str = "learned"
    merge: str | None = None
    by: str = "operations"


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
