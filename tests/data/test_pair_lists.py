import numpy as np
import pytest
from picture_folders import fill
from siamdoctor.data.reading import read_samples
from siamdoctor.errors import UnreadableData

ROWS = [
    ("a/p0.png", "a/p1.png", 1),
    ("a/p0.png", "b/p0.png", 0),
    ("b/p0.png", "b/p1.png", 1),
    ("b/p2.png", "c/p0.png", 0),
    ("c/p0.png", "c/p1.png", 1),
    ("c/p1.png", "a/p2.png", 0),
]


@pytest.fixture
def root(tmp_path):
    for k, name in enumerate("abc"):
        fill(tmp_path / name, seed=k)
    return tmp_path


def write(root, rows, header="left,right,label", separator=",", name="pairs.csv"):
    lines = ([header.replace(",", separator)] if header else []) + [separator.join(map(str, row)) for row in rows]
    (root / name).write_text("\n".join(lines) + "\n")
    return root / name


def named(samples):
    pairs = samples.pairs
    return [
        (samples.names[left], samples.names[right], bool(same))
        for left, right, same in zip(pairs.left, pairs.right, pairs.same, strict=True)
    ]


@pytest.mark.parametrize(
    "header",
    [
        "left,right,label",
        "image1,image2,same",
        "img_a,img_b,y",
        "path1,path2,target",
        "A,B,Label",
        "anchor,other,is_same",
        "file_1,file_2,match",
        "Image 1,Image 2,Similar",
        "left_image,right_image,labels",
        None,
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_found_by_their_names(root, header, separator):
    samples = read_samples(write(root, ROWS, header, separator))
    assert named(samples) == [(a, b, bool(y)) for a, b, y in ROWS]
    assert samples.identity_names == ("a", "b", "c")
    assert samples.identity_known
    assert samples.kind == "images"
    assert samples.load(samples.pairs.left, (12, 10, 1)).shape == (6, 12, 10, 1)
    assert samples.assumed == ()


def test_other_columns_do_not_disturb(root):
    rows = [(k, b, a, "x", y) for k, (a, b, y) in enumerate(ROWS)]
    samples = read_samples(write(root, rows, "id,right,left,comment,label"))
    assert named(samples) == [(a, b, bool(y)) for a, b, y in ROWS]


def test_a_text_file_of_three_columns_serves_as_well(root):
    assert named(read_samples(write(root, ROWS, None, " ", "list.txt"))) == [(a, b, bool(y)) for a, b, y in ROWS]


@pytest.mark.parametrize(
    ("header", "labels", "declared"),
    [
        ("left,right,different", (0, 1), None),
        ("left,right,label", ("same", "different"), None),
        ("left,right,label", ("genuine", "forged"), 0),
        ("left,right,label", (0, 1), 0),
        ("left,right,label", ("True", "False"), None),
        ("left,right,label", ("1.0", "-1"), None),
    ],
)
def test_which_label_means_the_same_class(root, header, labels, declared):
    rows = [(a, b, labels[0] if y else labels[1]) for a, b, y in ROWS]
    samples = read_samples(write(root, rows, header), same_label=declared)
    assert samples.pairs.same.tolist() == [bool(y) for _, _, y in ROWS]


def test_labels_the_other_way_round_are_recognised_by_the_folders_and_that_is_said(root):
    samples = read_samples(write(root, [(a, b, 1 - y) for a, b, y in ROWS]))
    assert samples.pairs.same.tolist() == [bool(y) for _, _, y in ROWS]
    assert "label 0 of pairs.csv is a same-class pair" in samples.assumed[0]


def test_a_declared_label_is_kept_even_where_the_folders_contradict_it(root):
    samples = read_samples(write(root, [(a, b, 1 - y) for a, b, y in ROWS]), same_label=1)
    assert samples.pairs.same.tolist() == [not y for _, _, y in ROWS]


def test_without_class_folders_each_file_is_its_own_class(tmp_path):
    fill(tmp_path / "left", seed=1)
    fill(tmp_path / "right", seed=2)
    rows = [(f"left/p{k}.png", f"right/p{k}.png", k % 2) for k in range(3)]
    samples = read_samples(write(tmp_path, rows))
    assert not samples.identity_known
    assert len(samples.identity_names) == len(samples) == 6
    assert any("unknown" in sentence for sentence in samples.assumed)
    assert any("label 1 of pairs.csv is a same-class pair" in sentence for sentence in samples.assumed)


def test_triplets_become_two_pairs_each(root):
    rows = [("a/p0.png", "a/p1.png", "b/p0.png"), ("c/p0.png", "c/p2.png", "a/p2.png")]
    samples = read_samples(write(root, rows, "anchor,positive,negative"))
    assert named(samples) == [
        ("a/p0.png", "a/p1.png", True),
        ("c/p0.png", "c/p2.png", True),
        ("a/p0.png", "b/p0.png", False),
        ("c/p0.png", "a/p2.png", False),
    ]


def test_pairs_of_missing_files_are_left_out_and_the_files_named(root):
    samples = read_samples(write(root, [*ROWS, ("a/p0.png", "a/gone.png", 1)]))
    assert len(samples.pairs.left) == 6
    assert [u.name for u in samples.unreadable()] == ["a/gone.png"]


def test_absolute_paths_and_backslashes(root):
    rows = [(root / a, b.replace("/", "\\"), y) for a, b, y in ROWS]
    samples = read_samples(write(root, rows))
    assert samples.pairs.same.tolist() == [bool(y) for _, _, y in ROWS]
    assert np.isfinite(samples.load(samples.pairs.right, (12, 10, 1))).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("left,right,label\n", "holds no pairs"),
        ("foo,bar,baz\n1,2,3\n", r"header=foo, bar, baz.*left,right,label"),
        ("left,right,label\na/p0.png,a/p1.png\n", r"too short.*row 1"),
        ("left,right,label\na/p0.png,a/p1.png,7\na/p0.png,b/p0.png,0\n", "label='7'"),
        ("left,right,label\na/p0.png,a/p1.png,1\n", r"same-class and different-class.*pairs=1, same=1"),
        ("left,right,label\nx.png,y.png,1\nx.png,z.png,0\n", r"None of the listed files exists.*x\.png, files=3"),
        ("left,right,label\nhttps://example.org/x.png,a/p0.png,1\n", "Only local files"),
    ],
)
def test_bad_lists_are_refused_with_what_was_received(root, text, message):
    (root / "pairs.csv").write_text(text)
    with pytest.raises(UnreadableData, match=message):
        read_samples(root / "pairs.csv")


