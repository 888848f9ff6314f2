"""What files found in public repositories taught of inputs that are no picture of a side, each with a small model."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)
from keras import layers  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def test_label_beside_the_embedding_is_no_second_tower(tmp_path):
    image, label = layers.Input((8, 8, 1), name="image"), layers.Input((1,), name="label")
    tower = zoo.encoder()
    model = keras.Model([image, label], layers.Concatenate()([label, tower(image)]))
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind, blueprint.ignored_inputs) == ("none", "none", ())
    assert any("'label' does not go through the encoder" in sentence for sentence in blueprint.assumed)
    pictures = zoo.samples_for(model)[0]
    np.testing.assert_allclose(load_twin(blueprint).embed(pictures), tower(pictures, training=False), **CLOSE)


@pytest.mark.parametrize("first", [0, 2])
def test_input_without_a_tower_does_not_take_the_place_of_a_side(tmp_path, first):
    left, right = zoo.images("left", "right")
    weight = layers.Input((1,), name="weight")
    shared = zoo.encoder()
    inputs = [left, right]
    inputs.insert(first, weight)
    distance = zoo.euclidean(shared(left), shared(right))
    model = keras.Model(inputs, [distance, distance * weight])
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind) == ("shared", "euclidean")


def test_head_alone_takes_its_inputs_for_embeddings(tmp_path):
    sides = [layers.Input((12,), name=name) for name in ("left", "right")]
    gap = layers.Lambda(lambda t: abs(t[0] - t[1]))(sides)
    model = keras.Model(sides, zoo.sigmoid(layers.Dense(8, activation="relu")(gap)))
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind, blueprint.encoder.dimension) == ("shared", "learned", 12)
    assert any("taken for the embeddings" in sentence for sentence in blueprint.assumed)
    left, right = zoo.samples_for(model)
    twin = load_twin(blueprint)
    np.testing.assert_array_equal(twin.embed(left), left)
    np.testing.assert_allclose(twin.predict(left, right), np.ravel(model([left, right], training=False)), **CLOSE)


def test_pictures_that_meet_at_once_are_no_embeddings(tmp_path):
    left, right = zoo.images("left", "right")
    x = layers.Conv2D(4, 3)(layers.Concatenate()([left, right]))
    path = tmp_path / "model.keras"
    keras.Model([left, right], zoo.sigmoid(layers.Flatten()(x))).save(path)
    blueprint = read_blueprint(path)
    assert blueprint.encoder is None
    assert "No encoder was found" in blueprint.unreadable[0]


def test_input_is_not_suggested_as_the_end_of_the_encoder(saved):
    with pytest.raises(UnreadableModel, match="Did you mean") as refusal:
        read_blueprint(saved("raw-euclidean").path, ModelSettings(encoder="lefts"))
    assert "'left'" not in str(refusal.value)
