"""The corpus of hostile and broken files: all refused by the real command line, in words, and without harm."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import hostile_texts
import pytest
import siamdoctor
from hostile_data import DATA, HISTORIES, SETTINGS
from hostile_layers import REFUSED_ON_LOADING
from hostile_models import REFUSED_ON_READING
from published_holes import HOLES, PUBLISHED

HERE = Path(__file__).parent
SOON = 2.0  # seconds of computing


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What became of every file."""
    place = tmp_path_factory.mktemp("corpus") / "files"
    place.mkdir()
    path = f"{HERE}:{Path(siamdoctor.__file__).parents[1]}"
    done = subprocess.run(
        [sys.executable, HERE / "corpus.py", place],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(place), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_the_corpus_is_large_enough():
    assert len(REFUSED_ON_READING) + len(REFUSED_ON_LOADING) + len(HOLES) >= 60
    assert len(DATA) + len(HISTORIES) + len(SETTINGS) >= 60


def test_the_readme_counts_them():
    models = len(REFUSED_ON_READING) + len(REFUSED_ON_LOADING) + len(HOLES) + len(hostile_texts.MODELS)
    sets, lists = len(DATA) + len(hostile_texts.DATA), len(hostile_texts.VOCABULARIES)
    others = (
        f"{sets} data sets, {lists} vocabularies, {len(SETTINGS)} settings files, {len(HISTORIES)} training histories"
    )
    total = models + sets + lists + len(SETTINGS) + len(HISTORIES)
    text = (HERE.parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"| {total}: {models} models, {others} |" in text
    assert f"| {len(HOLES)} files for {len(PUBLISHED)} identifiers" in text


def faults(outcome):
    """What is wrong with the way one file was dealt with."""
    err = outcome["err"]
    what, _, received = err.partition(" Received: ")
    if outcome["code"] != 2:
        yield f"exit code {outcome['code']}"
    if "Traceback" in err or "internal error" in err or not err.startswith("error: ") or err.count("\n") > 1:
        yield "no plain message"
    if outcome["names"] not in err:
        yield "the file is not named"
    if not re.search(outcome["says"], err):
        yield f"not said: {outcome['says']}"
    if len(what) > 500 or len(received) > 500:
        yield "a long message"
    if outcome["seconds"] > SOON:
        yield f"{outcome['seconds']:.1f} s"
    yield from outcome["seen"]
    yield from (f"opened {name}" for name in outcome["opened"])


def test_each_file_is_refused_in_words_and_nothing_else_happens(told):
    wrong = {f"{o['kind']}: {o['name']}": (list(faults(o)), o["err"]) for o in told["results"] if list(faults(o))}
    assert wrong == {}


def test_nothing_costs_a_gibibyte(told):
    assert told["grown"] < 1 << 30


def test_no_payload_ran():
    assert not Path("/tmp/siamdoctor-payload").exists()  # noqa: S108  (what the pickles would make)
