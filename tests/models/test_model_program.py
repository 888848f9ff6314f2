"""SavedModels that can only be run: found out by reading, run when they are trusted, and the same as their model."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from siamdoctor.errors import Unavailable, UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import ModelSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import programs  # noqa: E402  (the same)
import tensorflow as tf  # noqa: E402  (the same)
import zoo  # noqa: E402  (the same)
from keras import layers  # noqa: E402  (the same)

TRUSTED = ModelSettings(trust_savedmodel=True)
BUILT = {
    "euclidean": (lambda: zoo.twin(zoo.euclidean), "shared", "euclidean"),
    "learned": (lambda: zoo.twin(lambda a, b: zoo.sigmoid(abs(a - b))), "shared", "learned"),
    "dot": (programs.dot_of_raw, "shared", "cosine_similarity"),
    "separate": (zoo.separate, "separate", "learned"),
    "same input": (zoo.same_input, "shared", "learned"),
    "pair axis": (zoo.pair_axis, "shared", "euclidean"),
    "triplet": (programs.anchored, "shared", "euclidean"),
    "triplet of embeddings": (programs.embeddings_alone, "shared", "none"),
    "embeddings and distance": (programs.with_distance, "shared", "euclidean"),
    "softmax": (programs.softmax, "shared", "learned"),
    "encoder": (programs.rescaled, "none", "none"),
    "text": (lambda: zoo.text(layers.LSTM(6)), "shared", "learned"),
}


@pytest.fixture(scope="module")
def pair_of_files(tmp_path_factory):
    """The same model as a `.keras` file and as an exported SavedModel."""
    made = {}

    def get(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("program")
            keras.utils.set_random_seed(5)
            model = BUILT[name][0]()
            rng = np.random.default_rng(3)
            model.set_weights([np.asarray(w + 0.1 * rng.random(w.shape), w.dtype) for w in model.get_weights()])
            model.save(folder / "model.keras")
            made[name] = folder / "model.keras", programs.exported(model, folder / "exported")
        return made[name]

    return get


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """Programs of one's own."""
    folder = tmp_path_factory.mktemp("modules")
    free, single, batch = programs.Pairs(), programs.Pairs(1), programs.Pairs(4)
    return {
        "free": programs.saved_module(free, folder / "free", pair=free.pair, embed=free.one),
        "single": programs.saved_module(single, folder / "single", serving_default=single.pair),
        "batch": programs.saved_module(batch, folder / "batch", serving_default=batch.pair),
        "failing": programs.saved_module(free, folder / "failing", serving_default=free.failing),
        "unsigned": programs.saved_module(free, folder / "unsigned"),
    }


def samples(blueprint, count=6):
    rng = np.random.default_rng(0)
    if blueprint.inputs[0].dtype.startswith("int"):
        return tuple(rng.integers(1, 50, (count, *blueprint.encoder.input_shape)) for _ in range(2))
    return tuple(rng.random((count, *blueprint.encoder.input_shape), np.float32) for _ in range(2))


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n == "text" else n for n in BUILT])
def test_a_program_gives_the_numbers_of_its_model(pair_of_files, name):
    file, folder = pair_of_files(name)
    model, program = read_blueprint(file), read_blueprint(folder, TRUSTED)
    assert (program.twins, program.head.kind) == (model.twins, model.head.kind) == BUILT[name][1:]
    assert (program.head.merge, program.head.units) == (model.head.merge, model.head.units)
    assert program.encoder.dimension == model.encoder.dimension
    assert program.encoder.input_shape == model.encoder.input_shape
    assert program.encoder.unit_norm == model.encoder.unit_norm
    assert program.encoder.has_rescaling == model.encoder.has_rescaling
    assert program.same_input_twice == model.same_input_twice
    left, right = samples(model)
    wanted, got = load_twin(model), load_twin(program)
    for side, x in enumerate((left, right)):
        np.testing.assert_allclose(got.embed(x, side=side), wanted.embed(x, side=side), atol=1e-5)
    if wanted.can_compare:
        np.testing.assert_allclose(got.predict(left, right), wanted.predict(left, right), atol=1e-5)
    assert got.can_compare == wanted.can_compare


