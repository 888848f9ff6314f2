import zipfile

import numpy as np
import pytest
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.errors import UnreadableData


def rng():
    return np.random.default_rng(0)


IMAGES = rng().integers(0, 256, (6, 9, 8), dtype=np.uint8)
LEFT, RIGHT, LABEL = np.array([0, 0, 2, 4]), np.array([1, 3, 3, 5]), np.array([1, 0, 1, 0])


@pytest.mark.parametrize(
    "arrays",
    [
        {"left": IMAGES[LEFT], "right": IMAGES[RIGHT], "label": LABEL},
        {"x1": IMAGES[LEFT], "x2": IMAGES[RIGHT], "y": LABEL[:, None]},
        {"pairs": np.stack([IMAGES[LEFT], IMAGES[RIGHT]], 1), "labels": LABEL.astype(float)},
        {"te_pairs": np.stack([IMAGES[LEFT], IMAGES[RIGHT]], 1), "te_y": LABEL},
        {"left_test": IMAGES[LEFT], "right_test": IMAGES[RIGHT], "label_test": LABEL},
    ],
)
@pytest.mark.parametrize("as_folder", [True, False])
def test_pairs_in_arrays(tmp_path, arrays, as_folder):
    if as_folder:
        for name, values in arrays.items():
            np.save(tmp_path / f"{name}.npy", values)
        path = tmp_path
    else:
        path = tmp_path / "pairs.npz"
        np.savez(path, **arrays)
    samples = read_samples(path)
    pairs = samples.pairs
    assert len(samples) == 6
    assert not samples.identity_known
    assert pairs.same.tolist() == [True, False, True, False]
    assert np.array_equal(samples.load(pairs.left, (9, 8)), IMAGES[LEFT])
    assert np.array_equal(samples.load(pairs.right, (9, 8)), IMAGES[RIGHT])
    assert samples.kind == "images"


def test_an_array_file_brings_its_neighbours(tmp_path):
    np.save(tmp_path / "x.npy", rng().normal(size=(8, 5)))
    np.save(tmp_path / "y.npy", np.repeat([0, 1], 4))
    for path in (tmp_path / "x.npy", tmp_path):
        assert read_samples(path).identity.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_the_declared_label_decides_which_pairs_are_of_one_class(tmp_path):
    np.savez(tmp_path / "p.npz", left=IMAGES[LEFT], right=IMAGES[RIGHT], label=LABEL)
    assert read_samples(tmp_path / "p.npz", same_label=0).pairs.same.tolist() == [False, True, False, True]
    assert "label 1 of p.npz" in read_samples(tmp_path / "p.npz").assumed[0]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"left": IMAGES[LEFT], "right": IMAGES[RIGHT][:, :5], "label": LABEL}, "two sides of the pairs differ"),
        ({"left": IMAGES[LEFT], "right": IMAGES[RIGHT], "label": LABEL[:3]}, r"differ in number.*label=\(3,\)"),
        ({"left": IMAGES[LEFT], "right": IMAGES[RIGHT], "label": np.ones(4)}, "pairs=4, same=4"),
        ({"left": IMAGES[LEFT], "right": IMAGES[RIGHT], "label": np.arange(4)}, "label='2'"),
        ({"pairs": IMAGES[:4], "label": LABEL}, "second axis"),
    ],
)
def test_bad_pairs_are_refused_with_what_was_received(tmp_path, arrays, message):
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(UnreadableData, match=message):
        read_samples(tmp_path / "p.npz")


@pytest.mark.parametrize("name", ["d.pkl", "d.pickle", "d.joblib"])
def test_pickles_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80\x04.")
    with pytest.raises(UnreadableData, match=r"Pickled data are refused.*numpy\.savez"):
        read_samples(tmp_path / name)


def test_folders_of_arrays_may_be_split(tmp_path):
    for k, split in enumerate(("train", "val")):
        (tmp_path / split).mkdir()
        np.save(tmp_path / split / "x.npy", rng().normal(size=(8 + k, 5)))
        np.save(tmp_path / split / "y.npy", np.arange(8 + k) % 2)
    assert len(read_samples(tmp_path)) == 9
    assert len(read_samples(tmp_path, split="train")) == 8
    assert find_training_split(tmp_path) == tmp_path / "train"
    assert find_training_split(tmp_path / "val") == tmp_path / "train"


@pytest.mark.parametrize(
    ("given", "training"),
    [
        ("val.npz", "train.npz"),
        ("digits_test.npz", "digits_train.npz"),
        ("pairs-valid.csv", "pairs-train.csv"),
        ("digits_test.npz", None),
        ("contest.npz", None),
    ],
)
def test_the_training_file_lies_beside_under_the_same_name_but_for_its_split(tmp_path, given, training):
    for name in (given, training or "other_train.npz", "train_notes.md"):
        if name.endswith(".npz"):
            np.savez(tmp_path / name, x=IMAGES, y=[0, 1] * 3)
        else:
            (tmp_path / name).write_text("left,right,label\n")
    assert find_training_split(tmp_path / given) == (training and tmp_path / training)


def test_an_archive_of_images_is_to_be_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("a/1.png", b"x")
    with pytest.raises(UnreadableData, match="Unpack it"):
        read_samples(tmp_path / "faces.zip")
