"""SavedModels that hold a program and no layers, as `model.export` and `tf.saved_model.save` write them."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf
import zoo
from keras import layers


def dot_of_raw() -> keras.Model:
    return zoo.twin(lambda a, b: layers.Dot(axes=1, normalize=True)([a, b]))


def softmax() -> keras.Model:
    return zoo.twin(lambda a, b: layers.Dense(2, activation="softmax")(abs(a - b)))


def with_distance() -> keras.Model:
    left, right = zoo.images("left", "right")
    tower = zoo.encoder()
    sides = tower(left), tower(right)
    return keras.Model([left, right], [*sides, zoo.euclidean(*sides)])


def anchored() -> keras.Model:
    """Inputs in an order that is not that of their names."""
    return zoo.triplet(zoo.two_distances)


def embeddings_alone() -> keras.Model:
    return zoo.triplet(lambda *sides: list(sides))


def rescaled() -> keras.Model:
    given = layers.Input((8, 8, 1))
    x = layers.Dense(6, activation="tanh")(layers.Flatten()(layers.Rescaling(1 / 127.5, -1)(given)))
    return keras.Model(given, layers.UnitNormalization()(x), name="tower")


class Pairs(tf.Module):
    """A program of one's own, with a batch of `size` pairs at a time."""

    def __init__(self, size: int | None = None) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.random.stateless_normal((64, 4), (1, 2)), name="kernel")
        image = tf.TensorSpec((size, 8, 8, 1))
        self.pair = tf.function(self.distance, input_signature=[image, image])
        self.one = tf.function(self.embedding, input_signature=[image])
        self.failing = tf.function(self.refusal, input_signature=[image])

    def embedding(self, x):
        return tf.reshape(x, (-1, 64)) @ self.kernel

    def distance(self, left, right):
        gap = self.embedding(left) - self.embedding(right)
        tf.print("a program may print")
        return tf.norm(gap, axis=1)

    def refusal(self, x):
        with tf.control_dependencies([tf.debugging.assert_greater(tf.reduce_sum(x), 1e9, "not my kind of picture")]):
            return self.embedding(x)


def exported(model: keras.Model, folder: Path) -> Path:
    model.export(folder, verbose=False)
    return folder


def saved_module(module: tf.Module, folder: Path, **signatures: object) -> Path:
    tf.saved_model.save(module, str(folder), signatures=signatures or None)
    return folder
