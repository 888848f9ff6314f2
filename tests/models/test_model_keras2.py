"""Files of Keras 2, with what Keras 2 answered when they were made (see `make_keras2_files.py`)."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import load_twin

CLOSE = {"rtol": 0, "atol": 2e-6}  # two versions of one library, on another machine
EXPECTED = {
    "lambda-euclidean": ("shared", "euclidean", "euclidean", "bytecode names"),
    "lambda-absolute": ("shared", "learned", "absolute_difference", "bytecode names"),
    "tf-euclidean": ("shared", "euclidean", "euclidean", "operations"),
    "tf-norm": ("shared", "euclidean", "euclidean", "operations"),
    "tf-cosine": ("shared", "cosine_similarity", "cosine_similarity", "operations"),
    "dot": ("shared", "cosine_similarity", "cosine_similarity", "layers"),
    "flat": ("shared", "learned", "difference", "layers"),
    "separate": ("separate", "learned", "concatenate", "layers"),
    "same-input": ("shared", "learned", "difference", "layers"),
    "frozen": ("shared", "learned", "absolute_difference", "operations"),
    "lstm": ("shared", "learned", "difference", "layers"),
    "bidirectional": ("shared", "learned", "difference", "layers"),
    "preprocessed": ("shared", "learned", "difference", "layers"),
    "encoder": ("none", "none", None, "absent"),
    "sequential": ("none", "none", None, "absent"),
}


@pytest.fixture(scope="module")
def folder(keras2_files) -> Path:
    return keras2_files


FILES = [f"{style}.{extension}" for style in EXPECTED for extension in ("h5", "keras")]
FILES.remove("preprocessed.keras")  # Keras 2 could not write this one
SAVEDMODELS = ["lambda-euclidean", "bidirectional", "separate", "sequential"]


@pytest.mark.parametrize("name", FILES + SAVEDMODELS)
def test_file_gives_what_keras_2_gave(folder, name):
    path = folder / name
    style = path.stem
    blueprint = read_blueprint(path)
    head = blueprint.head
    assert (blueprint.twins, head.kind, head.merge, head.recognised_by) == EXPECTED[style]
    assert blueprint.unreadable == ()
    assert (blueprint.loss, blueprint.metrics) == ("binary_crossentropy", ("accuracy",))
    assert (blueprint.optimizer, blueprint.learning_rate) == ("Adam", pytest.approx(0.002))
    stored = np.load(folder / f"{style}.npz")
    model = load_twin(blueprint)
    if blueprint.head.kind == "none":
        np.testing.assert_allclose(model.embed(stored["arr_0"]), stored["outputs"], **CLOSE)
    else:
        got = model.predict(stored["arr_0"], stored["arr_1"])
        np.testing.assert_allclose(got, np.ravel(stored["outputs"]), **CLOSE)


def test_weights_have_the_names_that_keras_2_gave_them(folder):
    stored = {(w.layer_class, w.variable): w for w in read_blueprint(folder / "frozen.h5").weights}
    assert stored["BatchNormalization", "moving_mean"].part == "encoder"
    np.testing.assert_allclose(stored["BatchNormalization", "moving_mean"].load(), np.linspace(0, 0.2, 4), atol=1e-7)
    assert stored["Conv2D", "kernel"].initializer == "GlorotUniform"


def test_names_of_many_weights_are_split_in_chunks(folder, tmp_path):
    """HDF5 attributes hold 64 kB; Keras splits the list of names of a deep backbone over several."""
    source, split = folder / "tf-norm.h5", tmp_path / "split.h5"
    split.write_bytes(source.read_bytes())
    with h5py.File(split, "a") as file:
        group = file["model_weights/encoder"]
        names = group.attrs["weight_names"]
        del group.attrs["weight_names"]
        group.attrs["weight_names0"], group.attrs["weight_names1"] = names[:3], names[3:]
    stored = np.load(folder / "tf-norm.npz")
    got = load_twin(read_blueprint(split)).predict(stored["arr_0"], stored["arr_1"])
    np.testing.assert_allclose(got, np.ravel(stored["outputs"]), **CLOSE)


def test_savedmodel_is_read_without_its_program(folder):
    blueprint = read_blueprint(folder / "bidirectional")
    assert blueprint.format == "SavedModel"
    assert (folder / "bidirectional" / "saved_model.pb").stat().st_size == 0
    assert [n.class_name for n in blueprint.encoder.layers] == ["Embedding", "Bidirectional"]


def test_exported_savedmodel_says_what_to_save_instead(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(UnreadableModel, match=r"model\.save\('model\.keras'\)"):
        read_blueprint(tmp_path)


@given(place=st.sampled_from(["keras_metadata.pb", "variables/variables.index"]), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_savedmodel_is_read_or_refused(folder, tmp_path, place, data):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "separate", copy, dirs_exist_ok=True)
    content = bytearray((copy / place).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (copy / place).write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    try:
        weights = read_blueprint(copy).weights
    except UnreadableModel:
        return
    for weight in weights:
        try:
            assert weight.load().shape == weight.shape
        except UnreadableModel:
            continue
