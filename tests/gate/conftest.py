"""Two trained networks, one with a fault and one without, and the command line with the gate's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from gate_settings import GATE
from siamdoctor import cli
from siamdoctor.faults import make_patient


@dataclass(frozen=True)
class Outcome:
    """What one call of the command line did."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def sick(tmp_path_factory):
    """Folder of a network that is at chance: its head is a softmax over one unit."""
    return make_patient("single-unit-softmax", folder=tmp_path_factory.mktemp("sick"), epochs=1).folder


@pytest.fixture(scope="session")
def sound(tmp_path_factory):
    """Folder of a network that works."""
    return make_patient(None, style="euclidean", folder=tmp_path_factory.mktemp("sound"), epochs=8).folder


@pytest.fixture
def gate(capsys, monkeypatch):
    """Call `siamdoctor diagnose` in this process with configs/ci.yaml over the folder's own settings."""

    def call(folder, *words, settings="siamdoctor.yaml"):
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit) as stopped:
            cli.main(["diagnose", "--config", settings, "--config", str(GATE), "--quiet", *map(str, words)])
        captured = capsys.readouterr()
        code = stopped.value.code
        return Outcome(code=0 if code is None else code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def bash():
    """Run a script in bash as a runner does, with `siamdoctor` and `python` on the path."""

    def call(script, *, cwd, options=("--noprofile", "--norc", "-eo", "pipefail"), **environment):
        home = Path(sys.executable).parent
        return subprocess.run(
            ["bash", *options, "-c", script],
            cwd=cwd,
            env={**os.environ, "PATH": f"{home}:{os.environ['PATH']}", "COLUMNS": "80", **environment},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return call
