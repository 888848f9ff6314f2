"""What files found in public repositories taught of classes of the users' own, each with a small model."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.models.runtime.own_heads import with_head_run
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}
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

class Shapeless(SiameseModel):
    def call(self, args):
        return super().call(args)
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


def test_code_is_not_asked_for_where_the_file_keeps_no_shapes_to_run_it_on(tmp_path):
    code, path, *_ = own_model(tmp_path, "Shapeless")  # Keras notes no shapes of an argument named `args`
    for settings in (ModelSettings(), ModelSettings(custom_objects=str(code))):
        with pytest.raises(UnreadableModel, match=r"what layers that has\. Save the part that makes the embeddings"):
            read_blueprint(path, settings)


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


def test_class_named_after_the_opposite_is_known_by_what_it_does(tmp_path):
    code = tmp_path / "distances.py"
    code.write_text(
        "from keras import layers, ops\n"
        "class CosineSimilarityLayer(layers.Layer):\n"
        "    def call(self, sides):\n"
        "        one, other = (ops.normalize(side, axis=-1) for side in sides)\n"
        "        return 1 - ops.sum(one * other, axis=-1, keepdims=True)\n"
    )
    names: dict[str, object] = {}
    exec(compile(code.read_text(), str(code), "exec"), names)  # noqa: S102  (the program that saved the model)
    model = zoo.twin(lambda left, right: names["CosineSimilarityLayer"]()([left, right]))
    given = zoo.samples_for(model)
    wanted = np.ravel(model(given, training=False))
    model.save(tmp_path / "model.keras")
    guessed = read_blueprint(tmp_path / "model.keras").head
    assert (guessed.kind, guessed.recognised_by, guessed.higher_is_same) == ("cosine_similarity", "class name", True)
    blueprint = with_head_run(read_blueprint(tmp_path / "model.keras", ModelSettings(custom_objects=str(code))))
    assert (blueprint.head.kind, blueprint.head.higher_is_same) == ("cosine_distance", False)
    np.testing.assert_allclose(load_twin(blueprint).predict(*given), wanted, **CLOSE)


@pytest.mark.parametrize(
    ("name", "loss", "kind"),
    [
        ("ManDist", None, "exp_manhattan"),
        ("ManhattanDistance", "mean_squared_error", "exp_manhattan"),
        ("ManhattanDistance", None, "manhattan"),
    ],
)
def test_distance_that_is_fitted_to_labels_is_that_of_the_malstm(tmp_path, name, loss, kind):
    def call(_self, sides):
        distance = keras.ops.sum(abs(sides[0] - sides[1]), axis=1, keepdims=True)
        return keras.ops.exp(-distance) if kind == "exp_manhattan" else distance

    layer = type(name, (keras.layers.Layer,), {"call": call})()
    model = zoo.twin(lambda left, right: layer([left, right]))
    model.compile("adam", loss=loss)
    given = zoo.samples_for(model)
    model.save(tmp_path / "model.h5")
    blueprint = read_blueprint(tmp_path / "model.h5")
    assert (blueprint.head.kind, blueprint.head.higher_is_same) == (kind, kind == "exp_manhattan")
    wanted = np.ravel(model(given, training=False))
    np.testing.assert_allclose(load_twin(blueprint).predict(*given), wanted, **CLOSE)
