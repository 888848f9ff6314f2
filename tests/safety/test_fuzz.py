"""The fuzzer in small: some hundred spoilt files, and proof that it would see what it looks for."""

from __future__ import annotations

import os
import time
from collections import Counter

import numpy as np
import pytest
import readers
from fuzz import Tally, run_one, seeds
from siamdoctor.errors import UnreadableModel

COUNT, SEED = 300, 20_261


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Seeds that need no Keras: `make fuzz` has those of Keras 3 as well."""
    return seeds(tmp_path_factory.mktemp("seeds") / "all", with_keras_3=False)


def test_there_are_seeds_of_every_kind(given):
    kinds = Counter(kind for kind, _ in given)
    assert kinds["model"] >= 20
    assert min(kinds[kind] for kind in ("data", "history", "settings")) >= 4


@pytest.mark.parametrize("part", range(3))
def test_spoilt_files_are_read_or_refused(given, tmp_path, part):
    tally = Tally()
    for number in range(part * COUNT // 3, (part + 1) * COUNT // 3):
        run_one(number, SEED, given, tmp_path, tally)
    assert tally.findings == []
    assert sum(tally.outcomes.values()) == COUNT // 3


def test_unspoilt_files_are_read(given):
    for kind, path in given:
        place = next((path / name for name in ("pairs.csv", "pairs.txt") if (path / name).is_file()), path)
        try:
            readers.READERS[kind](place)
        except UnreadableModel as error:
            assert "--architecture" in str(error)  # noqa: PT017  (the one seed without layers)


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (lambda _: {}["x"], "KeyError"),
        (lambda _: os.listdir("/") and open("/etc/hostname").close(), "opened"),  # noqa: PTH123, PTH208
        (lambda _: [None for _ in iter(int, 1)], "did not end"),
        (lambda _: (_ for _ in ()).throw(UnreadableModel("")), "a message of 0"),
        (lambda _: (bytearray(0) and time.sleep(0)) or np.empty(1).fill(0) or os.mkdir("/tmp/x/y/z"), "FileNotFound"),  # noqa: PTH102, S108
    ],
)
def test_the_fuzzer_sees_what_it_looks_for(given, tmp_path, monkeypatch, reader, words):
    monkeypatch.setattr("fuzz.READERS", dict.fromkeys(readers.READERS, reader))
    tally = Tally()
    run_one(0, SEED, given, tmp_path, tally)
    assert words in tally.findings[0][1]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_made_again_from_its_number(given, tmp_path, monkeypatch):
    monkeypatch.setattr("fuzz.READERS", dict.fromkeys(readers.READERS, lambda _: {}["x"]))
    made = []
    for place in (tmp_path / "a", tmp_path / "b"):
        place.mkdir()
        for number in range(12):
            run_one(number, 5, given, place, Tally())
        files = sorted(p for p in place.rglob("*") if p.is_file() and p.suffix not in (".h5", ".keras", ".npz"))
        made.append([(p.relative_to(place), p.read_bytes()) for p in files])
    assert made[0] == made[1]
