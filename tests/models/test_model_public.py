"""What files found in public repositories taught, each with a small model of the same make."""

from __future__ import annotations

import base64
import json
import marshal

import h5py
import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.clues import Guess, guess
from siamdoctor.models.dissolve import read_graph
from siamdoctor.models.graph import Layer
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.models.twins import dissect
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)
from keras import layers  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def rewrite(path, change):
    """Let `change` alter the configuration inside an HDF5 model."""
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)


def test_pointer_of_git_lfs_is_told_from_a_model(tmp_path):
    path = tmp_path / "siamese_model.h5"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 155221080\n")
    with pytest.raises(UnreadableModel, match="git lfs pull"):
        read_blueprint(path)


def test_layers_in_a_bare_list_are_read(tmp_path):
    model = zoo.sequential()
    path = tmp_path / "model.h5"
    model.save(path)

    def as_until_keras_2_2(config):
        config["config"] = config["config"]["layers"]

    rewrite(path, as_until_keras_2_2)
    left = zoo.samples_for(model)[0]
    np.testing.assert_allclose(load_twin(read_blueprint(path)).embed(left), model(left, training=False), **CLOSE)


def dense(name, nodes):
    config = {"name": name, "units": 3, "dtype": "float32", "trainable": True}
    return {"class_name": "Dense", "name": name, "config": config, "inbound_nodes": nodes}


def given(name):
    config = {"name": name, "batch_input_shape": [None, 4], "dtype": "float32"}
    return {"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []}


@pytest.mark.parametrize("sides", [["left"], ["left", "right"]])
def test_sequential_tower_as_output_of_keras_2_is_numbered_from_one(sides):
    inner = [{"class_name": "Dense", "config": {"name": "dense", "units": 3, "batch_input_shape": [None, 4]}}]
    tower = {
        "class_name": "Sequential",
        "name": "tower",
        "config": {"name": "tower", "layers": inner},
        "inbound_nodes": [[[side, 0, 0, {}]] for side in sides],
    }
    config = {
        "name": "model",
        "layers": [*map(given, sides), tower],
        "input_layers": [[side, 0, 0] for side in sides],
        "output_layers": [["tower", number + 1, 0] for number in range(len(sides))],
    }
    graph = read_graph({"class_name": "Functional", "config": config})
    assert [graph.calls[t.call].layer for t in graph.outputs] == ["dense"] * len(sides)
    assert len(set(graph.outputs)) == len(sides)
    assert dissect(graph, frozenset({"dense"})).twins == ("shared" if len(sides) > 1 else "none")


class Tower(layers.Layer):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.dense = layers.Dense(6)

    def call(self, x):
        return self.dense(keras.ops.reshape(x, (-1, 64)))


OWN_TOWERS = """
import keras
from keras import layers

@keras.saving.register_keras_serializable("Mine")
class Tower(layers.Layer):
    def __init__(self):
        super().__init__()
        self.second = layers.Dense(6)
        self.first = layers.Dense(6)
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(0.2)

    def call(self, x):
        return self.second(self.drop(self.norm(self.first(keras.ops.reshape(x, (-1, 64))))))

    def get_config(self):
        return {}
"""


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_tower_of_a_class_of_the_users_own_has_its_weights_in_their_places(tmp_path, extension):
    code = tmp_path / "towers.py"
    code.write_text(OWN_TOWERS)
    names: dict[str, object] = {}
    exec(compile(OWN_TOWERS, str(code), "exec"), names)  # noqa: S102  (the program that saved the model)
    left, right = zoo.images("left", "right")
    shared = names["Tower"]()
    model = keras.Model([left, right], zoo.euclidean(shared(left), shared(right)))
    given = zoo.samples_for(model)
    for variable in shared.weights[-4:]:
        variable.assign(np.linspace(0.5, 1.5, variable.shape[-1]) * np.ones(variable.shape))
    path = tmp_path / f"model.{extension}"
    model.save(path)
    with pytest.raises(UnreadableModel, match=r"--custom-objects FILE\.py, with the file that defines Tower"):
        load_twin(read_blueprint(path))
    got = load_twin(read_blueprint(path, ModelSettings(custom_objects=str(code)))).predict(*given)
    np.testing.assert_allclose(got, np.ravel(model(given, training=False)), **CLOSE)


OWN_MODELS = """
import keras
from keras import layers, ops

class SiameseModel(keras.Model):
    def __init__(self, size=6, **settings):
        super().__init__(**settings)
        self.size = size
        self.base = keras.Sequential([layers.Flatten(), layers.Dense(12, activation="relu"), layers.Dropout(0.1)])
        self.last = layers.Dense(size)
        self.head = layers.Dense(1, activation="sigmoid")

    def embedding(self, x):
        return self.last(self.base(x))

    def call(self, sides):
        left, right = (self.embedding(side) for side in sides)
        return self.head(ops.abs(left - right))

    def get_config(self):
        return {**super().get_config(), "size": self.size}

class Averse(SiameseModel):
    def call(self, sides):
        left, right = sides
        if ops.convert_to_numpy(left).mean() > 2:
            left = right
        return super().call([left, right])
"""


def own_model(tmp_path, name):
    code = tmp_path / "models.py"
    code.write_text(OWN_MODELS)
    names: dict[str, object] = {}
    exec(compile(OWN_MODELS, str(code), "exec"), names)  # noqa: S102  (the program that saved the model)
    model = names[name](size=5)
    rng = np.random.default_rng(0)
    sides = [rng.random((9, 8, 8, 1), dtype=np.float32) for _ in range(2)]
    wanted = np.ravel(model(sides))
    path = tmp_path / "model.keras"
    model.save(path)
    return code, path, sides, wanted, model


def test_model_of_a_class_of_the_users_own_shows_its_layers_when_its_code_is_run(tmp_path):
    code, path, sides, wanted, model = own_model(tmp_path, "SiameseModel")
    with pytest.raises(UnreadableModel, match=r"--custom-objects FILE\.py, with the file that defines SiameseModel"):
        read_blueprint(path)
    blueprint = read_blueprint(path, ModelSettings(custom_objects=str(code)))
    assert (blueprint.twins, blueprint.head.merge, blueprint.path) == ("shared", "absolute_difference", path)
    twin = load_twin(blueprint)
    np.testing.assert_allclose(twin.predict(*sides), wanted, **CLOSE)
    np.testing.assert_allclose(twin.embed(sides[0]), model.embedding(sides[0]), **CLOSE)


def test_code_that_needs_numbers_to_run_is_named(tmp_path):
    code, path, *_ = own_model(tmp_path, "Averse")
    with pytest.raises(UnreadableModel, match="use only layers"):
        read_blueprint(path, ModelSettings(custom_objects=str(code)))


def test_class_that_keras_2_wrote_nothing_about_is_named(tmp_path):
    path = tmp_path / "model.h5"
    left, right = zoo.images("left", "right")
    shared = Tower(name="tower")
    keras.Model([left, right], zoo.euclidean(shared(left), shared(right))).save(path)

    def emptied(config):
        entry = next(e for e in config["config"]["layers"] if e["class_name"] == "Tower")
        entry["config"] = {}

    rewrite(path, emptied)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.head.kind) == ("shared", "euclidean")
    assert "'Tower'" in blueprint.unreadable[0]
    assert "--custom-objects" in blueprint.advice[0]


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


