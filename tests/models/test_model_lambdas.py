"""Lambdas in the encoder and in the head: recognised, cut and said, or asked for."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from siamdoctor.decision import deployed_rule
from siamdoctor.errors import BadSettings, UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import DecisionSettings, ModelSettings, Settings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def test_lambda_at_the_end_of_the_encoder_is_cut_and_said(tmp_path):
    def tower():
        given = keras.layers.Input((8, 8, 1))
        x = keras.layers.Dense(6, name="last")(keras.layers.Flatten()(given))
        return keras.Model(given, keras.layers.Lambda(lambda t: t * 3 + 0, name="thrice")(x))

    model = zoo.twin(zoo.euclidean, tower)
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert [(x.name, x.place, x.recognised_as) for x in blueprint.lambdas] == [("thrice", "encoder end", None)]
    assert "'thrice'" in blueprint.assumed[0]
    assert "--replace thrice=" in blueprint.assumed[0]
    assert blueprint.encoder is not None
    assert blueprint.encoder.layers[-1].name == "last"
    assert blueprint.head.kind == "unknown"
    assert not load_twin(blueprint).can_compare  # it would answer a third of what the model does

    told = read_blueprint(tmp_path / "model.keras", ModelSettings(replace={"thrice": "rescale:3"}))
    left, right = zoo.samples_for(model)
    wanted = model([left, right], training=False)
    np.testing.assert_allclose(load_twin(told).predict(left, right), np.ravel(wanted), **CLOSE)


def test_lambda_inside_the_encoder_asks_for_what_it_does(tmp_path):
    def tower():
        given = keras.layers.Input((8, 8, 1))
        x = keras.layers.Lambda(lambda t: t / 127.5 - 0, name="scale")(given)
        return keras.Model(given, keras.layers.Dense(6)(keras.layers.Flatten()(x)))

    model = zoo.twin(zoo.euclidean, tower)
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert "'scale'" in blueprint.unreadable[0]
    assert "--replace scale=" in blueprint.advice[0]
    with pytest.raises(UnreadableModel, match="--replace"):
        load_twin(blueprint)
    told = read_blueprint(tmp_path / "model.keras", ModelSettings(replace={"scale": "rescale:1/127.5"}))
    left, right = zoo.samples_for(model)
    wanted = model([left, right], training=False)
    np.testing.assert_allclose(load_twin(told).predict(left, right), np.ravel(wanted), **CLOSE)
    with pytest.raises(BadSettings, match="replace=scale=square"):
        read_blueprint(tmp_path / "model.keras", ModelSettings(replace={"scale": "square"}))


def test_unknown_head_leaves_the_encoder_usable(tmp_path):
    model = zoo.twin(lambda a, b: keras.layers.Lambda(lambda t: t[0] ** 2 - t[1])([a, b]))
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert (blueprint.head.kind, blueprint.head.higher_is_same) == ("unknown", None)
    assert "head" in blueprint.unreadable[0]
    twin = load_twin(blueprint)
    assert not twin.can_compare
    assert twin.embed(zoo.samples_for(model)[0]).shape == (12, 6)


def test_comparison_before_an_unknown_layer_is_named(tmp_path):
    cosine = keras.layers.Dot(axes=1, normalize=True)
    model = zoo.twin(lambda a, b: keras.layers.Lambda(lambda t: 2 - 3 * t)(cosine([a, b])))
    model.save(tmp_path / "model.keras")
    head = read_blueprint(tmp_path / "model.keras").head
    assert (head.kind, head.merge, head.recognised_by) == ("unknown", "cosine_similarity", "assumed")


def test_scaling_by_a_lambda_is_recognised_and_said(tmp_path):
    def tower():
        given = keras.layers.Input((8, 8, 1))
        x = keras.layers.Lambda(lambda t: t / 255, name="scale")(given)
        return keras.Model(given, keras.layers.Dense(6)(keras.layers.Flatten()(x)))

    model = zoo.twin(lambda a, b: keras.layers.Lambda(lambda t: 1 - t)(keras.ops.exp(-zoo.euclidean(a, b))), tower)
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert blueprint.encoder is not None
    assert blueprint.encoder.has_rescaling
    assert "rescale:1/255" in blueprint.assumed[0]
    left, right = zoo.samples_for(model)
    got = load_twin(blueprint).predict(255 * left, 255 * right)
    np.testing.assert_allclose(got, np.ravel(model([255 * left, 255 * right], training=False)), **CLOSE)


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_distance_of_sequences_with_one_number_a_step_is_summed_over_time(tmp_path, extension):
    def euclidean_distance(sides):
        one, other = sides
        return keras.ops.sqrt(keras.ops.sum((one - other) ** 2, axis=1, keepdims=True) + 1e-9)

    given = keras.layers.Input((7, 3))
    tower = keras.Model(given, keras.layers.Dense(1)(keras.layers.LSTM(6, return_sequences=True)(given)))
    ports = [keras.layers.Input((7, 3), name=name) for name in ("left", "right")]
    apart = keras.layers.Lambda(euclidean_distance, output_shape=(1, 1))([tower(port) for port in ports])
    model = keras.Model(ports, apart)
    model.save(tmp_path / f"model.{extension}")
    left, right = np.random.default_rng(0).normal(size=(2, 9, 7, 3)).astype("float32")
    wanted = np.ravel(model([left, right], training=False))
    got = load_twin(read_blueprint(tmp_path / f"model.{extension}")).predict(left, right)
    np.testing.assert_allclose(got, wanted, **CLOSE)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="which side bytecode reads is known up to Python 3.12")
@pytest.mark.parametrize("twice", [True, False])
def test_a_comparison_of_one_side_with_itself_is_seen_in_its_code(tmp_path, twice):
    compare = (lambda t: keras.ops.abs(t[0] - t[0])) if twice else (lambda t: keras.ops.abs(t[0] - t[1]))

    def head(a, b):
        return zoo.sigmoid(keras.layers.Lambda(compare, output_shape=(6,))([a, b]))

    model = zoo.twin(head)
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert blueprint.same_input_twice == twice
    left, right = zoo.samples_for(model)
    output = load_twin(blueprint).predict(left, right)
    assert (np.ptp(output) == 0) == twice


@pytest.mark.parametrize(("name", "kept"), [("L2N", True), ("Polish", False)])
def test_a_threshold_is_not_held_against_embeddings_from_before_a_layer_that_was_left_out(tmp_path, name, kept):
    class Own(keras.layers.Layer):
        def call(self, x):
            return x / keras.ops.norm(x, axis=-1, keepdims=True)

    Own.__name__ = name
    stack = [keras.layers.Input((8,)), keras.layers.Dense(6), Own(name="last")]
    keras.Sequential(stack).save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert blueprint.encoder.left_out == (() if kept else ("last",))
    assert blueprint.encoder.unit_norm == kept
    facts = Settings(decision=DecisionSettings(metric="euclidean", threshold=0.8))
    rule = deployed_rule(blueprint, facts, comparable=False)
    assert rule.threshold == (0.8 if kept else None)
    assert any("is meant for what layer 'last' makes of the embeddings" in line for line in rule.assumed) != kept
