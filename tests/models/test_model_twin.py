"""Remedies that a twin offers: other weights, other statistics, another activation."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.trials.training import fresh_weights, put_weights

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (after the environment is set)
from keras import layers  # noqa: E402  (after the environment is set)


def load(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return load_twin(read_blueprint(tmp_path / "model.keras"))


def test_batch_size_changes_nothing(saved):
    file = saved("normalised-sigmoid")
    model = load_twin(read_blueprint(file.path))
    left, right = file.inputs
    np.testing.assert_allclose(model.predict(left, right, batch_size=5), model.predict(left, right), atol=1e-6)
    np.testing.assert_allclose(model.embed(left, batch_size=1), model.embed(left), atol=1e-6)


def test_no_samples_give_no_embeddings(saved):
    file = saved("normalised-sigmoid")
    model = load_twin(read_blueprint(file.path))
    nothing = file.inputs[0][:0]
    assert model.embed(nothing).shape == (0, 6)
    assert model.predict(nothing, nothing).shape == (0,)
    assert model.compare(model.embed(nothing), model.embed(nothing)).shape == (0,)


def test_samples_of_another_rank_are_named(saved):
    model = load_twin(read_blueprint(saved("flat").path))
    with pytest.raises(ValueError, match=r"\(8, 8, 1\).*\(64,\)"):
        model.embed(np.zeros((3, 64)))


def test_feature_maps_are_embedded_flat(tmp_path):
    model = zoo.twin(
        lambda a, b: zoo.sigmoid(layers.Flatten()(abs(a - b))),
        lambda: keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3)]),
    )
    twin = load(model, tmp_path)
    left, right = zoo.samples_for(model)
    assert twin.embed(left).shape == (12, 72)
    wanted = np.ravel(model([left, right], training=False))
    np.testing.assert_allclose(twin.predict(left, right), wanted, atol=1e-6)


def test_fresh_weights_follow_the_seed_and_leave_the_model_alone(saved):
    file = saved("normalised-sigmoid")
    model = load_twin(read_blueprint(file.path))
    before = model.predict(*file.inputs)
    one, again, other = (model.reinitialised(seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.predict(*file.inputs), again.predict(*file.inputs))
    assert not np.allclose(one.embed(file.inputs[0]), other.embed(file.inputs[0]))
    assert not np.allclose(one.embed(file.inputs[0]), model.embed(file.inputs[0]))
    np.testing.assert_array_equal(model.predict(*file.inputs), before)


def test_fresh_weights_come_from_the_layers_own_initialisers(saved):
    model = load_twin(read_blueprint(saved("normalised-sigmoid").path)).reinitialised(1)
    kernel = next(v for v in model.encoder.trainable_variables if v.path.endswith("kernel") and v.shape[0] == 144)
    limit = np.sqrt(6 / (144 + 6))  # Glorot and Bengio (2010), which Keras' GlorotUniform implements
    assert np.abs(kernel.numpy()).max() <= limit
    assert kernel.numpy().std() == pytest.approx(limit / np.sqrt(3), rel=0.1)
    statistics = [v.numpy() for v in model.encoder.non_trainable_variables if "moving" in v.path]
    np.testing.assert_array_equal(statistics[0], np.zeros(4))
    np.testing.assert_array_equal(statistics[1], np.ones(4))


def test_layers_of_equal_shape_get_different_fresh_weights(tmp_path):
    stack = [layers.Input((4,)), layers.Dense(4), layers.Dense(4)]
    twin = load(keras.Sequential(stack), tmp_path).reinitialised(0)
    first, second = (layer.get_weights()[0] for layer in twin.encoder.layers[1:])
    assert not np.allclose(first, second)


def test_statistics_between_comparison_and_output_are_taken_from_pairs(tmp_path):
    def compared(a, b):
        return zoo.sigmoid(layers.BatchNormalization(name="between")(abs(a - b)))

    model = zoo.twin(compared)
    twin = load(model, tmp_path)
    left, right = zoo.samples_for(model)
    renewed = twin.with_batch_statistics(left, (left, right))
    apart = np.abs(renewed.embed(left) - renewed.embed(right))
    [between] = [layer for layer in renewed.head.layers if isinstance(layer, layers.BatchNormalization)]
    np.testing.assert_allclose(np.asarray(between.moving_mean), apart.mean(0), rtol=1e-4, atol=1e-6)
    assert twin.statistics_moved(renewed) > 0.5
    assert renewed.statistics_moved(renewed.with_batch_statistics(left, (left, right))) < 0.01
    # without pairs the head stays
    untouched = twin.with_batch_statistics(left)
    np.testing.assert_array_equal(untouched.compare(apart, 0 * apart), twin.compare(apart, 0 * apart))


def test_hidden_layers_are_those_with_two_ends_before_the_embedding(tmp_path):
    inner = keras.Sequential([layers.Input((6,)), layers.Dense(5, activation="sigmoid", name="nested")])
    stack = [
        layers.Input((8,)),
        layers.Dense(6, activation="tanh", name="first"),
        layers.Dense(6, activation="relu"),
        inner,
        layers.Dense(4),
        layers.Activation("tanh", name="alone"),
        layers.Dense(3, activation="sigmoid", name="embedding"),
    ]
    model = keras.Sequential(stack)
    twin = load(model, tmp_path)
    x = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    found = twin.hidden_layers(x)
    assert [(layer.activation, layer.values.shape) for layer in found] == [
        ("tanh", (128, 6)),
        ("sigmoid", (128, 5)),
        ("tanh", (128, 4)),
    ]
    first = keras.Model(model.inputs[0], model.get_layer("first").output)
    np.testing.assert_allclose(found[0].values[[0, -1]], np.asarray(first(x[[0, -1]])), atol=1e-6)
    assert load(keras.Sequential([layers.Input((8,)), layers.Dense(4)]), tmp_path).hidden_layers(x) == ()


def test_training_mode_changes_no_statistics(saved):
    file = saved("wrapped")
    model = load_twin(read_blueprint(file.path))
    before = model.embed(file.inputs[0])
    assert not np.allclose(model.embed(file.inputs[0], training=True), before)
    np.testing.assert_array_equal(model.embed(file.inputs[0]), before)


def test_statistics_are_taken_layer_by_layer(tmp_path):
    stack = [
        layers.Input((5,)),
        layers.Dense(6, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.Dense(4),
        layers.BatchNormalization(epsilon=1e-3),
    ]
    model = load(keras.Sequential(stack), tmp_path)
    x = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    renewed = model.with_batch_statistics(x)

    first, second = (w for w in model.encoder.layers if w.name.startswith("dense"))
    hidden = np.maximum(x @ first.get_weights()[0], 0)
    normal = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-3)
    last = normal @ second.get_weights()[0]
    wanted = (last - last.mean(0)) / np.sqrt(last.var(0) + 1e-3)
    np.testing.assert_allclose(renewed.embed(x), wanted, atol=1e-4)
    assert not np.allclose(model.embed(x), wanted, atol=1e-2)
    for old, new in zip(model.encoder.trainable_variables, renewed.encoder.trainable_variables, strict=True):
        np.testing.assert_array_equal(old.numpy(), new.numpy())


def test_statistics_of_a_frozen_normalisation_are_taken_too(tmp_path):
    frozen = layers.BatchNormalization(trainable=False)
    model = load(keras.Sequential([layers.Input((5,)), layers.Dense(3), frozen]), tmp_path)
    x = np.random.default_rng(0).normal(3, 2, size=(300, 5)).astype(np.float32)
    assert np.abs(model.with_batch_statistics(x).embed(x).mean(0)).max() < 1e-4


@pytest.mark.filterwarnings("ignore:You are using a softmax")
def test_softmax_of_one_unit_becomes_a_sigmoid_with_the_same_weights(tmp_path):
    model = zoo.twin(lambda a, b: layers.Dense(1, activation="softmax")(abs(a - b)))
    twin = load(model, tmp_path)
    assert twin.blueprint.head.activation == "softmax"
    left, right = zoo.samples_for(model)
    np.testing.assert_array_equal(twin.predict(left, right), np.ones(12))
    changed = twin.with_sigmoid()
    kernel, bias = model.layers[-1].get_weights()
    logits = np.abs(twin.embed(left) - twin.embed(right)) @ kernel + bias
    np.testing.assert_allclose(changed.predict(left, right), np.ravel(1 / (1 + np.exp(-logits))), atol=1e-6)
    np.testing.assert_array_equal(twin.predict(left, right), np.ones(12))


@pytest.mark.filterwarnings("ignore:You are using a softmax")
def test_softmax_layer_becomes_a_sigmoid(tmp_path):
    model = zoo.twin(lambda a, b: layers.Softmax()(layers.Dense(1)(abs(a - b))))
    left, right = zoo.samples_for(model)
    assert load(model, tmp_path).with_sigmoid().predict(left, right).std() > 0


def test_head_without_a_softmax_has_none_to_swap(saved):
    with pytest.raises(Unavailable, match="softmax"):
        load_twin(read_blueprint(saved("flat").path)).with_sigmoid()


def test_encoder_alone_compares_nothing(saved):
    model = load_twin(read_blueprint(saved("encoder").path))
    assert not model.can_compare
    with pytest.raises(Unavailable, match="not in the file"):
        model.compare(np.zeros((2, 6)), np.zeros((2, 6)))


def test_output_that_mixes_the_batch_is_not_taken_for_one_number_a_pair(tmp_path):
    model = zoo.twin(lambda a, b: keras.ops.sum(keras.ops.square(a - b), axis=0))
    left, right = zoo.samples_for(model)
    with pytest.raises(Unavailable, match="mixes the batch"):
        load(model, tmp_path).predict(left, right)


def test_coupled_pairs_depend_on_the_batch_as_in_the_model(tmp_path):
    model = zoo.twin(lambda a, b: keras.ops.sum(keras.ops.normalize(a, axis=0) * b, axis=1))
    twin = load(model, tmp_path)
    left, right = zoo.samples_for(model)
    assert not np.allclose(twin.predict(left, right, batch_size=3), twin.predict(left, right))
    np.testing.assert_allclose(twin.predict(left, right), model([left, right], training=False), atol=1e-5)


def test_noise_of_training_mode_repeats(tmp_path):
    noisy = keras.Sequential([layers.Input((5,)), layers.Dense(8), layers.Dropout(0.5)])
    noisy.save(tmp_path / "model.keras")
    x = np.ones((4, 5), np.float32)
    runs = [load_twin(read_blueprint(tmp_path / "model.keras")).embed(x, training=True) for _ in range(2)]
    np.testing.assert_array_equal(*runs)
    assert (runs[0] == 0).any()


def test_weights_changed_in_place_are_used(saved):
    """Trials train the encoder and then embed with it."""
    file = saved("flat")
    model = load_twin(read_blueprint(file.path))
    before = model.embed(file.inputs[0])
    for variable in model.encoder.trainable_variables:
        variable.assign(2 * variable.value)
    assert not np.allclose(model.embed(file.inputs[0]), before)


def adapted(*, nested=False):
    """A pair model that normalises its table itself, and the table."""
    table = np.random.default_rng(0).normal([500, -3, 40], [100, 0.1, 7], size=(60, 3)).astype("float32")
    normalise = layers.Normalization()
    normalise.adapt(table)
    if nested:
        normalise = keras.Sequential([keras.Input((3,)), normalise])
    tower = keras.Sequential([keras.Input((3,)), normalise, layers.Dense(5, activation="relu"), layers.Dense(2)])
    left, right = keras.Input((3,)), keras.Input((3,))
    return keras.Model([left, right], zoo.euclidean(tower(left), tower(right))), tower, table


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_what_a_normalization_measured_is_used_and_survives_fresh_weights(tmp_path, suffix, nested):
    model, tower, table = adapted(nested=nested)
    model.save(tmp_path / f"model.{suffix}")
    twin = load_twin(read_blueprint(tmp_path / f"model.{suffix}"))
    wanted = tower.predict(table, verbose=0)
    np.testing.assert_array_equal(twin.embed(table), wanted)
    fresh = twin.reinitialised(1).embed(table)
    assert not np.allclose(fresh, wanted)
    assert 0.05 < np.abs(fresh).mean() < 5  # of a table that is not normalised they would be hundreds


def test_a_training_starts_from_what_a_normalization_measured(tmp_path):
    model, _, table = adapted()
    twin = load(model, tmp_path)
    other = twin.reinitialised(3)
    put_weights([other.encoder], fresh_weights(twin, 1))
    np.testing.assert_allclose(other.embed(table), twin.reinitialised(1).embed(table), rtol=1e-5)