def test_stored_weights_are_those_of_the_layers(pair_of_files):
    file, folder = pair_of_files("separate")
    program = read_blueprint(folder)
    parts = dict.fromkeys(("encoder", "second tower", "head", "other"), 0)
    for weight in program.weights:
        parts[weight.part] += 1
    assert parts == {"encoder": 8, "second tower": 8, "head": 2, "other": 0}
    got = sorted((w.variable, w.shape, float(w.load().sum())) for w in program.weights)
    wanted = sorted((w.variable, w.shape, float(w.load().sum())) for w in read_blueprint(file).weights)
    assert got == wanted


def test_layers_are_listed_as_a_person_would(pair_of_files):
    program = read_blueprint(pair_of_files("dot")[1])
    assert [note.class_name for note in program.encoder.layers] == ["Conv2D", "BatchNormalization", "Flatten", "Dense"]
    assert program.encoder.layers[0].activation == "relu"
    assert [note.class_name for note in program.head.layers] == ["Dot"]
    text = read_blueprint(pair_of_files("text")[1])
    assert [(n.class_name, n.units) for n in text.encoder.layers] == [("Embedding", 8), ("LSTM", 6)]
    assert text.encoder.name == "text"


@pytest.mark.parametrize("name", ["euclidean", "encoder"])
def test_without_the_option_nothing_is_run(pair_of_files, name):
    blueprint = read_blueprint(pair_of_files(name)[1])
    assert any("--trust-savedmodel" in sentence for sentence in blueprint.advice)
    with pytest.raises(UnreadableModel, match=r"--trust-savedmodel.*model\.save\('model\.keras'\)"):
        load_twin(blueprint)


