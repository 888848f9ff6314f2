"""Every style of the zoo, read from the file and compared with the program that saved it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from siamdoctor.errors import BadSettings, UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin, read_live
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def sides(style, inputs):
    """The two inputs of a pair, also where the model takes both in one."""
    return (inputs[0][:, 0], inputs[0][:, 1]) if style == "pair-axis" else (inputs[0], inputs[1])


# The two formats differ in how layers and weights are written down, which these styles cover.
BOTH_FORMATS = [
    "registered-layer",
    "lambda",
    "softmax-of-two",
    "flat",
    "separate",
    "wrapped",
    "pair-axis",
    "bidirectional",
]
CASES = [(style, "keras") for style in zoo.STYLES] + [(style, "h5") for style in BOTH_FORMATS]
REST = [pytest.param(s, "h5", marks=pytest.mark.slow) for s in zoo.STYLES if s not in BOTH_FORMATS]


@pytest.mark.parametrize(("style", "extension"), CASES + REST)
def test_file_is_understood_and_gives_what_the_program_gave(saved, style, extension):
    file, expected = saved(style, extension), zoo.STYLES[style]

    blueprint = read_blueprint(file.path)
    assert (blueprint.twins, blueprint.head.kind) == (expected.twins, expected.kind)
    assert (blueprint.head.merge, blueprint.head.recognised_by) == (expected.merge, expected.by)
    assert blueprint.unreadable == ()
    assert blueprint.format == extension

    model = load_twin(blueprint)
    assert model.can_compare == (expected.kind != "none")
    if not model.can_compare:
        embeddings = model.embed(file.inputs[0])
        np.testing.assert_allclose(embeddings, file.outputs[0][:, : embeddings.shape[1]], **CLOSE)
        return
    left, right = sides(style, file.inputs)
    got = model.predict(left, right)
    wanted = file.outputs[0].reshape(len(got), -1)
    wanted = wanted[:, 1] if style == "softmax-of-two" else wanted[:, 0]
    np.testing.assert_allclose(got, wanted, **CLOSE)
    np.testing.assert_array_equal(got, model.compare(model.embed(left), model.embed(right, side=1)))


def test_embeddings_are_bit_equal_to_those_of_the_encoder(saved):
    file = saved("encoder")
    original = keras.models.load_model(file.path, compile=False)
    embeddings = load_twin(read_blueprint(file.path)).embed(file.inputs[0])
    np.testing.assert_array_equal(embeddings, original.predict(file.inputs[0], verbose=0))


def test_reading_imports_no_tensorflow(saved):
    paths = [str(saved(style, extension).path) for style in ("lambda", "lstm") for extension in ("keras", "h5")]
    program = (
        "import sys; from pathlib import Path; from siamdoctor.models.reading import read_blueprint\n"
        "for path in sys.argv[1:]: [w.load() for w in read_blueprint(Path(path)).weights]\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", program, *paths], check=True)


def test_encoder_is_described_by_its_layers(saved):
    blueprint = read_blueprint(saved("wrapped").path)
    encoder = blueprint.encoder
    assert encoder is not None
    assert [note.class_name for note in encoder.layers] == [
        "Conv2D",
        "BatchNormalization",
        "Flatten",
        "Dense",
        "Dropout",
        "UnitNormalization",
    ]
    assert (encoder.name, encoder.input_shape, encoder.dimension) == ("wrapped", (8, 8, 1), 6)
    assert (encoder.activation, encoder.unit_norm, encoder.has_batch_norm) == ("linear", True, True)
    assert encoder.layers[0].units == 4
    assert dict(encoder.layers[1].settings)["momentum"] == "0.99"
    assert dict(encoder.layers[4].settings)["rate"] == "0.3"


@pytest.mark.parametrize("style", ["sequential", "encoder", "lstm", "bidirectional", "series", "branching"])
def test_dimension_is_known_without_running_anything(saved, style, tmp_path):
    if style == "branching":
        path = tmp_path / "branching.keras"
        zoo.branching().save(path)
    else:
        path = saved(style, "h5").path
    blueprint = read_blueprint(path)
    assert blueprint.encoder is not None
    assert blueprint.encoder.dimension == load_twin(blueprint).encoder.output.shape[-1]


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_weights_are_listed_with_their_values_and_initialisers(saved, extension):
    file = saved("absolute-difference", extension)
    stored = {(w.part, w.layer_class, w.variable): w for w in read_blueprint(file.path).weights}
    assert stored["encoder", "Conv2D", "kernel"].initializer == "GlorotUniform"
    assert stored["encoder", "Dense", "bias"].initializer == "Zeros"
    assert stored["head", "Dense", "kernel"].shape == (6, 1)
    mean = stored["encoder", "BatchNormalization", "moving_mean"].load()
    np.testing.assert_allclose(mean, np.linspace(0.0, 0.2, 4), atol=1e-7)
    assert not mean.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        mean[0] = 1


def test_weights_of_untied_towers_are_told_apart(saved):
    parts = [w.part for w in read_blueprint(saved("separate").path).weights]
    assert parts.count("encoder") == parts.count("second tower") == 8
    assert parts.count("head") == 2


def test_untied_towers_embed_differently_by_side(saved):
    file = saved("separate")
    model = load_twin(read_blueprint(file.path))
    assert model.blueprint.second_encoder is not None
    assert not np.allclose(model.embed(file.inputs[0]), model.embed(file.inputs[0], side=1))


def test_tied_towers_embed_alike_on_both_sides(saved):
    file = saved("flat")
    model = load_twin(read_blueprint(file.path))
    np.testing.assert_array_equal(model.embed(file.inputs[0]), model.embed(file.inputs[0], side=1))


def test_input_that_reaches_nothing_is_named_and_ignored(saved):
    file = saved("same-input")
    blueprint = read_blueprint(file.path)
    assert blueprint.same_input_twice
    assert blueprint.ignored_inputs == ("right",)
    model = load_twin(blueprint)
    left, right = file.inputs
    np.testing.assert_array_equal(model.predict(left, right), model.predict(left, right[::-1]))
    assert model.head is not None
    both = [model.embed(left), model.embed(right)]
    assert np.std(model.head.predict(both, verbose=0)) > 0  # wired to both sides, the head would tell pairs apart


def test_healthy_model_ignores_no_input(saved):
    blueprint = read_blueprint(saved("flat").path)
    assert blueprint.ignored_inputs == ()
    assert not blueprint.same_input_twice


def test_loss_metrics_and_optimizer_are_read(tmp_path):
    model = zoo.twin(lambda a, b: zoo.sigmoid(abs(a - b)))
    model.compile(
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        optimizer=keras.optimizers.SGD(0.25),
        metrics=["accuracy", keras.metrics.AUC(name="area")],
    )
    for extension in ("keras", "h5"):
        path = tmp_path / f"model.{extension}"
        model.save(path)
        blueprint = read_blueprint(path)
        assert (blueprint.loss, blueprint.loss_from_logits) == ("BinaryCrossentropy", True)
        assert blueprint.metrics == ("accuracy", "area")
        assert (blueprint.optimizer, blueprint.learning_rate) == ("SGD", 0.25)


def test_name_of_a_loss_of_the_users_own_is_read(tmp_path):
    def contrastive_loss(y, d):
        return keras.ops.mean(y * d)

    model = zoo.twin(zoo.euclidean)
    model.compile(loss=contrastive_loss, optimizer="adam")
    model.save(tmp_path / "model.keras")
    assert read_blueprint(tmp_path / "model.keras").loss == "contrastive_loss"


@pytest.mark.parametrize(
    ("head", "coupled"),
    [
        (lambda a, b: keras.ops.norm(a - b, axis=-1), False),
        (lambda a, b: keras.ops.norm(a - b), True),
        (lambda a, b: keras.ops.sum(keras.ops.square(a - b), axis=0), True),
        (lambda a, b: keras.ops.sum(keras.ops.normalize(a, axis=0) * b, axis=1), True),
        (lambda a, b: keras.ops.sum(keras.ops.square(a - b), axis=-2), True),
    ],
)
def test_reductions_over_the_batch_are_found(tmp_path, head, coupled):
    zoo.twin(head).save(tmp_path / "model.keras")
    assert bool(read_blueprint(tmp_path / "model.keras").batch_coupled) == coupled


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


def test_encoder_may_be_named(saved):
    path = saved("wrapped").path
    named = read_blueprint(path, ModelSettings(encoder="inner"))
    assert named.encoder is not None
    assert named.encoder.layers[-1].class_name == "Dense"
    with pytest.raises(UnreadableModel, match="Did you mean 'inner'"):
        read_blueprint(path, ModelSettings(encoder="iner"))


def test_unknown_head_leaves_the_encoder_usable(tmp_path):
    model = zoo.twin(lambda a, b: keras.layers.Lambda(lambda t: t[0] ** 2 - t[1])([a, b]))
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert (blueprint.head.kind, blueprint.head.higher_is_same) == ("unknown", None)
    assert "head" in blueprint.unreadable[0]
    twin = load_twin(blueprint)
    assert not twin.can_compare
    assert twin.embed(zoo.samples_for(model)[0]).shape == (12, 6)


def test_model_in_memory_is_read_without_leaving_a_file():
    model = zoo.twin(zoo.euclidean)
    blueprint = read_live(model)
    left, right = zoo.samples_for(model)
    got = load_twin(blueprint).predict(left, right)
    np.testing.assert_allclose(got, np.ravel(model([left, right], training=False)), **CLOSE)
    assert str(blueprint.path) == model.name


def test_model_that_cannot_be_saved_says_so():
    class Odd(keras.Model):
        def __init__(self, part):
            super().__init__()
            self.part = part

        def call(self, x):
            return x

    odd = Odd(object())
    odd(np.zeros((1, 2), np.float32))
    with pytest.raises(UnreadableModel, match="cannot be saved"):
        read_live(odd)


def test_comparison_before_an_unknown_layer_is_named(tmp_path):
    cosine = keras.layers.Dot(axes=1, normalize=True)
    model = zoo.twin(lambda a, b: keras.layers.Lambda(lambda t: 2 - 3 * t)(cosine([a, b])))
    model.save(tmp_path / "model.keras")
    head = read_blueprint(tmp_path / "model.keras").head
    assert (head.kind, head.merge, head.recognised_by) == ("unknown", "cosine_similarity", "assumed")


def test_direction_is_known_where_the_output_has_no_name(tmp_path):
    model = zoo.twin(lambda a, b: 1 / (1 + zoo.euclidean(a, b)))
    model.save(tmp_path / "model.keras")
    head = read_blueprint(tmp_path / "model.keras").head
    assert (head.kind, head.merge, head.higher_is_same) == ("unknown", "euclidean", True)


def test_file_of_a_newer_keras_that_does_not_load_says_so(tmp_path):
    zoo.encoder().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as old, zipfile.ZipFile(tmp_path / "new.keras", "w") as new:
        config = json.loads(old.read("config.json"))
        config["config"]["layers"][1]["config"]["setting_of_the_future"] = 1
        new.writestr("config.json", json.dumps(config))
        new.writestr("metadata.json", json.dumps({"keras_version": "99.1.0"}))
        new.writestr("model.weights.h5", old.read("model.weights.h5"))
    with pytest.raises(UnreadableModel, match=r"setting_of_the_future.*saved by Keras 99\.1\.0.*upgrade"):
        load_twin(read_blueprint(tmp_path / "new.keras"))


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
