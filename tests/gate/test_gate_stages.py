"""Every stage of a run, broken on purpose: the gate never passes by accident.

All runs use configs/ci.yaml over a folder's own settings, and but for the last ones the real engine.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
import types
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
from gate_settings import GATE
from siamdoctor import api, registry, runner
from siamdoctor.errors import Unavailable
from siamdoctor.results import Recovery

QUICK = ("--pairs", "300", "--select", "wrong-threshold", "--select", "single-unit-softmax")


@pytest.fixture
def copy(sound, tmp_path):
    """The folder of the sound network, to be damaged."""
    return Path(shutil.copytree(sound, tmp_path / "copy"))


@pytest.fixture
def broken_check(monkeypatch):
    """Let one check do something else."""

    def install(run, name="wrong-threshold"):
        checks = tuple(dataclasses.replace(c, run=run) if c.id == name else c for c in registry.all_checks())
        monkeypatch.setattr(registry, "all_checks", lambda: checks)

    return install


def test_nothing_broken_a_sound_network_passes_and_a_sick_one_does_not(gate, sound, sick):
    passed = gate(sound, *QUICK)
    assert (passed.code, passed.err) == (0, "")
    blocked = gate(sick, *QUICK)
    assert blocked.code == 1
    assert "exit 1: 1 cause at or above 'likely': single-unit-softmax" in blocked.out


# The model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 cut off", b"\x89HDF\r\n\x1a\n cut off"])
def test_an_unreadable_model_blocks(gate, copy, content):
    (copy / "model.keras").write_bytes(content)
    assert gate(copy).code == 2


def test_a_truncated_model_blocks(gate, copy):
    whole = (copy / "model.keras").read_bytes()
    (copy / "model.keras").write_bytes(whole[: len(whole) // 2])
    assert gate(copy).code == 2


def test_a_missing_model_blocks(gate, copy):
    (copy / "model.keras").unlink()
    assert gate(copy).code == 2


def test_users_code_that_ends_the_process_with_0_does_not_pass_the_gate(gate, copy):
    (copy / "mine.py").write_text("import sys\nsys.exit(0)\n")
    done = gate(copy, *QUICK, "--architecture", "mine.py:build")
    assert done.code != 0
    (copy / "built.py").write_text("import sys\ndef build():\n    sys.exit(0)\n")
    assert gate(copy, *QUICK, "--architecture", "built.py:build").code != 0


# The data ---------------------------------------------------------------------------------------------


def test_unreadable_data_block(gate, copy):
    shutil.rmtree(copy / "data")
    assert gate(copy).code == 2
    (copy / "data").mkdir()
    assert gate(copy).code == 2
    for name in "abc":
        (copy / "data" / name).mkdir()
        (copy / "data" / name / "1.png").write_bytes(b"no picture")
    assert gate(copy).code in {2, 3}


def test_data_of_another_models_shape_block(gate, copy):
    np.savez(copy / "other.npz", x=np.random.default_rng(0).random((40, 5)), y=np.arange(40) % 4)
    assert gate(copy, "model.keras", "other.npz").code == 2


def test_a_function_that_makes_the_data_and_ends_the_process_does_not_pass(gate, copy):
    (copy / "makes.py").write_text("import sys\ndef data():\n    sys.exit(0)\n")
    assert gate(copy, "model.keras", "makes:data").code == 2


def test_too_little_data_block(gate, copy):
    for identity in sorted((copy / "data").iterdir())[2:]:
        shutil.rmtree(identity)
    for identity in (copy / "data").iterdir():
        for picture in sorted(identity.iterdir())[2:]:
            picture.unlink()
    done = gate(copy)
    assert done.code in {2, 3}
    assert "exit 3: Could not judge" in done.out or "error:" in done.err


# The checks -------------------------------------------------------------------------------------------


def test_a_crashed_check_blocks(gate, sound, broken_check):
    def crash(case):
        raise ZeroDivisionError(case)

    broken_check(crash)
    done = gate(sound, *QUICK)
    assert done.code == 3
    assert "1 check crashed (wrong-threshold)" in " ".join(done.out.split())


@pytest.mark.parametrize(
    "change",
    [
        {"certainty": float("nan")},
        {"certainty": 1.5},
        {"recovers": Recovery(points=float("nan"), low=float("nan"), high=float("nan"))},
    ],
)
def test_evidence_that_is_no_number_is_a_crash_and_blocks(gate, sound, broken_check, change):
    real = next(c for c in registry.all_checks() if c.id == "wrong-threshold").run
    broken_check(lambda case: dataclasses.replace(real(case), **change))
    assert gate(sound, *QUICK).code == 3


def test_all_checks_left_out_is_a_mistake(gate, copy):
    settings = (copy / "siamdoctor.yaml").read_text()
    ignored = ", ".join(check.id for check in registry.all_checks())
    (copy / "siamdoctor.yaml").write_text(f"{settings}report: {{ignore: [{ignored}]}}\n")
    done = gate(copy)
    assert done.code == 2
    assert "No cause is left to look for" in done.err


def test_nothing_that_could_run_blocks(gate, sound, broken_check):
    def missing(case):
        raise Unavailable(f"nothing of {type(case).__name__}")

    broken_check(missing)
    done = gate(sound, "--pairs", "300", "--select", "wrong-threshold")
    assert done.code == 3
    assert "no check could run" in done.out


@pytest.fixture
def clock(monkeypatch):
    """Let the runner's clock show these seconds one after the other, and the last of them ever after."""

    def show(*seconds):
        shown = chain(seconds, repeat(seconds[-1]))
        told = types.SimpleNamespace(monotonic=lambda: next(shown), perf_counter=time.perf_counter)
        monkeypatch.setattr(runner, "time", told)

    return show


