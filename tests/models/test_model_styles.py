"""Every style of the zoo, read from the file and compared with the program that saved it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)
import zoo_styles  # noqa: E402  (the same)

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
CASES = [(style, "keras") for style in zoo_styles.STYLES] + [(style, "h5") for style in BOTH_FORMATS]
REST = [pytest.param(s, "h5", marks=pytest.mark.slow) for s in zoo_styles.STYLES if s not in BOTH_FORMATS]


@pytest.mark.parametrize(("style", "extension"), CASES + REST)
def test_file_is_understood_and_gives_what_the_program_gave(saved, style, extension):
    file, expected = saved(style, extension), zoo_styles.STYLES[style]

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
