"""`siamdoctor diagnose model.keras data/` where data/ holds .npz files instead of images."""

import numpy as np
import pytest
from siamdoctor.data.reading import find_training_split, read_samples


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(24, 5)).astype("float32"), "y": np.repeat(np.arange(4), 6)}


@pytest.mark.parametrize("name", ["data.npz", "faces.npz"])
def test_the_only_npz_of_a_folder_is_read(tmp_path, arrays, name):
    np.savez(tmp_path / name, **arrays)
    samples = read_samples(tmp_path)
    assert (len(samples), len(samples.identity_names)) == (24, 4)


def test_files_named_after_splits(tmp_path, arrays):
    np.savez(tmp_path / "train.npz", **arrays)
    np.savez(tmp_path / "val.npz", x=arrays["x"][:12], y=arrays["y"][:12])
    assert len(read_samples(tmp_path)) == 12
    assert len(read_samples(find_training_split(tmp_path), split="train")) == 24


def test_split_folders_that_hold_one_npz(tmp_path, arrays):
    for split, count in (("train", 24), ("val", 12)):
        (tmp_path / split).mkdir()
        np.savez(tmp_path / split / "data.npz", x=arrays["x"][:count], y=arrays["y"][:count])
    assert len(read_samples(tmp_path)) == 12
    assert len(read_samples(find_training_split(tmp_path), split="train")) == 24
