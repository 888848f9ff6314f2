import os
from pathlib import Path

import numpy as np
import pytest
from picture_folders import fill, picture
from PIL import Image
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.errors import UnreadableData


def test_each_folder_is_an_identity_and_pixels_keep_their_scale(tmp_path):
    for k, name in enumerate(["bob", "alice", "carol"]):
        fill(tmp_path / name, seed=k)
    samples = read_samples(tmp_path)
    assert samples.kind == "images"
    assert samples.identity_names == ("alice", "bob", "carol")
    assert samples.identity.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert samples.names[0] == "alice/p0.png"
    assert samples.sample_shape == (12, 10, 1)
    assert 128 < samples.stored_scale <= 255
    pixels = samples.load(np.array([3, 0]), (12, 10, 1))
    assert np.array_equal(pixels[1, ..., 0], np.asarray(picture(1000)))
    assert pixels.dtype == np.float32
    assert not pixels.flags.writeable


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".bmp", ".pgm", ".gif", ".webp", ".tif"])
def test_every_usual_image_file_is_read(tmp_path, suffix):
    for k in range(2):
        fill(tmp_path / str(k), seed=k, suffix=suffix)
    pixels = read_samples(tmp_path).load(np.arange(6), (12, 10, 1))
    assert np.abs(pixels[5, ..., 0] - np.asarray(picture(1002), dtype=np.float32)).mean() < 8


def test_identities_of_nested_folders_are_named_by_their_path(tmp_path):
    for alphabet in ("Greek", "Latin"):
        for character in ("character01", "character02"):
            fill(tmp_path / alphabet / character, seed=len(alphabet))
    assert read_samples(tmp_path).identity_names == (
        "Greek/character01",
        "Greek/character02",
        "Latin/character01",
        "Latin/character02",
    )


@pytest.mark.parametrize(
    ("present", "asked", "read"),
    [
        (["train", "val", "test"], None, "val"),
        (["Training", "Validation"], None, "Validation"),
        (["train", "Test"], None, "Test"),
        (["train", "val"], "train", "train"),
        (["TRAIN", "testing", "valid"], "test", "testing"),
        (["train"], None, "train"),
        (["images_background", "images_evaluation"], None, "images_evaluation"),
    ],
)
def test_the_split_that_was_asked_for_or_that_judges_is_read(tmp_path, present, asked, read):
    for split in present:
        fill(tmp_path / split / "a", 2)
        fill(tmp_path / split / "b", 4)
    samples = read_samples(tmp_path, split=asked)
    assert samples.identity_names == ("a", "b")
    assert {name.split("/")[0] for name in samples.names} == {read}
    assert len(samples) == 6


def test_which_split_was_judged_is_said(tmp_path):
    for split in ("train", "val"):
        fill(tmp_path / split / "a")
        fill(tmp_path / split / "b")
    assert any("val/" in sentence for sentence in read_samples(tmp_path).assumed)
    assert read_samples(tmp_path / "val").assumed == ()


def test_splits_are_found_below_a_single_folder_and_above_nested_classes(tmp_path):
    for split in ("train", "test"):
        for character in ("c1", "c2"):
            fill(tmp_path / "omniglot" / split / "Greek" / character)
    samples = read_samples(tmp_path)
    assert samples.identity_names == ("Greek/c1", "Greek/c2")
    assert find_training_split(tmp_path) == tmp_path / "omniglot" / "train"


def test_a_class_may_be_called_train(tmp_path):
    for vehicle in ("bus", "car", "train"):
        fill(tmp_path / vehicle)
    assert read_samples(tmp_path).identity_names == ("bus", "car", "train")
    for maker in ("x", "y"):
        fill(tmp_path / "nested" / "train" / maker)
        fill(tmp_path / "nested" / "car" / maker)
    assert "train/x" in read_samples(tmp_path / "nested").identity_names


def test_a_data_set_without_splits_is_read_whole_whatever_is_asked_for(tmp_path):
    fill(tmp_path / "a")
    fill(tmp_path / "b")
    assert len(read_samples(tmp_path, split="train")) == 6


def test_a_split_that_is_missing_beside_others_is_an_error(tmp_path):
    for split in ("train", "val"):
        fill(tmp_path / split / "a")
        fill(tmp_path / split / "b")
    with pytest.raises(UnreadableData, match=r"no test/.*found=train/, val/"):
        read_samples(tmp_path, split="test")


def test_the_training_split_lies_below_or_beside(tmp_path):
    for split in ("Train", "val"):
        fill(tmp_path / split / "a")
        fill(tmp_path / split / "b")
    assert find_training_split(tmp_path) == tmp_path / "Train"
    assert find_training_split(tmp_path / "val") == tmp_path / "Train"
    assert find_training_split(tmp_path / "Train") is None
    assert find_training_split(tmp_path / "Train" / "a") is None