def test_fresh_weights_and_a_sigmoid_but_no_training(pair_of_files):
    twin = load_twin(read_blueprint(pair_of_files("softmax")[1], TRUSTED))
    left, right = samples(twin.blueprint)
    one, same, other = (twin.reinitialised(seed).embed(left) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert not np.allclose(one, twin.embed(left))
    model = load_twin(read_blueprint(pair_of_files("softmax")[0]))
    wanted = model.with_sigmoid().predict(left, right)
    np.testing.assert_allclose(twin.with_sigmoid().predict(left, right), wanted, atol=1e-5)
    from siamdoctor.trials.training import fresh_weights  # noqa: PLC0415  (needs TensorFlow)

    with pytest.raises(Unavailable, match="SavedModel"):
        fresh_weights(twin, 0)


def test_batch_statistics_are_taken_anew(pair_of_files):
    file, folder = pair_of_files("separate")
    model, program = load_twin(read_blueprint(file)), load_twin(read_blueprint(folder, TRUSTED))
    left, right = samples(program.blueprint, 40)
    wanted, got = (twin.with_batch_statistics(3 * left) for twin in (model, program))
    for side, x in enumerate((left, right)):
        np.testing.assert_allclose(got.embed(x, side=side), wanted.embed(x, side=side), atol=1e-4)
    assert not np.allclose(got.embed(left), program.embed(left), atol=1e-2)


def test_signatures_are_chosen_or_named(modules):
    pair = read_blueprint(modules["free"], ModelSettings(trust_savedmodel=True, encoder="pair"))
    assert (pair.twins, pair.head.kind) == ("shared", "euclidean")
    assert "Of the signatures embed, pair, pair is called." in pair.assumed
    first = read_blueprint(modules["free"], TRUSTED)
    assert (first.twins, first.program.signature) == ("none", "embed")


def test_one_sample_at_a_time_is_done_many_times(modules, capfd):
    twin = load_twin(read_blueprint(modules["single"], TRUSTED))
    left, right = samples(twin.blueprint)
    module = programs.Pairs(1)
    wanted = [float(module.distance(a[None], b[None])[0]) for a, b in zip(left, right, strict=True)]
    capfd.readouterr()
    np.testing.assert_allclose(twin.predict(left, right), wanted, rtol=1e-5)
    assert capfd.readouterr() == ("", ""), "what the program prints goes nowhere"


@pytest.mark.parametrize(
    ("name", "words"),
    [("batch", "takes 4 samples at a time"), ("failing", "not my kind of picture")],
)
def test_a_program_that_fails_is_told_in_a_line(modules, name, words):
    blueprint = read_blueprint(modules[name], TRUSTED)
    with pytest.raises(UnreadableModel, match=words) as told:
        load_twin(blueprint)
    assert "\n" not in str(told.value)


def test_a_program_without_a_signature_is_refused(modules):
    with pytest.raises(UnreadableModel, match=r"no signature.*model\.save"):
        read_blueprint(modules["unsigned"], TRUSTED)


def test_inputs_that_meet_at_once_are_no_twin(tmp_path):
    left, right = zoo.images("left", "right")
    model = keras.Model([left, right], layers.Dense(1)(layers.Flatten()(layers.Concatenate()([left, right]))))
    blueprint = read_blueprint(programs.exported(model, tmp_path / "fused"), TRUSTED)
    assert blueprint.encoder is None
    with pytest.raises(UnreadableModel, match="meet before any layer with weights"):
        load_twin(blueprint)


def test_text_is_not_taken_for_numbers(tmp_path):
    words = layers.TextVectorization(output_sequence_length=4, vocabulary=["big", "small"])
    given = layers.Input((1,), dtype="string")
    model = keras.Model(given, layers.GlobalAveragePooling1D()(layers.Embedding(4, 3)(words(given))))
    blueprint = read_blueprint(programs.exported(model, tmp_path / "text"), TRUSTED)
    assert any("is of type string" in sentence for sentence in blueprint.unreadable)


def test_layers_are_preferred_and_the_program_is_what_is_left(keras2_files, pair_of_files, tmp_path):
    assert read_blueprint(keras2_files / "lambda-euclidean", TRUSTED).program is None
    shutil.copytree(pair_of_files("euclidean")[1], tmp_path / "copy")
    notes = (keras2_files / "lambda-euclidean" / "keras_metadata.pb").read_bytes()
    (tmp_path / "copy" / "keras_metadata.pb").write_bytes(notes[:-500])
    blueprint = read_blueprint(tmp_path / "copy", TRUSTED)
    assert (blueprint.twins, blueprint.head.kind) == ("shared", "euclidean")
    assert any("layers cannot be read" in sentence for sentence in blueprint.unreadable)


def test_the_same_names_as_tensorflow(pair_of_files):
    """Every operation that is found by reading is one that TensorFlow has under that name when it froze the program."""
    from siamdoctor.models.inlining import inlined  # noqa: PLC0415  (what is tested here)
    from siamdoctor.models.program import chosen, read_program  # noqa: PLC0415  (the same)
    from tensorflow.python.framework.convert_to_constants import (  # noqa: PLC0415  (the same)
        convert_variables_to_constants_v2,
    )

    program = read_program(pair_of_files("text")[1])
    signature = chosen(program, None)
    flat = inlined(program, signature)
    loaded = tf.saved_model.load(str(program.path))
    frozen = convert_variables_to_constants_v2(loaded.signatures[signature.name], lower_control_flow=False)
    known = {operation.name: operation.type for operation in frozen.graph.get_operations()}
    inner = [o for o in flat.operations if o.kind not in ("VarHandleOp", "Placeholder", "Identity", "ReadVariableOp")]
    assert len(inner) > 60
    assert all(known[operation.name] == operation.kind for operation in inner)
