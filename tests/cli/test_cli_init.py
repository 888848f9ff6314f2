"""`init` and `inspect` read real files: a small model, real images."""

import json
import os
import re

import numpy as np
import pytest
from PIL import Image
from show_imports import SHOW_IMPORTS
from siamdoctor.cli.findings import find_facts
from siamdoctor.cli.settings_draft import draft
from siamdoctor.errors import BadSettings, SiamdoctorError
from siamdoctor.settings import read_settings


@pytest.fixture(scope="session")
def twin_file(tmp_path_factory):
    """A saved Siamese network over 8 x 8 images with a distance head, compiled with a contrastive loss."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras  # noqa: PLC0415  (four seconds that only these tests pay)

    encoder = keras.Sequential(
        [keras.layers.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)], name="tower"
    )
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    difference = keras.ops.square(encoder(left) - encoder(right))
    distance = keras.ops.sqrt(keras.ops.maximum(keras.ops.sum(difference, axis=1, keepdims=True), 1e-7))
    model = keras.Model([left, right], distance)
    model.compile("adam", "binary_crossentropy")
    path = tmp_path_factory.mktemp("model") / "twin.keras"
    model.save(path)
    return path


@pytest.fixture
def workplace(tmp_path, monkeypatch, twin_file):
    """A working directory with a model, data/train, data/val and a history."""
    (tmp_path / "best model.keras").write_bytes(twin_file.read_bytes())
    draw = np.random.default_rng(0)
    for split in ("train", "val"):
        for who in "abcd":
            folder = tmp_path / "data" / split / who
            folder.mkdir(parents=True)
            for k in range(3):
                Image.fromarray(draw.integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / f"{k}.png")
    (tmp_path / "history.csv").write_text("epoch,loss\n0,0.7\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_lies_about_is_filled_in(run, workplace):
    done = run("init")
    assert (done.code, done.out) == (0, "")
    settings = read_settings(workplace / "siamdoctor.yaml")
    assert settings.model.path == workplace / "best model.keras"
    assert settings.data.path == workplace / "data/val"
    assert settings.data.train == workplace / "data/train"
    assert settings.training.loss == "binary_crossentropy"
    assert settings.training.history == workplace / "history.csv"
    assert settings.decision.metric == "euclidean"
    text = (workplace / "siamdoctor.yaml").read_text()
    assert "12 images of 4 identities" in text
    assert "# rescale: 0.00392156862745098" in text
    assert "the stored values reach 25" in text


def test_a_file_is_never_overwritten_unasked(run, workplace):
    (workplace / "siamdoctor.yaml").write_text("seed: 3\n")
    done = run("init")
    assert done.code == 2
    assert "--force" in done.err
    assert (workplace / "siamdoctor.yaml").read_text() == "seed: 3\n"
    assert run("init", "--force").code == 0
    assert read_settings(workplace / "siamdoctor.yaml").data.path == workplace / "data/val"


def test_it_can_be_printed_and_written_elsewhere(run, workplace):
    printed = run("init", "--path", "-")
    assert printed.code == 0
    assert "path: data/val" in printed.out
    assert not (workplace / "siamdoctor.yaml").exists()
    (workplace / "conf").mkdir()
    assert run("init", "--path", "conf/s.yaml").code == 0
    assert read_settings(workplace / "conf/s.yaml").data.path.resolve() == workplace / "data/val"


def test_two_models_are_not_guessed_between(run, workplace):
    (workplace / "other.keras").write_bytes(b"PK")
    done = run("init")
    assert done.code == 2
    assert "best model.keras, other.keras" in done.err
    assert run("init", "best model.keras").code == 0


def test_what_was_named_must_be_readable_and_what_was_found_need_not(run, workplace):
    (workplace / "broken.keras").write_bytes(b"not a model")
    assert run("init", "broken.keras").code == 2
    assert run("init", "none.keras").code == 2
    assert run("init", "best model.keras", "none").code == 2
    (workplace / "best model.keras").unlink()
    assert run("init").code == 0
    text = (workplace / "siamdoctor.yaml").read_text()
    assert "# Could not be read:" in text
    assert "# model:" in text
    assert read_settings(workplace / "siamdoctor.yaml").model.path is None


def test_an_empty_folder_gives_a_file_to_fill_in(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("init").code == 0
    settings = read_settings(tmp_path / "siamdoctor.yaml")
    assert settings.model.path is None
    assert settings.report.fail_on == "likely"


def test_every_commented_line_is_valid_once_it_is_in_force(tmp_path):
    text = draft(find_facts(None, None, tmp_path), tmp_path)
    lines = [re.sub("^( *)# ", r"\1", line) for line in text.splitlines()[3:]]
    (tmp_path / "all.yaml").write_text("\n".join(lines))
    settings = read_settings(tmp_path / "all.yaml")
    assert settings.training.same_label == 1
    assert settings.decision.threshold == 0.5
    assert settings.training.augmentation == {"rotation_range": 20, "width_shift_range": 0.2}


def test_find_facts_raises_only_for_what_was_named(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"nothing")
    assert len(find_facts(None, None, tmp_path).complaints) == 1
    with pytest.raises(SiamdoctorError):
        find_facts(tmp_path / "a.keras", None, tmp_path)
    (tmp_path / "b.keras").write_bytes(b"nothing")
    with pytest.raises(BadSettings, match="Several models"):
        find_facts(None, None, tmp_path)


def test_inspect_explains_a_real_file(run, twin_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("inspect", str(twin_file), "--format", "json")
    told = json.loads(done.out)
    assert done.code == 0
    assert told["twins"] == "shared"
    assert told["encoder"]["name"] == "tower"
    assert told["head"]["kind"] == "euclidean"
    assert [port["shape"] for port in told["inputs"]] == [[8, 8, 1], [8, 8, 1]]
    assert told["loss"] == "binary_crossentropy"
    assert told["lambdas"] == []
    text = run("inspect", str(twin_file)).out
    assert "one encoder: a Siamese network" in text
    assert "tower: (8, 8, 1) -> 4" in text
    markdown = run("inspect", str(twin_file), "--format", "markdown").out
    assert "| encoder |" in markdown


def test_inspect_refuses_what_is_no_model(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.keras").write_bytes(b"not a model")
    assert run("inspect", "broken.keras").code == 2
    assert run("inspect", "none.keras").code == 2
    assert run("inspect").code == 2


@pytest.mark.parametrize("words", [("inspect",), ("init", "--path", "-")])
def test_reading_a_real_file_never_loads_tensorflow(python, workplace, words):
    name = words[0]
    done = python("-c", SHOW_IMPORTS, name, "best model.keras", *words[1:], cwd=workplace)
    assert "heavy=[] code=0" in done.stderr
    assert "shared" in done.stdout
