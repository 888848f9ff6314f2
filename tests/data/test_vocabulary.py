"""Vocabularies of the user's: a list, a mapping, or a Tokenizer of Keras."""

from __future__ import annotations

import json

import pytest
from siamdoctor.data.vocabulary import WordList, WordNumbers, read_vocabulary
from siamdoctor.errors import UnreadableData

INDEX = {"<OOV>": 1, "the": 2, "cat": 3, "sat": 4}


def tokenizer(**changes):
    """What `Tokenizer.to_json()` writes, as Keras 2 does."""
    config = {
        "num_words": None,
        "filters": '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n',
        "lower": True,
        "split": " ",
        "char_level": False,
        "oov_token": None,
        "word_index": json.dumps(INDEX),
        **changes,
    }
    return json.dumps({"class_name": "Tokenizer", "config": config})


def read(tmp_path, content, name="words.json"):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return read_vocabulary(tmp_path / name)


# Numbers as `tf_keras.preprocessing.text.Tokenizer.texts_to_sequences` gives them.
@pytest.mark.parametrize(
    ("changes", "text", "numbers"),
    [
        ({}, "The cat, the mat-sat!", [2, 3, 2, 4]),
        ({"oov_token": "<OOV>"}, "The cat, the mat-sat!", [2, 3, 2, 1, 4]),
        ({"num_words": 4}, "the cat sat", [2, 3]),
        ({"num_words": 4, "oov_token": "<OOV>"}, "the cat sat", [2, 3, 1]),
        ({"lower": False}, "The cat", [3]),
        ({"filters": ""}, "cat, sat", [4]),
        ({"split": "_"}, "the_cat sat", [2]),
        ({"char_level": True, "word_index": json.dumps({"a": 1, "b": 2})}, "Ab c", [1, 2]),
    ],
)
def test_tokenizer_numbers_words_as_keras_does(tmp_path, changes, text, numbers):
    assert read(tmp_path, tokenizer(**changes)).encode(text) == numbers


def test_tokenizer_written_as_json_within_json(tmp_path):
    assert read(tmp_path, json.dumps(tokenizer())).numbers == INDEX


def test_mapping_is_read_with_the_defaults_of_the_tokenizer(tmp_path):
    found = read(tmp_path, json.dumps(INDEX))
    assert isinstance(found, WordNumbers)
    assert found.encode("The dog") == [2, 1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("words.txt", "\n[UNK]\nthe\ncat\n"),
        ("words.txt", "\r\n[UNK]\r\nthe\r\ncat\r\n"),
        ("words.json", '["", "[UNK]", "the", "cat"]'),
    ],
)
def test_lists_keep_their_order(tmp_path, name, content):
    assert read(tmp_path, content, name) == WordList(path=tmp_path / name, words=("", "[UNK]", "the", "cat"))


def test_missing_file_and_folder_are_told_apart_from_none(tmp_path):
    for path in (tmp_path, tmp_path / "none.txt"):
        with pytest.raises(UnreadableData, match="no such vocabulary"):
            read_vocabulary(path)
