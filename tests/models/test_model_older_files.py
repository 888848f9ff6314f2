"""What files found in public repositories taught of how older versions write, each with a small model."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.dissolve import read_graph
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.models.twins import dissect

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
