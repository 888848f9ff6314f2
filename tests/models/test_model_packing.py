"""Towers that take several inputs, such as tokens and their mask: a sample is one array that holds them all."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)
from keras import layers, ops  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def tokens_and_mask() -> keras.Model:
    tokens, mask = layers.Input((7,), dtype="int32", name="ids"), layers.Input((7,), dtype="int32", name="mask")
    keep = ops.expand_dims(ops.cast(mask, "float32"), -1)
    total = ops.sum(layers.Dense(6)(layers.Embedding(50, 8)(tokens)) * keep, axis=1)
    return keras.Model([tokens, mask], total / (ops.sum(keep, axis=1) + 1.0), name="text")


def inputs_of(tower, *sides):
    return [
        layers.Input(port.shape[1:], dtype=port.dtype, name=f"{port.name}_{side}")
        for side in sides
        for port in tower.inputs
    ]


def pairs_of_arrays(rng, count=9):
    """Tokens and masks of both sides, and the same as one array a side."""
    arrays = [rng.integers(0, high, (count, 7)).astype("int32") for high in (50, 2, 50, 2)]
    return arrays, np.stack(arrays[:2], axis=1), np.stack(arrays[2:], axis=1)


@pytest.mark.parametrize("extension", ["keras", "h5"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (2, 3, 0, 1)])
def test_tokens_and_mask_become_one_array(tmp_path, order, extension):
    tower = tokens_and_mask()
    ports = inputs_of(tower, "a", "b")
    model = keras.Model([ports[k] for k in order], zoo.sigmoid(abs(tower(ports[:2]) - tower(ports[2:]))))
    path = tmp_path / f"model.{extension}"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.merge, blueprint.unreadable) == ("shared", "absolute_difference", ())
    assert len(blueprint.inputs) == len(order)
    first = "ids_a, mask_a" if order[0] == 0 else "ids_b, mask_b"
    assert blueprint.encoder.input_shape == (2, 7)

    arrays, left, right = pairs_of_arrays(np.random.default_rng(0))
    if order[0] == 2:
        left, right = right, left
    assert any(sentence.startswith(f"A side takes {first}: ") for sentence in blueprint.assumed)
    twin = load_twin(blueprint)
    wanted = np.ravel(model([arrays[k] for k in order], training=False))
    np.testing.assert_allclose(twin.predict(left, right), wanted, **CLOSE)
    alone = tower([left[:, 0], left[:, 1]], training=False)
    np.testing.assert_array_equal(twin.embed(left), alone)


def test_inputs_of_different_shapes_follow_each_other(tmp_path):
    image, number = layers.Input((4, 4, 1), name="image"), layers.Input((3,), name="numbers")
    tower = keras.Model([image, number], layers.Dense(5)(layers.Concatenate()([layers.Flatten()(image), number])))
    ports = inputs_of(tower, "a", "b")
    model = keras.Model(ports, zoo.euclidean(tower(ports[:2]), tower(ports[2:])))
    path = tmp_path / "model.keras"
    model.save(path)
    rng = np.random.default_rng(0)
    arrays = [rng.random((9, *port.shape[1:]), dtype=np.float32) for port in ports]
    left, right = (np.concatenate([a.reshape(9, -1), b], axis=1) for a, b in (arrays[:2], arrays[2:]))
    blueprint = read_blueprint(path)
    assert blueprint.encoder.input_shape == (19,)
    wanted = np.ravel(model(arrays, training=False))
    np.testing.assert_allclose(load_twin(blueprint).predict(left, right), wanted, **CLOSE)


def test_flat_towers_and_embeddings_as_outputs_are_packed(tmp_path):
    tower = tokens_and_mask()
    ports = inputs_of(tower, "a", "b", "c")
    model = keras.Model(ports, [tower(ports[:2]), tower(ports[2:4]), tower(ports[4:])])
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind) == ("shared", "none")
    arrays, left, _ = pairs_of_arrays(np.random.default_rng(0))
    np.testing.assert_allclose(load_twin(blueprint).embed(left), tower(arrays[:2], training=False), **CLOSE)


def test_encoder_of_tokens_and_mask_alone_is_packed(tmp_path):
    tower = tokens_and_mask()
    path = tmp_path / "model.keras"
    tower.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.encoder.input_shape) == ("none", (2, 7))
    arrays, left, _ = pairs_of_arrays(np.random.default_rng(0))
    np.testing.assert_allclose(load_twin(blueprint).embed(left), tower(arrays[:2], training=False), **CLOSE)


def test_dropout_on_one_side_alone_changes_nothing(tmp_path):
    tower = tokens_and_mask()
    ports = inputs_of(tower, "a", "b")
    model = keras.Model(ports, zoo.euclidean(layers.Dropout(0.5)(tower(ports[:2])), tower(ports[2:])))
    path = tmp_path / "model.keras"
    model.save(path)
    arrays, left, right = pairs_of_arrays(np.random.default_rng(0))
    wanted = np.ravel(model(arrays, training=False))
    np.testing.assert_allclose(load_twin(read_blueprint(path)).predict(left, right), wanted, **CLOSE)


def test_inputs_of_free_and_different_shapes_are_refused(tmp_path):
    series, number = layers.Input((None, 3), name="series"), layers.Input((3,), name="numbers")
    pooled = layers.GlobalAveragePooling1D()(layers.Dense(4)(series))
    tower = keras.Model([series, number], layers.Concatenate()([pooled, layers.Dense(2)(number)]))
    ports = inputs_of(tower, "a", "b")
    keras.Model(ports, zoo.euclidean(tower(ports[:2]), tower(ports[2:]))).save(tmp_path / "model.keras")
    with pytest.raises(UnreadableModel, match="2 inputs of different and free shapes"):
        read_blueprint(tmp_path / "model.keras")
