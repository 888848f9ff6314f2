"""What `--help`, `explain` and `inspect` load, and that commands known by name only are described truly."""

import inspect
import json

import h5py
import numpy as np
import pytest
from scipy import stats
from siamdoctor.cli.app import app
from siamdoctor.cli.commands import COMMANDS, assemble
from siamdoctor.models.heads import _rank_correlation

HEAVY = ("tensorflow", "keras", "scipy.stats", "scipy", "sklearn", "matplotlib", "pandas")
SHOW = """
import json, sys
from siamdoctor.cli import main
code = 0
try:
    main(sys.argv[1:])
except SystemExit as stopped:
    code = stopped.code or 0
sys.stderr.write("\\n" + json.dumps({"code": code, "loaded": sorted(sys.modules)}))
"""
ENCODER = {
    "class_name": "Sequential",
    "config": {
        "name": "encoder",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "input"}},
            {"class_name": "Activation", "config": {"name": "act", "activation": "relu"}},
        ],
    },
}


def loaded(python, *words, cwd):
    done = python("-c", SHOW, *words, cwd=cwd)
    said = json.loads(done.stderr.splitlines()[-1])
    assert said["code"] == 0, done.stderr
    return done.stdout, set(said["loaded"])


@pytest.mark.parametrize("words", [("--help",), ("explain",), ("explain", "SD204"), ("diagnose", "--help")])
def test_reading_alone_loads_no_arrays_either(python, words, tmp_path):
    shown, names = loaded(python, *words, cwd=tmp_path)
    assert shown
    assert names.isdisjoint({*HEAVY, "numpy", "h5py", "siamdoctor.case"})


def test_inspect_reads_a_model_without_anything_heavy(python, tmp_path):
    with h5py.File(tmp_path / "encoder.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(ENCODER)
        file.attrs["keras_version"] = "3.15.1"
        file.create_group("model_weights")
    shown, names = loaded(python, "inspect", "encoder.h5", cwd=tmp_path)
    assert "Activation" in shown
    assert names.isdisjoint(HEAVY)


def test_a_command_that_is_asked_for_costs_no_other(python, tmp_path):
    _, names = loaded(python, "explain", cwd=tmp_path)
    ours = {name for name in names if name.startswith("siamdoctor.cli.")}
    assert "siamdoctor.cli.explain" in ours
    assert ours.isdisjoint({"siamdoctor.cli.diagnose", "siamdoctor.cli.demo", "siamdoctor.cli.inspect_model"})


def test_summaries_are_the_first_lines_of_the_docstrings():
    callbacks = {command.name: command.callback for command in app.registered_commands}
    assert set(callbacks) == {command.name for command in COMMANDS}
    for command in COMMANDS:
        assert inspect.getdoc(callbacks[command.name]).partition("\n")[0] == command.summary


def test_an_asked_command_is_the_real_one_and_the_rest_are_named():
    made = {command.name: command for command in assemble("explain").registered_commands}
    assert list(made) == [command.name for command in COMMANDS]
    assert made["explain"].callback.__name__ == "explain"


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(3)
    for _ in range(20):
        one, other = rng.integers(0, 6, size=(2, 30)).astype(float)
        assert _rank_correlation(one, other) == pytest.approx(stats.spearmanr(one, other).statistic)
    assert _rank_correlation(one, np.ones(30)) == 0
