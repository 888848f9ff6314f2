"""Make `keras2_models.tar.xz`: models saved by Keras 2, which the test suite itself cannot run.

Run by hand in an environment that has `tf_keras`, the continuation of Keras 2:

    python tests/models/make_keras2_files.py

Each model is stored as `.h5` and, where Keras 2 can, as `.keras`, with two inputs and what the model
answered to them.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import backend as K  # noqa: N812  (its name in every program of that time)
from tf_keras import layers


def encoder(name: str = "encoder") -> keras.Model:
    given = layers.Input((6, 6, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(given))
    return keras.Model(given, layers.Dense(6)(layers.Flatten()(x)), name=name)


def sequential() -> keras.Model:
    first = layers.Conv2D(4, 3, activation="relu", input_shape=(6, 6, 1))
    return keras.Sequential([first, layers.DepthwiseConv2D(2), layers.Flatten(), layers.Dropout(0.2), layers.Dense(6)])


def twin(head: Callable, tower: Callable[[], keras.Model] = encoder) -> keras.Model:
    left, right = (layers.Input((6, 6, 1), name=name) for name in ("left", "right"))
    shared = tower()
    return keras.Model([left, right], head(shared(left), shared(right)))


def sigmoid(x):
    return layers.Dense(1, activation="sigmoid")(x)


def euclidean_distance(sides):
    x, y = sides
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def flat() -> keras.Model:
    left, right = (layers.Input((6, 6, 1), name=name) for name in ("left", "right"))
    convolution, flatten, dense = layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(6)
    return keras.Model(
        [left, right], sigmoid(layers.Subtract()([dense(flatten(convolution(x))) for x in (left, right)]))
    )


def separate() -> keras.Model:
    left, right = (layers.Input((6, 6, 1), name=name) for name in ("left", "right"))
    return keras.Model([left, right], sigmoid(layers.Concatenate()([encoder("one")(left), encoder("other")(right)])))


def same_input() -> keras.Model:
    left, right = (layers.Input((6, 6, 1), name=name) for name in ("left", "right"))
    shared = encoder()
    return keras.Model([left, right], sigmoid(layers.Subtract()([shared(left), shared(left)])))


def text(cell: layers.Layer) -> keras.Model:
    given = layers.Input((7,), dtype="int32")
    tower = keras.Model(given, cell(layers.Embedding(50, 4, mask_zero=True)(given)))
    left, right = (layers.Input((7,), dtype="int32", name=name) for name in ("left", "right"))
    return keras.Model([left, right], sigmoid(layers.Subtract()([tower(left), tower(right)])))


def preprocessed() -> keras.Model:
    given = layers.Input((6, 6, 3))
    x = keras.applications.resnet.preprocess_input(keras.applications.mobilenet_v2.preprocess_input(given))
    tower = keras.Model(given, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x)))
    left, right = (layers.Input((6, 6, 3), name=name) for name in ("left", "right"))
    return keras.Model([left, right], sigmoid(layers.Subtract()([tower(left), tower(right)])))


def frozen() -> keras.Model:
    tower = encoder()
    tower.trainable = False
    return tower


def normalised() -> keras.Model:
    given = layers.Input((6, 6, 1))
    return keras.Model(
        given, layers.Lambda(lambda x: K.l2_normalize(x, axis=1))(layers.Dropout(0.3)(encoder("in")(given)))
    )


MODELS: dict[str, Callable[[], keras.Model]] = {
    "lambda-euclidean": lambda: twin(lambda a, b: layers.Lambda(euclidean_distance)([a, b])),
    "lambda-absolute": lambda: twin(
        lambda a, b: sigmoid(layers.Lambda(lambda t: K.abs(t[0] - t[1]))([a, b])), sequential
    ),
    "tf-euclidean": lambda: twin(
        lambda a, b: tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(a - b), axis=1, keepdims=True), 1e-7))
    ),
    "tf-norm": lambda: twin(lambda a, b: tf.norm(a - b, axis=1)),
    "tf-cosine": lambda: twin(
        lambda a, b: tf.reduce_sum(tf.math.l2_normalize(a, axis=1) * tf.math.l2_normalize(b, axis=1), axis=1)
    ),
    "dot": lambda: twin(lambda a, b: layers.Dot(axes=1)([a, b]), normalised),
    "flat": flat,
    "separate": separate,
    "same-input": same_input,
    "frozen": lambda: twin(lambda a, b: sigmoid(tf.abs(a - b)), frozen),
    "lstm": lambda: text(layers.LSTM(6)),
    "bidirectional": lambda: text(layers.Bidirectional(layers.GRU(5))),
    "preprocessed": preprocessed,
    "encoder": encoder,
    "sequential": sequential,
}
AS_SAVEDMODEL = ("lambda-euclidean", "bidirectional", "separate", "sequential")


def main() -> None:
    """Write the archive beside this file."""
    rng = np.random.default_rng(0)
    target = Path(__file__).with_name("keras2_models.tar.xz")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(target, "w:xz", preset=9) as archive:
        for name, build in MODELS.items():
            keras.utils.set_random_seed(0)
            model = build()
            for layer in model.submodules:
                if isinstance(layer, layers.BatchNormalization):
                    layer.moving_mean.assign(np.linspace(0.0, 0.2, layer.moving_mean.shape[0]))
            inputs = []
            for port in model.inputs:
                shape = (6, *port.shape[1:])
                inputs.append(rng.integers(0, 50, shape) if "int" in str(port.dtype) else rng.random(shape))
            inputs = [np.float32(np.round(x, 2)) if x.dtype.kind == "f" else x.astype("int32") for x in inputs]
            outputs = model.predict(inputs, verbose=0)
            model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.002), metrics=["accuracy"])
            np.savez(f"{folder}/{name}.npz", *inputs, outputs=outputs)
            for extension in ("h5", "keras"):
                path = Path(f"{folder}/{name}.{extension}")
                try:
                    model.save(path)
                except (TypeError, ValueError):  # Keras 2 cannot write a slice into a .keras file
                    continue
                archive.add(path, path.name)
            if name in AS_SAVEDMODEL:
                _add_savedmodel(archive, model, Path(f"{folder}/{name}"))
            archive.add(f"{folder}/{name}.npz", f"{name}.npz")


def _add_savedmodel(archive: tarfile.TarFile, model: keras.Model, path: Path) -> None:
    """A SavedModel without its program, which is large and which the reader does not look at."""
    model.save(path, save_format="tf")
    (path / "saved_model.pb").write_bytes(b"")
    archive.add(path, path.name)


if __name__ == "__main__":
    main()
