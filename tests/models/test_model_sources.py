"""Models that come otherwise than in one complete file: folders, weights alone, classes of the user's own."""

from __future__ import annotations

import io
import json
import zipfile

import h5py
import numpy as np
import pytest
from siamdoctor.errors import BadSettings, UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}
SCRIPT = """
import keras
from keras import layers

class L1Dist(layers.Layer):
    def call(self, left, right):
        return abs(left - right)

class Scale(layers.Layer):
    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1],), name="factor")

    def call(self, x):
        return self.factor * x

def bent(x):
    return keras.ops.square(x) + 1

def build():
    given = layers.Input((8, 8, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(given))
    shared = keras.Model(given, layers.Dense(6)(layers.Flatten()(x)), name="encoder")
    left, right = (layers.Input((8, 8, 1), name=name) for name in ("left", "right"))
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(abs(shared(left) - shared(right))))

def broken():
    raise RuntimeError("no luck")
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("code") / "mine.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture(scope="module")
def mine(script):
    names: dict[str, object] = {}
    exec(compile(SCRIPT, str(script), "exec"), names)  # noqa: S102  (the program that saved the model)
    return names


def predicted(model):
    left, right = zoo.samples_for(model)
    return left, right, np.ravel(model([left, right], training=False))


def check(blueprint, model):
    left, right, wanted = predicted(model)
    np.testing.assert_allclose(load_twin(blueprint).predict(left, right), wanted, **CLOSE)


def test_unpacked_archive_is_read(saved, tmp_path):
    file = saved("absolute-difference")
    with zipfile.ZipFile(file.path) as archive:
        archive.extractall(tmp_path)
    blueprint = read_blueprint(tmp_path)
    assert blueprint.format == "keras folder"
    got = load_twin(blueprint).predict(*file.inputs)
    np.testing.assert_allclose(got, np.ravel(file.outputs[0]), **CLOSE)


@pytest.mark.parametrize("kind", ["json", "function"])
@pytest.mark.parametrize("extension", ["weights.h5", "h5"])
def test_weights_alone_are_joined_with_an_architecture(kind, extension, script, mine, tmp_path):
    model = mine["build"]()
    path = tmp_path / f"model.{extension}"
    if extension == "h5":  # as Keras 2 wrote them: the layout of a model without its configuration
        model.save(path)
        with h5py.File(path, "a") as file:
            del file.attrs["model_config"]
    else:
        model.save_weights(path)
    with pytest.raises(UnreadableModel, match="--architecture"):
        read_blueprint(path)
    if kind == "json":
        architecture = tmp_path / "config.json"
        architecture.write_text(model.to_json())
    else:
        architecture = f"{script}:build"
    check(read_blueprint(path, ModelSettings(architecture=str(architecture))), model)


def test_architecture_that_cannot_be_had_is_explained(script, mine, tmp_path):
    path = tmp_path / "model.weights.h5"
    mine["build"]().save_weights(path)
    for architecture, words in {
        "nothing": "module:function",
        f"{script}:nothing": "no function",
        f"{script}:L1Dist": "function failed",
        f"{script}:broken": "no luck",
        "no_such_module_x:build": "fails on import",
        f"{tmp_path}/none.py:build": "no such file",
    }.items():
        with pytest.raises((BadSettings, UnreadableModel), match=words):
            read_blueprint(path, ModelSettings(architecture=architecture))


def test_class_of_the_users_own_is_used_where_it_is_named(script, mine, tmp_path):
    model = zoo.twin(lambda a, b: zoo.sigmoid(mine["L1Dist"]()(a, b)))
    for extension in ("keras", "h5"):
        path = tmp_path / f"model.{extension}"
        model.save(path)
        blueprint = read_blueprint(path, ModelSettings(custom_objects=f"{script}:L1Dist"))
        assert blueprint.unreadable == ()
        assert blueprint.head.merge == "absolute_difference"
        assert any("is run to make L1Dist" in sentence for sentence in blueprint.assumed)
        check(blueprint, model)


def test_layer_of_the_users_own_with_weights_can_stand_in_the_encoder(script, mine, tmp_path):
    def tower():
        given = keras.layers.Input((8, 8, 1))
        return keras.Model(given, mine["Scale"]()(keras.layers.Dense(6)(keras.layers.Flatten()(given))))

    model = zoo.twin(zoo.euclidean, tower)
    path = tmp_path / "model.keras"
    model.save(path)
    unknown = read_blueprint(path)
    assert "'Scale'" in unknown.unreadable[0]
    assert "--custom-objects" in unknown.advice[0]
    with pytest.raises(UnreadableModel, match="--custom-objects"):
        load_twin(unknown)
    check(read_blueprint(path, ModelSettings(custom_objects=str(script))), model)


def test_activation_and_lambda_function_of_the_users_own_are_used(script, mine, tmp_path):
    def tower():
        given = keras.layers.Input((8, 8, 1))
        x = keras.layers.Dense(6, activation=mine["bent"])(keras.layers.Flatten()(given))
        return keras.Model(given, keras.layers.Lambda(mine["bent"])(x))

    model = zoo.twin(zoo.euclidean, tower)
    path = tmp_path / "model.keras"
    model.save(path)
    assert read_blueprint(path).unreadable
    check(read_blueprint(path, ModelSettings(custom_objects=str(script))), model)


def test_code_that_is_not_there_is_named(saved):
    path = saved("custom-l1").path
    with pytest.raises(BadSettings, match="no such module"):
        read_blueprint(path, ModelSettings(custom_objects="no_such_module_x"))
    with pytest.raises(BadSettings, match="no readable Python"):
        read_blueprint(path, ModelSettings(custom_objects="no_such_file.py"))


class Wrapper(keras.Model):
    """A model around a model, as in the keras.io triplet example, but with a configuration."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        return {"inner": keras.saving.serialize_keras_object(self.inner), "name": self.name}


