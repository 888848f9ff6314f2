"""Data sets of texts, in every layout."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from siamdoctor.data.given import given_samples
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.data.text_samples import shown
from siamdoctor.errors import UnreadableData

TEXTS = ["big red", "small blue", "huge red", "tiny blue"] * 3
CLASSES = np.array([0, 1, 0, 1] * 3)
QUORA = """\
id,qid1,qid2,question1,question2,is_duplicate
0,1,2,How big is it?,"How large, really, is it?",1
1,3,4,Who is it?,"Where is
the ""other"" one?",0
2,5,6,How big is it?,Who is it?,0
"""


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def texts_of(samples):
    return [samples.text(index) for index in range(len(samples))]


def pairs_of(samples):
    given = samples.pairs
    return [
        (samples.text(a)[0], samples.text(b)[0], bool(s))
        for a, b, s in zip(given.left, given.right, given.same, strict=True)
    ]


@pytest.mark.parametrize("kind", ["U", "S", "O"])
def test_arrays_of_text_with_classes(tmp_path, kind):
    values = np.array(TEXTS, dtype=object) if kind == "O" else np.array(TEXTS).astype(kind)
    if kind == "O":  # objects are read from memory only
        samples = given_samples((TEXTS, CLASSES))
    else:
        np.savez(tmp_path / "data.npz", x=values, y=CLASSES)
        samples = read_samples(tmp_path / "data.npz")
    assert samples.kind == "text"
    assert texts_of(samples) == [(text,) for text in TEXTS]
    assert samples.identity.tolist() == CLASSES.tolist()
    assert samples.digest(np.array([0, 4]))[0] == samples.digest(np.array([0, 4]))[1]


def test_rows_of_words_keep_their_pieces(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.array([text.split() for text in TEXTS]), y=CLASSES)
    assert texts_of(read_samples(tmp_path / "data.npz"))[0] == ("big", "red")


def test_pairs_of_texts_in_arrays_make_one_sample_of_equal_texts(tmp_path):
    left, right = np.array(["a b", "c", "a b"]), np.array(["a longer text", "c", "d"])
    np.savez(tmp_path / "data.npz", left=left, right=right, label=[1, 1, 0])
    samples = read_samples(tmp_path / "data.npz")
    assert pairs_of(samples) == [("a b", "a longer text", True), ("c", "c", True), ("a b", "d", False)]
    assert len(samples) == 4
    assert not samples.identity_known


def test_quora_style_list_with_commas_quotes_and_line_ends(tmp_path):
    samples = read_samples(written(tmp_path, "questions.csv", QUORA))
    assert pairs_of(samples) == [
        ("How big is it?", "How large, really, is it?", True),
        ("Who is it?", 'Where is\nthe "other" one?', False),
        ("How big is it?", "Who is it?", False),
    ]
    assert len(samples) == 4


@pytest.mark.parametrize(
    ("header", "rows", "same"),
    [
        ("sentence1,sentence2,label", ["a b,a c,1", "a b,x y,0"], [True, False]),
        ("text_a;text_b;label", ["a b;a c;same", "a b;x y;different"], [True, False]),
        ("premise\thypothesis\tgold_label", ["a b\ta c\tentailment", "a b\tx y\tcontradiction"], [True, False]),
        ("sentence1,sentence2,score", ["a b,a c,4.5", "a b,x y,0.5", "a b,z z,1.0"], [True, False, False]),
        ("#1 String,#2 String,Quality", ["a b,a c,1", "a b,x y,0"], [True, False]),
        ("left,right,label", ["a b,a c,1", "a b,x y,0"], [True, False]),
        ("anchor,positive,negative", ["a b,a c,x y", "d e,d f,z z"], [True, True, False, False]),
    ],
)
def test_header_names_that_public_sets_use(tmp_path, header, rows, same):
    samples = read_samples(written(tmp_path, "pairs.csv", "\n".join([header, *rows]) + "\n"))
    assert samples.kind == "text"
    assert samples.pairs.same.tolist() == same


def test_scores_say_where_they_were_cut(tmp_path):
    path = written(tmp_path, "sts.csv", "sentence1,sentence2,score\na b,a c,4.5\na b,x y,0.5\na b,z z,1.0\n")
    assert any("above 2.5" in sentence for sentence in read_samples(path).assumed)


def test_single_words_are_texts_where_the_header_says_so(tmp_path):
    samples = read_samples(written(tmp_path, "pairs.csv", "text1,text2,label\nred,crimson,1\nred,blue,0\n"))
    assert samples.kind == "text"


def test_labelled_texts(tmp_path):
    samples = read_samples(
        written(
            tmp_path,
            "texts.csv",
            "text,intent\n"
            + "\n".join(f'"{text}, please",{name}' for text, name in zip(TEXTS, ["buy", "sell"] * 6, strict=True)),
        )
    )
    assert texts_of(samples)[0] == ("big red, please",)
    assert samples.identity_names == ("buy", "sell")


def test_list_of_files_is_no_list_of_texts(tmp_path):
    with pytest.raises(UnreadableData, match="None of the listed files exists"):
        read_samples(written(tmp_path, "pairs.csv", "left,right,label\na b/1.png,a b/2.png,1\na b/1.png,c d/1.png,0\n"))


def test_class_folders_of_text_files(tmp_path):
    for split in ("train", "val"):
        for name in ("sport", "news"):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(3):
                (folder / f"{number}.txt").write_text(f"{name} {number}", encoding="utf-8")
        (tmp_path / split / "urls.txt").write_text("http://x.org", encoding="utf-8")
    (tmp_path / "README.txt").write_text("about", encoding="utf-8")
    samples = read_samples(tmp_path)
    assert samples.identity_names == ("news", "sport")
    assert texts_of(samples)[0] == ("news 0",)
    assert samples.names[0] == "val/news/0.txt"
    assert find_training_split(tmp_path) == tmp_path / "train"


def test_files_that_are_no_text_are_left_out_and_told_of(tmp_path):
    for name, content in {"a/1": b"one", "a/2": b"\xff\xfe", "a/3": b"three", "b/1": b" \n", "b/2": b"two"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.txt").write_bytes(content)
    said = {skipped.name: skipped.reason for skipped in read_samples(tmp_path).unreadable()}
    assert said == {"a/2.txt": "it is not UTF-8 text", "b/1.txt": "it is an empty text"}


def test_function_that_returns_texts(tmp_path):
    (tmp_path / "texts_of_mine.py").write_text(
        "def made():\n    return (['a b', 'a c'] * 3, ['x y', 'z'] * 3), [1, 0] * 3\n", encoding="utf-8"
    )
    samples = read_samples(tmp_path / "texts_of_mine:made")
    assert pairs_of(samples)[0] == ("a b", "x y", True)


def test_one_long_text_does_not_widen_the_others():
    samples = given_samples({"x": ["a" * 1_000_000, *TEXTS], "y": [0, *CLASSES]})
    assert len(samples.text(0)[0]) == 1_000_000


def test_texts_that_hold_nul_are_kept(tmp_path):
    samples = read_samples(written(tmp_path, "pairs.csv", "text1,text2,label\na\0b c,d e,1\nf g,h i,0\n"))
    assert samples.text(0) == ("a\0b c",)


def test_shown_texts_are_one_line_of_bounded_length():
    assert shown(("a\n\tb\0c \x1b[31m",)) == "a b\N{REPLACEMENT CHARACTER}c \N{REPLACEMENT CHARACTER}[31m"
    assert len(shown(("word " * 10_000,))) <= 160


def test_texts_have_no_numbers_by_themselves():
    samples = given_samples((TEXTS, CLASSES))
    with pytest.raises(UnreadableData, match="vocabulary"):
        samples.load(np.array([0]), (4,))
    assert {f.name for f in dataclasses.fields(samples)} >= {"text"}
