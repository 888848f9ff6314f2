"""A child process takes the harm that a damaged file can do."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.hdf5 import read_weight_file
from siamdoctor.models.rehearsal import trouble_with

DESCRIPTORS = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="rehearsals need fork")


def test_action_that_works_is_no_trouble():
    assert trouble_with(lambda: 1 + 1) is None


def test_exception_is_told():
    def action():
        raise ValueError("the reason")

    assert trouble_with(action) == "the reason"


def test_long_reason_is_cut():
    def action():
        raise ValueError("x" * 100_000)

    assert 0 < len(trouble_with(action) or "") <= 500


def test_crash_of_the_process_is_survived():
    assert "crashes" in (trouble_with(lambda: ctypes.string_at(0)) or "")


def test_action_without_end_is_ended():
    started = time.monotonic()
    assert "does not end" in (trouble_with(lambda: time.sleep(60), patience=0.2) or "")
    assert time.monotonic() - started < 10


def test_nothing_is_changed_or_printed_here(capfd):
    seen: list[int] = []
    assert trouble_with(lambda: (seen.append(1), os.write(1, b"noise"))) is None
    assert seen == []
    assert capfd.readouterr() == ("", "")


def test_no_child_and_no_descriptor_is_left_behind():
    before = len(list(DESCRIPTORS.iterdir())) if DESCRIPTORS.is_dir() else 0
    for _ in range(5):
        trouble_with(lambda: ctypes.string_at(0))
    if before:
        assert len(list(DESCRIPTORS.iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the limit is set from /proc")
def test_memory_is_limited():
    assert trouble_with(lambda: np.empty(3 << 30, np.uint8)) is not None
    assert trouble_with(lambda: np.empty(3 << 30, np.uint8), memory=4 << 30) is None


def test_bytes_at_random_in_a_weight_file_end_in_a_message_or_a_reading(tmp_path):
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["dense", "other"]
        file["dense/kernel"] = np.ones((4, 4), np.float32)
        file["dense"].attrs["weight_names"] = ["dense/kernel"]
    original = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        content = bytearray(original)
        for place in rng.integers(0, len(content), 4):
            content[place] = rng.integers(0, 256)
        try:
            read_weight_file(bytes(content), "weights.h5")
        except UnreadableModel:
            refused += 1
    assert 0 < refused < 60
