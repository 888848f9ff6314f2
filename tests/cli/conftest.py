import os
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import pytest

# The literal reports live with the renderers' tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "render"))

import siamdoctor
from example_reports import ILL
from siamdoctor import cli, manual_pages, registry
from siamdoctor.registry import Check, Impact


@dataclass(frozen=True)
class Outcome:
    """What one call of the command line did."""

    code: int
    out: str
    err: str


def check_of(code, name, title, family):
    return Check(
        code=code,
        id=name,
        title=title,
        page=f"{title}.\n\nHow it looks: `predict` returns 1.\n\n    model.predict(x)\n",
        family=family,
        impact=Impact.MAJOR,
        explains=frozenset(),
        run=None,
    )


CHECKS = (
    check_of("SD102", "wrong-threshold", "A threshold far from the best one", "scoring"),
    check_of("SD104", "leaky-evaluation", "Validation that leaks", "scoring"),
    check_of("SD204", "single-unit-softmax", "A softmax over a single unit", "objective"),
    check_of("SD301", "collapsed-embedding", "A collapsed embedding", "embedding"),
    check_of("SD404", "too-few-identities", "Too few identities", "data"),
)


class Engine:
    """Stands in for `siamdoctor.api`: answers with `report` and keeps the settings that it was given."""

    def __init__(self):
        self.report = ILL
        self.settings = None
        self.error = None

    def diagnose(self, model, data, *, settings, progress):
        if self.error is not None:
            raise self.error
        assert (settings.model.path, settings.data.path) == (model, data)
        self.settings = settings
        progress("drawing pairs [bold]", 0.5)
        return self.report


@pytest.fixture
def engine(monkeypatch):
    """The command line with a literal engine and five causes."""
    fake = Engine()
    module = types.ModuleType("siamdoctor.api")
    module.diagnose = fake.diagnose
    monkeypatch.setitem(sys.modules, "siamdoctor.api", module)
    monkeypatch.setattr(registry, "all_checks", lambda: CHECKS)
    monkeypatch.setattr(manual_pages, "entries", lambda: CHECKS)
    return fake


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty working directory that holds model.keras and data/val."""
    (tmp_path / "model.keras").write_bytes(b"PK")
    (tmp_path / "data" / "val").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Call the command line in this process."""

    def call(*words):
        with pytest.raises(SystemExit) as stopped:
            cli.main(list(words))
        captured = capsys.readouterr()
        return Outcome(code=stopped.value.code or 0, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def python():
    """Run the interpreter in a process of its own, with this package importable."""

    def call(*words, cwd=None, **environment):
        root = str(Path(siamdoctor.__file__).parents[1])
        return subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": "80", "PYTHONPATH": root, **environment},
        )

    return call
