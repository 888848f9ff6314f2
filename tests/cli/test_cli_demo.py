"""`demo` and `inspect --environment`, without training: the patient and the engine are literal."""

import json
import subprocess
import sys
import types

import pytest
from example_reports import HEALTHY
from siamdoctor.cli import environment


@pytest.fixture
def ward(engine, monkeypatch):
    """A stand-in for `siamdoctor.faults` that writes the files of a patient and remembers how it was asked."""
    del engine
    asked = {}

    def make_patient(cause, *, folder, seed, progress):
        asked.update(cause=cause, folder=folder, seed=seed)
        progress("training", 0.5)
        (folder / "model.keras").write_bytes(b"PK")
        (folder / "data").mkdir()
        (folder / "siamdoctor.yaml").write_text("training: {margin: 0.2}\n")
        return types.SimpleNamespace(
            model=folder / "model.keras", data=folder / "data", settings=folder / "siamdoctor.yaml"
        )

    module = types.ModuleType("siamdoctor.faults")
    module.FAULTS = {
        "single-unit-softmax": types.SimpleNamespace(caused="A softmax was copied."),
        "wrong-threshold": types.SimpleNamespace(caused="Judged at 0.5."),
    }
    module.make_patient = make_patient
    monkeypatch.setitem(sys.modules, "siamdoctor.faults", module)
    return asked


def test_the_default_demo_finds_its_fault_and_exits_as_diagnose_does(run, ward):
    done = run("demo")
    assert done.code == 1
    assert "AT CHANCE" in done.out
    assert "Training a small twin network with single-unit-softmax. A softmax was copied." in done.err
    assert "Injected: single-unit-softmax. Ranked: 1." in done.err
    assert not ward["folder"].exists()


def test_the_diagnosis_reads_the_saved_files(run, ward, engine, tmp_path):
    kept = tmp_path / "kept"
    done = run("demo", "--fault", "SD102", "--keep", str(kept), "--seed", "5", "--format", "json", "--quiet")
    assert json.loads(done.out)["verdict"] == "chance"
    assert done.err == ""
    assert (ward["cause"], ward["seed"]) == ("wrong-threshold", 5)
    assert engine.settings.model.path == kept / "model.keras"
    assert engine.settings.training.margin == 0.2
    assert (kept / "siamdoctor.yaml").is_file()


def test_fail_on_never_makes_a_demo_pass(run, ward):
    assert run("demo", "--fail-on", "never").code == 0
    assert ward["cause"] == "single-unit-softmax"


def test_a_fault_that_was_not_found_is_said_so(run, ward, engine):
    engine.report = HEALTHY
    done = run("demo")
    assert done.code == 0
    assert "It was not found." in done.err
    assert ward["seed"] == 0


def test_the_users_files_are_never_overwritten(run, ward, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    done = run("demo", "--keep", str(tmp_path))
    assert done.code == 2
    assert "new or empty" in done.err
    assert ward == {}


@pytest.mark.parametrize(
    ("fault", "message"),
    [("wrong-treshold", "Did you mean 'wrong-threshold'?"), ("leaky-evaluation", "cannot be injected")],
)
def test_an_unknown_fault_is_refused(run, ward, fault, message):
    done = run("demo", "--fault", fault)
    assert done.code == 2
    assert message in done.err
    assert ward == {}


def process(code, stderr=""):
    def run(*_args, **_kwargs):
        return subprocess.CompletedProcess((), code, "", stderr)

    return run


def test_the_environment_is_ready_or_says_what_is_not(run, monkeypatch):
    monkeypatch.setattr(environment.subprocess, "run", process(0))
    done = run("inspect", "--environment")
    assert done.code == 0
    assert "This installation is ready." in done.out
    assert "keras" in done.out
    monkeypatch.setattr(environment.subprocess, "run", process(1, "noise\nImportError: no AVX\n"))
    done = run("inspect", "--environment")
    assert done.code == 3
    assert "ImportError: no AVX" in done.out
    told = json.loads(run("inspect", "--environment", "--format", "json").out)
    assert told["tensorflow_import_seconds"] is None
    assert told["packages"]["numpy"]


def test_a_missing_package_is_named(run, monkeypatch):
    monkeypatch.setattr(environment.subprocess, "run", process(0))
    monkeypatch.setattr(environment, "_PACKAGES", ("numpy", "no-such-package"))
    done = run("inspect", "--environment")
    assert done.code == 3
    assert "no-such-package is not installed" in done.out
