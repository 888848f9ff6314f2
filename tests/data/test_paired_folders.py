import numpy as np
import pytest
from picture_folders import fill, picture
from siamdoctor.data.pairs import draw_pairs, halve_given_pairs
from siamdoctor.data.reading import read_samples
from siamdoctor.errors import UnreadableData


def named(samples):
    pairs = samples.pairs
    return {
        (samples.names[left], samples.names[right], bool(same))
        for left, right, same in zip(pairs.left, pairs.right, pairs.same, strict=True)
    }


@pytest.mark.parametrize("roles", [("anchor", "positive", "negative"), ("Anchors", "positives", "NEG")])
@pytest.mark.parametrize("below", ["", "val"])
def test_triples_are_matched_by_file_name(tmp_path, roles, below):
    for k, role in enumerate(roles):
        fill(tmp_path / below / role, 4, seed=k)
    if below:
        for k, role in enumerate(roles):
            fill(tmp_path / "train" / role, 2, seed=k)
    samples = read_samples(tmp_path)
    prefix = f"{below}/" if below else ""
    anchor, positive, negative = (f"{prefix}{role}" for role in roles)
    assert named(samples) == {
        pair
        for k in range(4)
        for pair in (
            (f"{anchor}/p{k}.png", f"{positive}/p{k}.png", True),
            (f"{anchor}/p{k}.png", f"{negative}/p{k}.png", False),
        )
    }
    assert not samples.identity_known
    halved = halve_given_pairs(samples.pairs, samples.identity, np.random.default_rng(0))
    assert halved.same.size == 8


def test_triples_without_common_names_are_matched_by_order_and_that_is_said(tmp_path):
    for k, role in enumerate(("anchor", "positive", "negative")):
        for number in range(3):
            (tmp_path / role).mkdir(exist_ok=True)
            picture(k * 10 + number).save(tmp_path / role / f"{role}{number}.png")
    samples = read_samples(tmp_path)
    assert ("anchor/anchor1.png", "negative/negative1.png", False) in named(samples)
    assert any("by their order" in sentence for sentence in samples.assumed)


def test_triples_that_cannot_be_matched_are_refused_with_their_sizes(tmp_path):
    for role, count in (("anchor", 3), ("positive", 2), ("negative", 4)):
        for number in range(count):
            (tmp_path / role).mkdir(exist_ok=True)
            picture(number).save(tmp_path / role / f"{role}{number}.png")
    with pytest.raises(UnreadableData, match="anchor=3, positive=2, negative=4"):
        read_samples(tmp_path)


def test_two_folders_of_equal_names_are_couples(tmp_path):
    for k, side in enumerate(("left", "right")):
        fill(tmp_path / side, 6, seed=k)
    samples = read_samples(tmp_path)
    assert samples.identity_names == tuple(f"p{k}" for k in range(6))
    assert draw_pairs(samples.identity, 100, np.random.default_rng(0)).same.sum() == 6
    assert "left/ and right/" in samples.assumed[0]


def test_two_folders_of_other_names_are_classes(tmp_path):
    fill(tmp_path / "left", 6)
    fill(tmp_path / "right", 4)
    assert read_samples(tmp_path).identity_names == ("left", "right")


def writers_in_folders(root):
    for writer in ("w1", "w2"):
        fill(root / writer / "genuine", 3, seed=1)
        fill(root / writer / "forged", 2, seed=2)
    return "w1/genuine/p0.png", "w1/forged/p1.png"


def kinds_above_writers(root):
    for writer in ("w1", "w2"):
        fill(root / "real" / writer, 3, seed=1)
        fill(root / "forge" / writer, 2, seed=2)
    return "real/w1/p0.png", "forge/w1/p1.png"


def forged_by_suffix(root):
    for writer in ("049", "050"):
        fill(root / writer, 3, seed=1)
        fill(root / f"{writer}_forg", 2, seed=2)
    return "049/p0.png", "049_forg/p1.png"


def cedar(root):
    for folder, name, count in (("full_org", "original", 3), ("full_forg", "forgeries", 2)):
        (root / folder).mkdir()
        for writer in (1, 2):
            for k in range(count):
                picture(writer + k).save(root / folder / f"{name}_{writer}_{k + 1}.png")
    return "full_org/original_1_1.png", "full_forg/forgeries_1_2.png"


def bhsig(root):
    for writer in ("001", "002"):
        (root / writer).mkdir()
        for kind, count in (("G", 3), ("F", 2)):
            for k in range(count):
                picture(k).save(root / writer / f"B-S-{writer}-{kind}-0{k + 1}.tif")
    return "001/B-S-001-G-01.tif", "001/B-S-001-F-02.tif"


@pytest.mark.parametrize("build", [writers_in_folders, kinds_above_writers, forged_by_suffix, cedar, bhsig])
def test_signatures_are_paired_within_their_writer(tmp_path, build):
    genuine, forged = build(tmp_path)
    samples = read_samples(tmp_path)
    assert samples.format == "signatures"
    pairs = samples.pairs
    assert int(pairs.same.sum()) == 2 * 3  # three pairs of three genuine signatures, for two writers
    assert int((~pairs.same).sum()) == 2 * 3 * 2
    assert len(samples.identity_names) == 4
    writer = np.array([samples.identity_names[i].removesuffix(" (forged)") for i in samples.identity])
    fake = np.array([samples.identity_names[i].endswith("(forged)") for i in samples.identity])
    assert np.array_equal(writer[pairs.left], writer[pairs.right])
    assert not fake[pairs.left].any()
    assert np.array_equal(fake[pairs.right], ~pairs.same)
    assert not fake[samples.names.index(genuine)]
    assert fake[samples.names.index(forged)]


def test_large_signature_sets_are_sampled_evenly_and_always_alike(tmp_path):
    for writer in range(12):
        fill(tmp_path / f"w{writer}" / "genuine", 24, seed=writer, shape=(2, 2))
        fill(tmp_path / f"w{writer}" / "forged", 24, seed=writer, shape=(2, 2))
    first, again = read_samples(tmp_path).pairs, read_samples(tmp_path).pairs
    assert first.same.sum() == (~first.same).sum() == 2000
    assert np.array_equal(first.left, again.left)
    names = read_samples(tmp_path).identity
    counts = np.bincount(names[first.left[first.same]])
    assert counts[counts > 0].max() - counts[counts > 0].min() <= 1


def test_a_set_without_forgeries_is_one_of_classes(tmp_path):
    for writer in ("001", "002"):
        fill(tmp_path / writer, 3)
    assert read_samples(tmp_path).format == "class folders"
