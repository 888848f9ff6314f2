import shutil

import numpy as np
import pytest
from picture_folders import fill
from PIL import Image
from siamdoctor.data.audit import audit_pairs, leakage
from siamdoctor.data.likeness import looks_of, nearest_alike
from siamdoctor.data.reading import read_samples
from siamdoctor.errors import Unavailable
from sklearn.datasets import load_digits

A0, A1, A2, B0, B1, C0 = "a/p0.png", "a/p1.png", "a/p2.png", "b/p0.png", "b/p1.png", "c/p0.png"


@pytest.fixture
def audit(tmp_path):
    for k, name in enumerate("abc"):
        fill(tmp_path / name, seed=k)

    def of(rows, same_label=1):
        lines = ["left,right,label", *(",".join(map(str, row)) for row in rows)]
        (tmp_path / "pairs.csv").write_text("\n".join(lines))
        return audit_pairs(read_samples(tmp_path / "pairs.csv", same_label=same_label))

    return of


def test_a_sound_list_has_nothing_against_it(audit):
    found = audit([(A0, A1, 1), (A0, B0, 0), (B0, B1, 1), (C0, A2, 0)])
    assert (found.pairs, found.same, found.same_share) == (4, 2, 0.5)
    assert found.identical == found.repeated == found.mirrored == found.contradicted == 0
    assert found.agreement == found.agreement_same == found.agreement_different == 1
    assert found.samples == 6


def test_pairs_of_an_image_with_itself_are_counted_by_content(audit, tmp_path):
    shutil.copy(tmp_path / A0, tmp_path / "a" / "copy.png")
    shutil.copy(tmp_path / A1, tmp_path / "b" / "stolen.png")
    rows = [(A0, A0, 1), (A0, "a/copy.png", 1), (A0, A2, 1), (B0, B1, 1), (A1, "b/stolen.png", 0), (A0, B0, 0)]
    found = audit(rows)
    assert (found.identical, found.identical_same) == (3, 2)
    assert found.identical_same_share == 0.5


def test_repetition_mirroring_and_contradiction(audit):
    found = audit([(A0, A1, 1), (A0, A1, 1), (A1, A0, 1), (A0, B0, 0), (B0, A0, 1), (B0, B0, 1), (B0, B0, 1)])
    assert found.repeated == 2
    assert found.mirrored == 2
    assert found.contradicted == 2


def test_shuffled_labels_agree_with_the_folders_by_chance_only(audit):
    found = audit([(A0, A1, 0), (A0, B0, 0), (B0, B1, 1), (C0, A2, 1)])
    assert found.agreement == 0.5
    assert found.agreement_same == found.agreement_different == 0.5


def test_without_classes_nothing_is_said_of_agreement(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "p.npz", left=rng.random((4, 5)), right=rng.random((4, 5)), label=[1, 0, 1, 1])
    found = audit_pairs(read_samples(tmp_path / "p.npz"))
    assert found.same_share == 0.75
    assert found.agreement is None
    assert found.samples == 8


def test_a_data_set_without_pairs_has_nothing_to_audit(tmp_path):
    for name in "ab":
        fill(tmp_path / name)
    with pytest.raises(Unavailable, match="no pairs of its own"):
        audit_pairs(read_samples(tmp_path))


@pytest.fixture
def splits(tmp_path):
    """Digits as class folders: known ones in train/, other ones in val/."""
    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    for split, classes in (("train", (0, 1, 2)), ("val", (3, 4))):
        for c in classes:
            (tmp_path / split / str(c)).mkdir(parents=True)
            for k in np.flatnonzero(digits.target == c)[:60]:
                Image.fromarray(images[k]).resize((24, 24), Image.Resampling.BICUBIC).save(
                    tmp_path / split / str(c) / f"{k}.png"
                )
    return tmp_path


def leak(root):
    return leakage(read_samples(root, split="train"), read_samples(root, split="val"))


def test_separate_splits_share_nothing(splits):
    found = leak(splits)
    assert (found.validation, found.training, found.compared) == (120, 180, 120)
    assert found.equal == found.near == 0
    assert found.shared_identities == ()
    assert found.shared_pairs is None
    assert found.examples == ()