def test_triplet_layer_of_the_users_own_compares_anchor_and_positive(tmp_path):
    code = tmp_path / "distances.py"
    code.write_text(
        "from keras import layers, ops\n"
        "class DistanceLayer(layers.Layer):\n"
        "    def call(self, anchor, positive, negative):\n"
        "        return ops.sum(abs(anchor - positive), -1), ops.sum(abs(anchor - negative), -1)\n"
    )
    names: dict[str, object] = {}
    exec(compile(code.read_text(), str(code), "exec"), names)  # noqa: S102  (the program that saved the model)
    model = zoo.triplet(names["DistanceLayer"]())
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path, ModelSettings(custom_objects=str(code)))
    sides = zoo.samples_for(model)
    near, _ = model(sides, training=False)
    np.testing.assert_allclose(load_twin(blueprint).predict(*sides[:2]), near, **CLOSE)
    assert read_blueprint(path).head.kind == "squared_euclidean"


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


HANDED_ON = {
    "lambda x: exponent_neg_manhattan_distance(x[0], x[1])": "exp_manhattan",
    "lambda x: self.exponent_neg_manhattan_distance(x[0], x[1])": "exp_manhattan",
    "lambda sides: euclidean_distance(sides)": "euclidean",
    "lambda x: cosine_distance(x[0], x[1])": "cosine_distance",
    "lambda x: 1 / (1 + euclidean_distance(x))": None,
    "lambda x: triplet_loss(x)": None,
    "lambda x: cosine(x[0], x[1]) if euclidean(x) else None": None,
}


@pytest.mark.parametrize("source", HANDED_ON)
def test_lambda_that_hands_its_sides_on_is_recognised_by_the_name(source):
    code = base64.b64encode(marshal.dumps(eval(source, {}).__code__)).decode()  # noqa: S307  (a literal of this file)
    function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    layer = Layer(
        name="head",
        class_name="Lambda",
        module="keras.layers",
        registered_name=None,
        config={"function": function},
        path=("head",),
        slots=("lambda",),
        is_operation=False,
    )
    assert guess(layer, scalar=True) == (Guess(HANDED_ON[source], "function name") if HANDED_ON[source] else None)
