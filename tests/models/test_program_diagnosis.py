"""An ill model is diagnosed alike from its `.keras` file and from what was exported of it; a stranger's is not run."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest
import siamdoctor
from siamdoctor.errors import SiamdoctorError, UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import DataSettings, DecisionSettings, ModelSettings, ReportSettings, Settings
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import_keras()

import keras  # noqa: E402  (after the environment is set)
import programs  # noqa: E402  (the same)
import zoo  # noqa: E402  (the same)
from keras import layers  # noqa: E402  (the same)

DIGITS = load_digits()
X, Y = DIGITS.images[..., None].astype(np.float32), DIGITS.target
TRUSTED = ModelSettings(trust_savedmodel=True)
LOOKED_FOR = ("wrong-threshold", "untied-towers", "non-finite-weights", "inverted-metric")


def projecting(name: str) -> keras.Model:
    """An encoder that tells digits apart without any training: discriminant analysis is one Dense layer."""
    found = LinearDiscriminantAnalysis(n_components=6).fit(X[:900].reshape(900, -1), Y[:900])
    given = layers.Input((8, 8, 1))
    dense = layers.Dense(6)
    model = keras.Model(given, dense(layers.Flatten()(given)), name=name)
    kernel = found.scalings_[:, :6]
    dense.set_weights([kernel / np.abs(kernel).max() / 8, np.zeros(6)])
    return model


def twin(one: keras.Model, other: keras.Model) -> keras.Model:
    left, right = zoo.images("left", "right")
    return keras.Model([left, right], zoo.euclidean(one(left), other(right)))


def untied() -> keras.Model:
    other = projecting("other")
    kernel, bias = other.layers[-1].get_weights()
    other.layers[-1].set_weights([kernel[::-1], bias])
    return twin(projecting("one"), other)


def broken() -> keras.Model:
    shared = projecting("shared")
    kernel, bias = shared.layers[-1].get_weights()
    shared.layers[-1].set_weights([np.where(np.arange(64)[:, None] == 20, np.nan, kernel), bias])
    return twin(shared, shared)


ILL = {
    "wrong-threshold": (lambda: twin(*[projecting("shared")] * 2), 30.0),
    "untied-towers": (untied, None),
    "non-finite-weights": (broken, None),
}


@pytest.mark.parametrize("fault", ILL)
def test_the_first_cause_is_that_of_the_file(fault, tmp_path):
    build, threshold = ILL[fault]
    model = build()
    model.save(tmp_path / "model.keras")
    programs.exported(model, tmp_path / "exported")
    settings = Settings(
        model=TRUSTED,
        data=DataSettings(rescale=1.0, pairs=300),
        decision=DecisionSettings(threshold=threshold),
        report=ReportSettings(select=LOOKED_FOR),
    )
    file, program = (
        siamdoctor.diagnose(tmp_path / name, (X[900:], Y[900:]), settings=settings)
        for name in ("model.keras", "exported")
    )
    causes = [(c.id, c.level) for c in file.causes]
    assert [(c.id, c.level) for c in program.causes] == causes
    assert fault in dict(causes)
    assert program.accuracy.value == pytest.approx(file.accuracy.value, abs=0.01)
    assert [(c.id, c.status) for c in program.checks] == [(c.id, c.status) for c in file.checks]
    assert any("--trust-savedmodel was given" in sentence for sentence in program.assumed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return programs.exported(twin(*[projecting("shared")] * 2), tmp_path_factory.mktemp("exported") / "model")


def test_a_strangers_program_is_refused_before_anything_is_read(folder):
    with pytest.raises(UnreadableModel, match=r"--trust-savedmodel.*trust_savedmodel: true.*model\.save"):
        siamdoctor.diagnose(folder, "no/such/data", settings=Settings())


def test_explaining_and_refusing_load_no_tensorflow(folder, tmp_path):
    import subprocess  # noqa: PLC0415  (for this one test)
    import sys  # noqa: PLC0415  (the same)

    script = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from siamdoctor.cli import main\n"
        "for words in (['inspect', '--format', 'json', sys.argv[1]], ['diagnose', sys.argv[1], sys.argv[2]]):\n"
        "    try:\n        main(words)\n    except SystemExit as ended:\n        print('ended', ended.code or 0)\n"
    )
    words = [sys.executable, "-c", script, str(folder), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "ended 0" in done.stdout, done.stderr
    assert "ended 2" in done.stdout
    assert '"twins": "shared"' in done.stdout
    assert "--trust-savedmodel" in done.stderr
    assert "Traceback" not in done.stderr


def test_links_out_of_the_folder_are_followed_to_files_alone(folder, tmp_path):
    """Caches keep every file of a model as a link; what is no file is never opened."""
    (tmp_path / "linked" / "variables").mkdir(parents=True)
    for file in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (tmp_path / "linked" / file).symlink_to(folder / file)
    linked = load_twin(read_blueprint(tmp_path / "linked", TRUSTED))
    np.testing.assert_array_equal(linked.embed(X[:5]), load_twin(read_blueprint(folder, TRUSTED)).embed(X[:5]))
    data = tmp_path / "linked" / "variables" / "variables.data-00000-of-00001"
    data.unlink()
    data.symlink_to("/dev/zero")
    with pytest.raises(UnreadableModel, match="not a file"):
        read_blueprint(tmp_path / "linked", TRUSTED)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("variables", "Copy the whole folder"),
        ("variables/variables.data-00000-of-00001", "Copy the whole folder"),
        ("saved_model.pb", "holds no model"),
    ],
)
def test_what_is_missing_is_named(folder, tmp_path, missing, words):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    lost = copy / missing
    shutil.rmtree(lost) if lost.is_dir() else os.unlink(lost)  # noqa: PTH108  (beside a function alike)
    with pytest.raises(UnreadableModel, match=words):
        read_blueprint(copy, TRUSTED)


def test_a_weight_that_is_damaged_is_told_in_a_line(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    data = copy / "variables" / "variables.data-00000-of-00001"
    data.write_bytes(bytes(len(data.read_bytes())))
    with pytest.raises(UnreadableModel, match=r"program of the SavedModel failed: .*checksum"):
        load_twin(read_blueprint(copy, TRUSTED))


def test_damage_of_any_kind_is_refused_or_read(folder, tmp_path):
    rng = np.random.default_rng(11)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    whole = np.frombuffer((folder / "saved_model.pb").read_bytes(), np.uint8)
    refused = 0
    for _ in range(120):
        spoilt = whole.copy()
        spoilt[rng.integers(0, whole.size, rng.integers(1, 12))] = rng.integers(0, 256)
        cut = whole.size if rng.random() < 0.8 else int(rng.integers(0, whole.size))
        (copy / "saved_model.pb").write_bytes(spoilt[:cut].tobytes())
        began = time.process_time()
        try:
            read_blueprint(copy, TRUSTED)
        except SiamdoctorError:
            refused += 1
        assert time.process_time() - began < 2
    assert 0 < refused < 120