def test_a_budget_used_up_before_the_first_check_blocks(gate, sound, clock):
    clock(0.0, 1000.0)
    done = gate(sound, *QUICK)
    assert done.code == 3
    assert "no check could run" in done.out


def test_a_budget_that_leaves_checks_out_blocks_where_nothing_was_found(gate, sound, sick, clock):
    clock(0.0, 1.0, 1000.0)
    done = gate(sound, *QUICK)
    assert done.code == 3
    assert "1 check did not fit into the budget (single-unit-softmax)" in " ".join(done.out.split())
    clock(0.0, 1.0, 2.0, 1000.0)
    found = gate(sick, *QUICK, "--select", "narrow-embedding")
    assert found.code == 1  # what was found blocks as such, whatever was left out


def test_inconclusive_evidence_blocks(gate, sound, monkeypatch):
    monkeypatch.setattr(api, "verdict", lambda *_: "inconclusive")
    assert gate(sound, *QUICK).code == 3


def test_an_accuracy_that_is_no_number_blocks(gate, sound, monkeypatch):
    real = api.measured_accuracy

    def broken(case):
        nan = float("nan")
        return dataclasses.replace(real(case), value=nan, low=nan, high=nan)

    monkeypatch.setattr(api, "measured_accuracy", broken)
    assert gate(sound, *QUICK).code == 3


@pytest.mark.parametrize("stage", ["open_case", "run_checks", "rank", "verdict", "pictures", "attainable", "subject"])
@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_a_defect_in_any_stage_blocks(gate, sound, monkeypatch, stage, error):
    def fail(*_args, **_kwargs):
        raise error("a defect")

    monkeypatch.setattr(api, stage, fail)
    assert gate(sound, *QUICK).code == 3


# Settings and results ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["report: {fail_on: maybe}", "reprot: {}", "report: [", "seed: -1", "\0"])
def test_settings_that_cannot_be_read_block(gate, copy, text):
    (copy / "siamdoctor.yaml").write_text(text)
    assert gate(copy).code == 2


def test_the_gates_bar_outranks_the_projects(gate, sick, tmp_path):
    (tmp_path / "lenient.yaml").write_text("report: {fail_on: never}\n")
    assert gate(sick, "model.keras", "data", *QUICK, settings=str(tmp_path / "lenient.yaml")).code == 1


def test_the_projects_facts_hold_below_the_gates_settings(gate, copy):
    text = (copy / "siamdoctor.yaml").read_text().replace("threshold:", "threshold: 1e9 #")
    (copy / "siamdoctor.yaml").write_text(text)
    done = gate(copy, *QUICK)
    assert done.code == 1
    assert "wrong-threshold" in done.out


@pytest.mark.parametrize("target", ["html=missing/report.html", "json=/proc/report.json", "sarif=.", "pdf=x.pdf", "x"])
def test_a_report_that_cannot_be_written_blocks(gate, sound, target):
    assert gate(sound, *QUICK, "--output", target).code == 2


def test_a_disk_that_is_full_blocks(gate, sound):
    assert gate(sound, *QUICK, "--output", "json=/dev/full").code == 2


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema_version": 99}', "\ud800"])
def test_a_bad_baseline_blocks(gate, copy, content):
    (copy / "baseline.json").write_text(content, errors="surrogatepass")
    assert gate(copy, "--baseline", "baseline.json").code == 2
    (copy / "baseline.json").unlink()
    assert gate(copy, "--baseline", "baseline.json").code == 2


# A process of its own ---------------------------------------------------------------------------------


def started(folder, *words, **streams):
    command = [sys.executable, "-m", "siamdoctor", "diagnose", "--config", "siamdoctor.yaml", "--config", GATE, *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(api.__file__).parents[1])}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL, **streams)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_blocks(sound, number):
    # A shell that starts the tests in the background has them ignore interruptions, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    running = started(sound, stdout=subprocess.DEVNULL)
    signal.signal(signal.SIGINT, before)
    time.sleep(1.5)
    assert running.poll() is None
    running.send_signal(number)
    code = running.wait(timeout=60)
    # On a machine so busy that Python is still starting, an interruption ends the interpreter itself.
    assert code in ({130, -number} if number == signal.SIGINT else {-number})


def test_a_report_that_nobody_can_be_shown_blocks(sound):
    with Path("/dev/full").open("w") as full:
        assert started(sound, *QUICK, stdout=full).wait(timeout=120) not in {0, None}