def test_other_files_and_hidden_ones_are_passed_over(tmp_path):
    for name in ("a", "b", "__MACOSX", ".git"):
        fill(tmp_path / name)
    (tmp_path / "a" / "notes.txt").write_text("not an image")
    (tmp_path / "a" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "README.md").write_text("hello")
    samples = read_samples(tmp_path)
    assert samples.identity_names == ("a", "b")
    assert len(samples) == 6


def test_a_truncated_image_is_named_and_comes_back_as_nan(tmp_path):
    fill(tmp_path / "a", 4, shape=(60, 60))
    fill(tmp_path / "b", 4, shape=(60, 60))
    broken = tmp_path / "b" / "p1.png"
    broken.write_bytes(broken.read_bytes()[:-60])
    (tmp_path / "b" / "p2.png").write_bytes(b"")
    samples = read_samples(tmp_path)
    pixels = samples.load(np.arange(8), (60, 60, 1))
    assert np.isnan(pixels[[5, 6]]).all()
    assert np.isfinite(pixels[[0, 1, 2, 3, 4, 7]]).all()
    assert [u.name for u in samples.unreadable()] == ["b/p1.png", "b/p2.png"]
    assert "truncated" in samples.unreadable()[0].reason


def test_files_are_judged_by_content_not_by_name(tmp_path):
    for name in ("a", "b"):
        fill(tmp_path / name)
    picture(1).save(tmp_path / "a" / "really_a_bmp.png", format="BMP")
    (tmp_path / "a" / "text.jpg").write_text("no image")
    samples = read_samples(tmp_path)
    pixels = samples.load(np.arange(len(samples)), (12, 10, 1))
    named = dict(zip(samples.names, pixels, strict=True))
    assert np.isfinite(named["a/really_a_bmp.png"]).all()
    assert np.isnan(named["a/text.jpg"]).all()


def test_equal_files_have_equal_digests(tmp_path):
    fill(tmp_path / "a", seed=1)
    fill(tmp_path / "b", seed=1)
    samples = read_samples(tmp_path)
    digests = samples.digest(np.arange(6))
    assert digests[:3] == digests[3:]
    assert len(set(digests)) == 3


def test_thumbnails_are_small_png_files(tmp_path):
    fill(tmp_path / "a", mode="RGB", shape=(300, 100))
    fill(tmp_path / "b")
    data = read_samples(tmp_path).thumbnail(0)
    (tmp_path / "t.png").write_bytes(data)
    with Image.open(tmp_path / "t.png") as image:
        assert image.size == (21, 64)


def test_a_loop_of_links_ends(tmp_path):
    for name in ("a", "b"):
        fill(tmp_path / name)
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "dangling.png").symlink_to(tmp_path / "missing")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    samples = read_samples(tmp_path)
    assert samples.identity_names == ("a", "b")


def test_nothing_is_written(tmp_path):
    for name in ("a", "b"):
        fill(tmp_path / name)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    samples = read_samples(tmp_path)
    samples.load(np.arange(6), (8, 8, 3))
    samples.digest(np.arange(6))
    samples.thumbnail(0)
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before


def build_nothing(_):
    pass


def build_loose(root):
    fill(root)


def build_single(root):
    fill(root / "only")


def build_one_each(root):
    for name in "abc":
        fill(root / name, 1)


def build_texts(root):
    (root / "a").mkdir()
    (root / "a" / "x.log").write_text("x")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (build_nothing, "No images were found"),
        (build_texts, "other files=1"),
        (build_loose, r"in no class folders.*images=3"),
        (build_single, r"only one class folder.*class=only"),
        (build_one_each, r"one image only.*classes=3, images=3"),
    ],
)
def test_folders_without_pairs_are_refused_with_what_was_found(tmp_path, build, message):
    build(tmp_path)
    with pytest.raises(UnreadableData, match=message):
        read_samples(tmp_path)


@pytest.mark.parametrize(
    "path", ["gs://bucket/data", "https://example.org/x.npz", "hf://datasets/x", "hf:x", "s3:/bucket/data"]
)
def test_remote_paths_are_refused(path):
    with pytest.raises(UnreadableData, match="Only local files"):
        read_samples(Path(path))


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(UnreadableData, match=r"no such file.*nowhere"):
        read_samples(tmp_path / "nowhere")


def test_a_file_that_is_no_data_set_is_refused(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"abc")
    with pytest.raises(UnreadableData, match="no known kind"):
        read_samples(tmp_path / "x.bin")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_named(tmp_path):
    fill(tmp_path / "a")
    tmp_path.chmod(0)
    try:
        with pytest.raises(UnreadableData, match="cannot be read"):
            read_samples(tmp_path)
    finally:
        tmp_path.chmod(0o700)