class Bare(keras.Model):
    """A model whose file names no layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(3)

    def call(self, sides):
        return zoo.euclidean(self.dense(sides[0]), self.dense(sides[1]))


class Forgetful(keras.Model):
    """A model that cannot be saved, because its argument cannot be written down: what Keras' own example does."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def call(self, x):
        return self.network(x)


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_model_inside_an_unknown_class_is_found(extension, tmp_path):
    inner = zoo.twin(lambda a, b: zoo.sigmoid(abs(a - b)))
    model = Wrapper(inner)
    left, right, wanted = predicted(inner)
    model([left, right])
    path = tmp_path / f"model.{extension}"
    model.save(path)
    blueprint = read_blueprint(path)
    assert "'Wrapper' is not known" in blueprint.assumed[0]
    np.testing.assert_allclose(load_twin(blueprint).predict(left, right), wanted, **CLOSE)


def test_class_without_layers_asks_for_its_encoder(tmp_path):
    model = Bare()
    model([np.ones((2, 4), np.float32)] * 2)
    model.save(tmp_path / "model.keras")
    with pytest.raises(UnreadableModel, match=r"encoder\.save"):
        read_blueprint(tmp_path / "model.keras")


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_what_a_failed_save_leaves_behind_is_explained(extension, tmp_path):
    model = Forgetful(zoo.encoder())
    model(np.ones((1, 8, 8, 1), np.float32))
    path = tmp_path / f"model.{extension}"
    with pytest.raises(NotImplementedError):
        model.save(path)
    assert path.stat().st_size < 1000
    with pytest.raises(UnreadableModel, match=r"embedding\.save\('encoder\.keras'\)"):
        read_blueprint(path)


def test_subclass_that_only_trains_differently_is_read_as_it_is(tmp_path):
    class Trained(keras.Model):
        def train_step(self, data):
            return super().train_step(data)

    left, right = zoo.images("left", "right")
    shared = zoo.encoder()
    model = Trained([left, right], zoo.sigmoid(abs(shared(left) - shared(right))))
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert blueprint.twins == "shared"
    check(blueprint, model)


def test_groups_are_found_by_number_where_they_carry_no_names(saved, tmp_path):
    """Early versions of Keras 3 wrote no layer names into the weight file."""
    file = saved("softmax-of-two")
    path = tmp_path / "old.keras"
    with zipfile.ZipFile(file.path) as archive, zipfile.ZipFile(path, "w") as old:
        for name in ("config.json", "metadata.json"):
            old.writestr(name, archive.read(name))
        weights = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(weights, "a") as groups:
            groups.visititems(lambda _, item: item.attrs.clear())
        old.writestr("model.weights.h5", weights.getvalue())
    got = load_twin(read_blueprint(path)).predict(*file.inputs)
    np.testing.assert_allclose(got, file.outputs[0][:, 1], **CLOSE)


def test_version_of_keras_is_read(saved):
    assert read_blueprint(saved("flat").path).keras_version == keras.__version__
    assert read_blueprint(saved("flat", "h5").path).keras_version == keras.__version__


def test_configuration_of_another_model_does_not_fit(mine, tmp_path):
    path, config = tmp_path / "model.weights.h5", tmp_path / "config.json"
    mine["build"]().save_weights(path)
    other = json.loads(zoo.twin(zoo.euclidean, lambda: zoo.encoder(size=9)).to_json())
    config.write_text(json.dumps(other))
    with pytest.raises(UnreadableModel, match="do not fit"):
        load_twin(read_blueprint(path, ModelSettings(architecture=str(config))))
