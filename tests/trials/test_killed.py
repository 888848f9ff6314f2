"""A sweep that is killed in the middle, and one that is interrupted, as real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import siamdoctor
from small_twins import clouds

MARGINS = "0.01,0.3,1,3"
PATIENCE = 300.0  # seconds, on a machine that does much else


@pytest.fixture
def project(plain_model, tmp_path):
    """A folder with a model, samples and a settings file."""
    samples = clouds(12, 15, 1)
    x = samples.load(np.arange(len(samples)), (12,))
    np.savez(tmp_path / "val.npz", x=x, y=samples.identity)
    facts = f"model: {{path: {plain_model}}}\ndata: {{path: val.npz, rescale: 1.0}}\n"
    (tmp_path / "siamdoctor.yaml").write_text(facts + "training: {loss: contrastive, margin: 0.01, same_label: 1}\n")
    return tmp_path


def started(project: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "siamdoctor", "sweep-margin", "--margins", MARGINS, "--depth", "full"]
    return subprocess.Popen(
        [*command, "--resume", "j.jsonl", "--format", "json", *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(Path(siamdoctor.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(project: Path) -> list[str]:
    journal = project / "j.jsonl"
    return journal.read_text().splitlines() if journal.exists() else []


def wait_for(project: Path, trials: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(finished(project)) < trials and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.slow
def test_a_killed_sweep_loses_at_most_the_trial_it_was_in(project):
    child = started(project)
    wait_for(project, 3)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    kept = finished(project)
    assert len(kept) >= 3
    assert all(json.loads(line)["result"]["distance"] for line in kept)
    out, _ = (again := started(project)).communicate(timeout=PATIENCE)
    assert again.returncode == 0
    told, every = json.loads(out), finished(project)
    assert every[: len(kept)] == kept
    trials = [json.dumps(json.loads(line)["trial"], sort_keys=True) for line in every]
    assert len(set(trials)) == len(trials)  # no training was done twice
    (project / "j.jsonl").unlink()
    whole, _ = started(project).communicate(timeout=PATIENCE)
    assert json.loads(whole)["margins"] == told["margins"]
    assert len(finished(project)) == len(every)


@pytest.mark.slow
def test_ctrl_c_prints_what_there_is_and_exits_as_interrupted(project):
    child = started(project)
    wait_for(project, 4)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130
    assert "Traceback" not in err
    told = json.loads(out)
    assert told["partial"] is True
    assert told["margins"]
    assert "--resume j.jsonl" in told["next_step"]