def test_copies_are_found_by_content_under_any_name_and_class(splits):
    for k, file in enumerate(sorted((splits / "train" / "1").iterdir())[:7]):
        shutil.copy(file, splits / "val" / "3" / f"copy{k}.png")
    found = leak(splits)
    assert found.equal == 7
    assert found.equal_share == pytest.approx(7 / 127)
    assert found.near == 0
    assert found.examples[0][0].startswith("val/3/copy")
    assert found.examples[0][1].startswith("train/1/")


@pytest.mark.parametrize("how", ["jpeg", "brighter", "larger"])
def test_the_same_picture_in_other_bytes_is_found_by_its_looks(splits, how):
    for k, file in enumerate(sorted((splits / "train" / "1").iterdir())[:10]):
        with Image.open(file) as image:
            target = splits / "val" / "3" / f"copy{k}"
            if how == "jpeg":
                image.save(target.with_suffix(".jpg"), quality=80)
            elif how == "brighter":
                image.point(lambda v: int(v * 0.85)).save(target.with_suffix(".png"))
            else:
                image.resize((48, 48), Image.Resampling.BILINEAR).save(target.with_suffix(".png"))
    found = leak(splits)
    assert found.equal == 0
    assert found.near == 10
    assert all(v.startswith("val/3/copy") for v, _ in found.examples)


def test_identities_in_both_are_named(splits):
    shutil.copytree(splits / "train" / "2", splits / "val" / "2")
    found = leak(splits)
    assert found.shared_identities == ("2",)
    assert found.equal == 60


def test_pairs_in_both_are_counted_in_either_order(tmp_path):
    for name in "ab":
        fill(tmp_path / name, 4)
    lists = {
        "train": [(A0, A1, 1), (A0, B0, 0), (B0, B1, 1)],
        "val": [(A1, A0, 1), (A0, B1, 0), (B0, B1, 1), (A2, B1, 0)],
    }
    for name, rows in lists.items():
        fill(tmp_path / "b", 4, seed=2)
        (tmp_path / f"{name}.csv").write_text("\n".join(["left,right,label", *(",".join(map(str, r)) for r in rows)]))
    found = leakage(*(read_samples(tmp_path / f"{name}.csv") for name in ("train", "val")))
    assert found.shared_pairs == 2


def test_arrays_are_compared_by_content_and_looks(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16), dtype=np.uint8)
    copied = np.concatenate([images[:3], 255 - (255 - images[3:6]) // 2, images[20:]])
    np.savez(tmp_path / "train.npz", x=images[:20], y=np.repeat([0, 1], 10))
    np.savez(tmp_path / "val.npz", x=copied, y=np.arange(26) % 2)
    found = leakage(read_samples(tmp_path / "train.npz"), read_samples(tmp_path / "val.npz"))
    assert (found.equal, found.near) == (3, 3)
    assert found.shared_identities == ("0", "1")


def test_rows_of_a_table_are_compared_by_content_alone(tmp_path):
    rows = np.random.default_rng(0).normal(size=(30, 5))
    np.savez(tmp_path / "train.npz", x=rows[:20], y=np.arange(20) % 2)
    np.savez(tmp_path / "val.npz", x=rows[18:], y=np.arange(12) % 2)
    found = leakage(read_samples(tmp_path / "train.npz"), read_samples(tmp_path / "val.npz"))
    assert (found.equal, found.compared, found.near) == (2, 0, 0)


def test_blank_images_are_alike_to_nothing(tmp_path):
    blank = np.zeros((4, 16, 16), dtype=np.uint8)
    images = np.concatenate([blank, np.random.default_rng(0).integers(0, 256, (4, 16, 16), dtype=np.uint8)])
    np.savez(tmp_path / "d.npz", x=images, y=np.arange(8) % 2)
    looks = looks_of(read_samples(tmp_path / "d.npz"), np.arange(8))
    assert nearest_alike(looks, looks).tolist() == [-1, -1, -1, -1, 4, 5, 6, 7]


def test_distinct_digits_are_not_taken_for_one_picture(tmp_path):
    digits = load_digits()
    np.savez(tmp_path / "d.npz", images=digits.images, labels=digits.target)
    looks = looks_of(read_samples(tmp_path / "d.npz"), np.arange(1797))
    halves = [type(looks)(hash=looks.hash[k::2], thumbnail=looks.thumbnail[k::2]) for k in (0, 1)]
    assert (nearest_alike(*halves) >= 0).sum() <= 1
