"""Both samples in one input, and each layer of the tower wrapped so that it works on either."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)
from keras import layers, ops  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def layer_by_layer(x):
    wrap = layers.TimeDistributed
    x = wrap(layers.Conv2D(4, 3, activation="relu"))(x)
    x = wrap(layers.BatchNormalization())(x)
    return wrap(layers.Dense(6))(wrap(layers.Flatten())(x))


def whole_tower(x):
    return layers.TimeDistributed(zoo.encoder())(x)


def absolute(x):
    return zoo.sigmoid(layers.Lambda(lambda t: abs(t[:, 0] - t[:, 1]))(x))


def distance(x):
    return zoo.euclidean(x[:, 0], x[:, 1])


def concatenated(x):
    return layers.Dense(1, activation="sigmoid")(layers.Flatten()(x))


KNOWN_AS = {
    absolute: ("learned", "absolute_difference"),
    distance: ("euclidean", "euclidean"),
    concatenated: ("learned", "concatenate"),
}


@pytest.mark.parametrize("extension", ["keras", "h5"])
@pytest.mark.parametrize("tower", [layer_by_layer, whole_tower])
@pytest.mark.parametrize("head", [absolute, distance, concatenated])
def test_wrapped_tower_is_read_as_one_encoder(tmp_path, tower, head, extension):
    kind, merge = KNOWN_AS[head]
    pair = layers.Input((2, 8, 8, 1))
    model = keras.Model(pair, head(tower(pair)))
    path = tmp_path / f"model.{extension}"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind, blueprint.head.merge) == ("shared", kind, merge)
    assert (blueprint.unreadable, blueprint.encoder.input_shape, blueprint.encoder.dimension) == ((), (8, 8, 1), 6)
    both = np.random.default_rng(0).random((9, 2, 8, 8, 1), dtype=np.float32)
    got = load_twin(blueprint).predict(both[:, 0], both[:, 1])
    np.testing.assert_allclose(got, np.ravel(model(both, training=False)), **CLOSE)


def test_triple_axis_is_read_too(tmp_path):
    triple = layers.Input((3, 8, 8, 1))
    path = tmp_path / "model.keras"
    model = keras.Model(triple, whole_tower(triple))
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind) == ("shared", "none")
    three = np.random.default_rng(0).random((9, 3, 8, 8, 1), dtype=np.float32)
    wanted = model(three, training=False)
    np.testing.assert_allclose(load_twin(blueprint).embed(three[:, 1]), wanted[:, 1], **CLOSE)


def test_series_of_pictures_is_no_pair(tmp_path):
    series = layers.Input((5, 8, 8, 1))
    model = keras.Model(series, layers.GlobalAveragePooling1D()(whole_tower(series)))
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.encoder.input_shape) == ("none", (5, 8, 8, 1))
    given = np.random.default_rng(0).random((4, 5, 8, 8, 1), dtype=np.float32)
    np.testing.assert_allclose(load_twin(blueprint).embed(given), model(given, training=False), **CLOSE)


def test_wrapped_layer_inside_a_tower_stays_as_it_is(tmp_path):
    given = layers.Input((2, 8, 8, 1))
    tower = keras.Model(given, layers.Flatten()(whole_tower(given)), name="tower")
    sides = [layers.Input((2, 8, 8, 1), name=name) for name in ("left", "right")]
    path = tmp_path / "model.keras"
    keras.Model(sides, ops.norm(tower(sides[0]) - tower(sides[1]), axis=-1)).save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.encoder.input_shape) == ("shared", (2, 8, 8, 1))


def test_lambda_that_takes_one_tensor_apart_is_not_guessed_at(tmp_path):
    def head(left, right):
        both = layers.Concatenate()([left, right])
        return zoo.sigmoid(layers.Lambda(lambda t: abs(t[:, :6] - t[:, 6:]))(both))

    path = tmp_path / "model.keras"
    zoo.twin(head).save(path)
    blueprint = read_blueprint(path)
    assert blueprint.head.recognised_by == "assumed"
    assert "Lambda" in blueprint.unreadable[0]


class AbsoluteDifference(layers.Layer):
    def call(self, x):
        return abs(x - ops.flip(x, axis=-1))


def test_layer_that_subtracts_its_input_from_itself_is_named_with_what_helps(tmp_path):
    def head(left, right):
        return zoo.sigmoid(layers.Add()([AbsoluteDifference()(left), AbsoluteDifference()(right)]))

    path = tmp_path / "model.keras"
    zoo.twin(head).save(path)
    blueprint = read_blueprint(path)
    assert blueprint.head.merge is None
    said = " ".join(blueprint.assumed)
    assert "--replace absolute_difference" in said
    assert "--custom-objects FILE.py, with the file that defines AbsoluteDifference" in said
    assert "'absolute_difference" in blueprint.unreadable[0]
    assert not load_twin(blueprint).can_compare
