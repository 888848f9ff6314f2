"""Which settings apply where no file is named, and what a file that came with a model may not ask for."""

import re
from pathlib import Path

import pytest
from siamdoctor.errors import BadSettings
from siamdoctor.settings import Settings, find_settings, read_settings


def test_the_file_beside_the_model_comes_before_the_one_in_the_working_directory(tmp_path: Path):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    assert find_settings(there / "model.keras", here) == Settings()
    (here / "siamdoctor.yaml").touch()
    assert find_settings(there / "model.keras", here).source == here / "siamdoctor.yaml"
    assert find_settings(None, here).source == here / "siamdoctor.yaml"
    (there / "siamdoctor.yaml").touch()
    assert find_settings(there / "model.keras", here).source == there / "siamdoctor.yaml"
    (there / "siamdoctor.yaml").unlink()
    (there / "siamdoctor.yaml").mkdir()
    assert find_settings(there / "model.keras", here).source == here / "siamdoctor.yaml"


@pytest.mark.parametrize(
    "asked",
    [
        "model: {custom_objects: layers.py}",
        "model: {architecture: package.module:build}",
        "model: {trust_savedmodel: true}",
        "data: {path: loader:validation}",
        "data: {train: loader:training}",
    ],
)
def test_a_file_that_came_with_the_model_may_run_code_only_where_it_is_named(tmp_path: Path, asked: str):
    there = tmp_path / "downloaded"
    there.mkdir()
    (there / "siamdoctor.yaml").write_text(asked)
    key = asked.partition("{")[2].partition(":")[0]
    with pytest.raises(BadSettings, match=rf"{key}=.*--config {re.escape(str(there))}"):
        find_settings(there / "model.keras", tmp_path)
    assert find_settings(there / "model.keras", there).source == there / "siamdoctor.yaml"  # the user's own place
    assert read_settings(there / "siamdoctor.yaml") != Settings()


def test_a_file_that_came_with_the_model_may_name_files(tmp_path: Path):
    there = tmp_path / "downloaded"
    there.mkdir()
    (there / "siamdoctor.yaml").write_text("model: {architecture: config.json}\ndata: {path: val, train: train}")
    assert find_settings(there / "model.keras", tmp_path).data.path == there / "val"
