"""What is said of a model without running it: encoder, weights, loss, reductions."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.known_classes import LOSSES
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)


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


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_accuracy_is_of_unknown_origin_only_where_the_format_stores_a_bare_word(tmp_path, extension):
    def contrastive_loss(y, d):
        return keras.ops.mean(y * d)

    def accuracy(y, d):
        return keras.ops.mean(keras.ops.cast((d < 0.5) == (y > 0.5), "float32"))

    model, path = zoo.twin(zoo.euclidean), tmp_path / f"model.{extension}"
    read = []
    for loss, metric in ((contrastive_loss, accuracy), (contrastive_loss, "accuracy"), ("mse", "accuracy")):
        model.compile(loss=loss, optimizer="adam", metrics=[metric])
        model.save(path)
        blueprint = read_blueprint(path)
        read.append((blueprint.metrics, blueprint.accuracy_may_be_own))
    keras_own, bare = (("accuracy",), False), (("accuracy",), True)
    if extension == "h5":
        assert read == [bare, bare, keras_own]
    else:
        assert read == [(("accuracy (custom function)",), False), keras_own, keras_own]


PREPARATIONS = {
    "mobilenet": (keras.applications.mobilenet_v2.preprocess_input, True),
    "caffe": (keras.applications.resnet50.preprocess_input, True),
    "torch": (keras.applications.densenet.preprocess_input, True),
    "by hand": (lambda x: x * (1 / 255), True),
    "centred around one half": (lambda x: (x - 0.5) * 2, False),
    "nothing": (lambda x: x, False),
}


@pytest.mark.parametrize("name", PREPARATIONS)
@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_preparation_of_pixels_inside_the_encoder_is_seen(tmp_path, name, extension):
    prepare, rescales = PREPARATIONS[name]
    given = keras.Input((8, 8, 3))
    features = keras.layers.Conv2D(2, 3)(prepare(given))
    tower = keras.Model(given, keras.layers.Dense(4)(keras.layers.Flatten()(features)))
    left, right = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    path = tmp_path / f"model.{extension}"
    keras.Model([left, right], zoo.euclidean(tower(left), tower(right))).save(path)
    assert read_blueprint(path).encoder.has_rescaling == rescales


def test_losses_of_keras_are_known():
    named = {loss.__name__ for loss in vars(keras.losses).values() if hasattr(loss, "__name__")}
    assert named - LOSSES <= {"Loss", "deserialize", "get", "serialize"}


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


def test_encoder_may_be_named(saved):
    path = saved("wrapped").path
    named = read_blueprint(path, ModelSettings(encoder="inner"))
    assert named.encoder is not None
    assert named.encoder.layers[-1].class_name == "Dense"
    with pytest.raises(UnreadableModel, match="Did you mean 'inner'"):
        read_blueprint(path, ModelSettings(encoder="iner"))


def test_direction_is_known_where_the_output_has_no_name(tmp_path):
    model = zoo.twin(lambda a, b: 1 / (1 + zoo.euclidean(a, b)))
    model.save(tmp_path / "model.keras")
    head = read_blueprint(tmp_path / "model.keras").head
    assert (head.kind, head.merge, head.higher_is_same) == ("unknown", "euclidean", True)