def test_a_binary_file_is_no_list(root):
    (root / "pairs.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(UnreadableData, match="not UTF-8"):
        read_samples(root / "pairs.csv")


@pytest.mark.parametrize("first_line", ["2\t2", "4", None])
@pytest.mark.parametrize("folder", ["", "lfw-deepfunneled"])
def test_the_list_of_labeled_faces_in_the_wild(tmp_path, first_line, folder):
    for person, count in (("Ann_Lee", 3), ("Bo", 2), ("Cy_Young", 2)):
        for k in range(count):
            place = tmp_path / folder / person if folder else tmp_path / person
            fill(place, 1, seed=hash(person) % 97 + k, suffix=".jpg")
            (place / "p0.jpg").rename(place / f"{person}_{k + 1:04d}.jpg")
    lines = ["Ann_Lee\t1\t3", "Bo\t1\t2", "Ann_Lee\t2\tBo\t1", "Bo\t2\tCy_Young\t2"]
    (tmp_path / "pairs.txt").write_text("\n".join(([first_line] if first_line else []) + lines))
    samples = read_samples(tmp_path / "pairs.txt")
    assert named(samples) == [
        ("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0003.jpg", True),
        ("Bo/Bo_0001.jpg", "Bo/Bo_0002.jpg", True),
        ("Ann_Lee/Ann_Lee_0002.jpg", "Bo/Bo_0001.jpg", False),
        ("Bo/Bo_0002.jpg", "Cy_Young/Cy_Young_0002.jpg", False),
    ]
    assert samples.identity_names == ("Ann_Lee", "Bo", "Cy_Young")


def test_images_of_a_list_that_are_nowhere_are_asked_for(tmp_path):
    (tmp_path / "pairs.txt").write_text("1\nAnn 1 2\nAnn 1 Bo 1\n")
    with pytest.raises(UnreadableData, match="folder of persons"):
        read_samples(tmp_path / "pairs.txt")
