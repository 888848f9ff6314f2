"""Damaged and hostile files end in one clear message, soon, and in little memory."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hostile_layers import REFUSED_ON_LOADING
from hostile_models import REFUSED_ON_READING
from hypothesis import HealthCheck
from hypothesis import given as drawn
from hypothesis import settings as profile
from hypothesis import strategies as st
from model_pieces import archive, dense, functional, given
from siamdoctor.errors import BadSettings, UnreadableModel
from siamdoctor.models import zipped
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import load_twin
from siamdoctor.settings import ModelSettings
from tiresome_models import TIRESOME

SOON = 2.0  # seconds of computing


@pytest.mark.parametrize("name", REFUSED_ON_READING)
def test_file_is_refused_with_a_reason_when_read(name, tmp_path):
    make, words = REFUSED_ON_READING[name]
    path = tmp_path / "model.keras"
    make(path)
    started = time.process_time()
    with pytest.raises(UnreadableModel, match=words) as refusal:
        read_blueprint(path)
    assert time.process_time() - started < SOON
    assert "Received: " in str(refusal.value)
    assert len(str(refusal.value)) < 700


@pytest.mark.parametrize("name", REFUSED_ON_LOADING)
def test_file_is_refused_before_anything_is_made_of_it(name, tmp_path):
    make, words = REFUSED_ON_LOADING[name]
    path = tmp_path / "model.keras"
    make(path)
    blueprint = read_blueprint(path)
    with pytest.raises(UnreadableModel, match=words):
        load_twin(blueprint)


@pytest.mark.parametrize("name", TIRESOME)
def test_large_models_are_read_in_no_more_than_linear_time(name, tmp_path):
    TIRESOME[name](tmp_path / "model.keras")
    started = time.process_time()
    read_blueprint(tmp_path / "model.keras")
    assert time.process_time() - started < SOON


def test_harmless_file_of_the_same_make_is_loaded(tmp_path):
    archive(functional(given(), dense()))(tmp_path / "model.keras")
    model = load_twin(read_blueprint(tmp_path / "model.keras"))
    np.testing.assert_array_equal(model.embed(np.ones((3, 4))), np.zeros((3, 2)))


def test_member_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    archive(functional(given(), dense()))(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile itself warns of it
        with zipfile.ZipFile(path, "a") as file:
            file.writestr("config.json", "{}")
    with pytest.raises(UnreadableModel, match="twice"):
        read_blueprint(path)


def test_a_file_that_changes_while_it_is_read_is_not_trusted(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    archive(functional(given(), dense()))(path)
    content = path.read_bytes()
    before = zipped.members_of

    def meanwhile(*arguments):
        path.write_bytes(content + b"more")
        return before(*arguments)

    monkeypatch.setattr("siamdoctor.models.archive.members_of", meanwhile)
    with pytest.raises(UnreadableModel, match="changed while it was read"):
        read_blueprint(path)


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.keras")
    with pytest.raises(UnreadableModel, match="not a file"):
        read_blueprint(tmp_path / "model.keras")


@pytest.mark.parametrize("address", ["https://x.org/m.keras", "hf://someone/model", "hf:someone/model", "s3://b/m.h5"])
def test_addresses_are_not_fetched(address):
    with pytest.raises(UnreadableModel, match="local"):
        read_blueprint(Path(address))


def test_missing_file_and_plain_folder_are_named(tmp_path):
    with pytest.raises(UnreadableModel, match="no such file"):
        read_blueprint(tmp_path / "nothing.keras")
    with pytest.raises(UnreadableModel, match="folder holds no model"):
        read_blueprint(tmp_path)


def test_hostile_files_cost_no_memory(tmp_path):
    """Each file is read in a process that may not grow by more than 300 MB."""
    for number, make in enumerate([*REFUSED_ON_READING.values(), *REFUSED_ON_LOADING.values()]):
        make[0](tmp_path / f"{number:03}.keras")
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from siamdoctor.errors import SiamdoctorError\n"
        "from siamdoctor.models.reading import read_blueprint\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before = peak()\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try: read_blueprint(path)\n"
        "    except SiamdoctorError: pass\n"
        "print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 300


def test_code_of_a_lambda_is_never_unmarshalled(tmp_path):
    """The bytes are such that `marshal.loads` would raise, or worse; the reader only looks for names."""
    code = base64.b64encode(b"\xe3" + b"\xff" * 40 + b"\xda\x03abs\xda\x03sum").decode()
    function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    layer = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "head", "trainable": True, "dtype": "float32", "function": function},
        "registered_name": None,
        "name": "head",
        "inbound_nodes": [],
    }
    config = functional(given(), dense(), layer)
    inputs = [json.loads(json.dumps(given()).replace('"input"', f'"{side}"')) for side in ("left", "right")]
    shared = dense()
    nodes = json.loads(json.dumps(shared["inbound_nodes"]))
    shared["inbound_nodes"] = [json.loads(json.dumps(nodes[0]).replace('"input"', f'"{s}"')) for s in ("left", "right")]
    sides = [json.loads(json.dumps(nodes[0]["args"][0]).replace('"input", 0', f'"dense", {n}')) for n in (0, 1)]
    layer["inbound_nodes"] = [{"args": [sides], "kwargs": {}}]
    config["config"] |= {"layers": [*inputs, shared, layer], "input_layers": [["left", 0, 0], ["right", 0, 0]]}
    archive(config)(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert (blueprint.head.kind, blueprint.head.recognised_by) == ("manhattan", "bytecode names")
    left, right = np.ones((2, 4)), np.zeros((2, 4))
    assert load_twin(blueprint).predict(left, right).shape == (2,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["input", "dense", "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "config",
                    "layers",
                    "class_name",
                    "inbound_nodes",
                    "input_layers",
                    "output_layers",
                    "args",
                    "kwargs",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=40,
)


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
@drawn(config=JSON, place=st.sampled_from(["model", "config", "layers", "node", "settings"]))
def test_any_json_is_read_or_refused(config, place, tmp_path):
    model = functional(given(), dense())
    inner = model["config"]["layers"][1]
    if place == "model":
        model = config
    elif place == "config":
        model["config"] = config
    elif place == "layers":
        model["config"]["layers"] = config
    elif place == "node":
        inner["inbound_nodes"] = config
    else:
        inner["config"] = config
    path = tmp_path / "model.keras"
    archive(model)(path)
    try:
        blueprint = read_blueprint(path)
    except UnreadableModel:
        return
    assert blueprint.path == path


def test_user_code_that_would_train_is_not_imported(tmp_path):
    archive(functional(given(), dense()))(tmp_path / "model.keras")
    script = tmp_path / "train.py"
    script.write_text("import keras\nclass Mine(keras.Layer): ...\nmodel = Mine()\nmodel.fit(1)\n")
    with pytest.raises(BadSettings, match="Line 4 would start a training"):
        read_blueprint(tmp_path / "model.keras", ModelSettings(custom_objects=str(script)))
    script.write_text("class Mine: ...\nif __name__ == '__main__':\n    model.fit(1)\n")
    assert read_blueprint(tmp_path / "model.keras", ModelSettings(custom_objects=str(script))).encoder
