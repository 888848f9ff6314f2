"""Texts, vocabularies and models of text that are damaged, or made to harm whoever reads them.

None of these needs TensorFlow to be refused.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from hostile_data import Payload, file, npy_header, npz, saved_npz
from model_pieces import CANARY, archive, functional, given, node, other

Make = Callable[[Path], Path]
ModelMake = Callable[[Path], None]
WORDS = ["red", "green", "blue", "big", "small"]
TEXTS = np.array(["big red", "small blue", "big green", "small red"] * 3)
CLASSES = np.arange(12) % 3
ASSET = "assets/layers/text_vectorization/vocabulary.txt"
LISTED = b"\n[UNK]\n" + "\n".join(WORDS).encode()
HEADER = b"question1,question2,is_duplicate\n"
FINE_ROWS = HEADER + b"how big is it,how large is it,1\nwho is it,where is it,0\n" * 4


def embedding(after: str) -> dict:
    """Vectors for seven words, of two numbers each."""
    layer = other("Embedding", input_dim=len(WORDS) + 2, output_dim=2)
    named = {**layer, "name": "vectors", "config": {**layer["config"], "name": "vectors"}}
    return {**named, "inbound_nodes": [node(after)]}


def vectors(group: h5py.File) -> None:
    group["layers/embedding/vars/0"] = np.zeros((len(WORDS) + 2, 2), np.float32)


def text_model(**settings: object) -> ModelMake:
    """An encoder that begins with text."""
    start = given((None, 1))
    start["config"]["dtype"] = "string"
    words = other("TextVectorization", **{"output_sequence_length": 4, **settings})
    return archive(functional(start, words, embedding("odd")), vectors)


def number_model(path: Path) -> None:
    """The same encoder, which begins with the numbers of the words."""
    start = given((None, 4))
    start["config"]["dtype"] = "int32"
    archive(functional(start, embedding("input")), vectors)(path)


def with_words(content: bytes, *, name: str = ASSET, **settings: object) -> ModelMake:
    """The model of text with a list of words beside its weights."""

    def make(path: Path) -> None:
        text_model(**settings)(path)
        with zipfile.ZipFile(path, "a") as target:
            target.writestr(name, content)

    return make


def gigabyte_of_words(path: Path) -> None:
    """A list whose entry in the directory says that it is a gigabyte long."""
    with_words(LISTED)(path)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 20
    data[at : at + 8] = (1 << 30).to_bytes(4, "little") * 2
    path.write_bytes(bytes(data))


def many_lists(path: Path) -> None:
    text_model()(path)
    with zipfile.ZipFile(path, "a") as target:
        for number in range(100):
            target.writestr(f"assets/layers/text_vectorization_{number}/vocabulary.txt", LISTED)


def words_behind_a_link(path: Path) -> None:
    """An unpacked model whose list of words is a link to a file that nobody may open."""
    packed = path.with_suffix(".zip")
    text_model()(packed)
    with zipfile.ZipFile(packed) as source:
        source.extractall(path)
    packed.unlink()
    (path / ASSET).parent.mkdir(parents=True)
    (path / ASSET).symlink_to(CANARY)


def classes(content: bytes) -> Make:
    """Two folders of two texts each."""

    def make(folder: Path) -> Path:
        for name in ("a/1.txt", "a/2.txt", "b/1.txt", "b/2.txt"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        return folder

    return make


def pipes(folder: Path) -> Path:
    for name in ("a/1.txt", "a/2.txt", "b/1.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        os.mkfifo(folder / name)
    return folder


def letters(*codes: int) -> np.ndarray:
    """Texts of one letter each, by number; numpy stores any number as a letter."""
    return np.array(codes * 3, np.uint32).view("<U1")


def wide_zip() -> bytes:
    """An array of texts of which one alone is ten million letters wide."""
    return npy_header((100,), "<U1000000") + bytes(400_000_000)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _pickled() -> bytes:
    buffer = io.BytesIO()
    pickle.dump(Payload(), buffer)
    return buffer.getvalue()


MODELS: dict[str, tuple[ModelMake, str]] = {
    "words in another file": (text_model(vocabulary=str(CANARY)), "names a file"),
    "words at an address": (text_model(vocabulary="http://127.0.0.1:9/x"), "names a file"),
    "words behind a link": (words_behind_a_link, "does not hold the words"),
    "a word twice": (text_model(vocabulary=["red", "blue", "red"]), "twice"),
    "a stored word twice": (with_words(LISTED + b"\nred"), "twice"),
    "words that are no text": (text_model(vocabulary=[1, {"a": 2}]), "no text"),
    "stored words that are not UTF-8": (with_words(b"\xff\xfe\n\xff\n"), "UTF-8"),
    "fewer words than the settings say": (with_words(LISTED, vocabulary_size=10**6), "settings say"),
    "a list of no words": (with_words(b"\n\n\n"), "none"),
    "a gigabyte of words": (gigabyte_of_words, "no honest model"),
    "a hundred lists": (many_lists, "no honest model"),
    "words outside the archive": (with_words(LISTED, name="assets/../../vocabulary.txt"), "outside"),
    "function of another module": (
        text_model(vocabulary=WORDS, standardize={"module": "os", "class_name": "function", "config": "system"}),
        "custom-objects",
    ),
    "lambda that prepares texts": (
        text_model(vocabulary=WORDS, split={"class_name": "__lambda__", "config": {"value": "4wAA"}}),
        "not run",
    ),
    "groups of a billion words": (text_model(vocabulary=WORDS, ngrams=[1, 10**9]), "hundred"),
    "texts of a hundred million numbers": (
        text_model(vocabulary=WORDS, output_sequence_length=10**8),
        "more numbers",
    ),
    "layer that is only named so": (
        archive(
            functional(given((None, 1)), {**other("TextVectorization"), "module": "os"}, embedding("odd")), vectors
        ),
        "only named like",
    ),
}
DATA: dict[str, tuple[Make, str]] = {
    "sentences that are not UTF-8": (file("pairs.csv", FINE_ROWS + b"caf\xe9,th\xe9,1\n"), "UTF-8"),
    "a line of a million letters": (file("pairs.csv", FINE_ROWS + b"a" * 1_000_000 + b",b,1\n"), "line"),
    "a quote that never ends": (file("pairs.csv", FINE_ROWS + b'"how,b,1\n' + b"x,y,1\n" * 40_000), "cannot be read"),
    "rows of sentences cut short": (file("pairs.csv", FINE_ROWS + b"how big is it,how\n"), "short"),
    "labels that are sentences": (file("pairs.csv", FINE_ROWS + b"who is it,why is it,perhaps\n"), "label"),
    "scores that are no numbers": (
        file("pairs.csv", b"sentence1,sentence2,score\na b,b c,1\na c,b d,2\na d,b e,three\na e,b f,nan\n"),
        "score",
    ),
    "sentences of one kind": (file("pairs.csv", HEADER + b"how big is it,how large is it,1\n" * 9), "different-class"),
    "letters that do not exist": (saved_npz(x=letters(0x110000, 65, 66, 67), y=CLASSES), "do not exist"),
    "halves of letters": (saved_npz(x=letters(0xD800, 65, 66, 67), y=CLASSES), "do not exist"),
    "bytes that are not UTF-8": (saved_npz(x=np.array([b"\xff\xfe", b"a"] * 6), y=CLASSES), "UTF-8"),
    "a text of two million letters": (
        saved_npz(x=np.array(["a" * 2_000_000, "b", "c"]), y=np.array([0, 0, 1])),
        "letters",
    ),
    "texts that unpack to 400 MB": (
        npz(zipfile.ZIP_DEFLATED, x=wide_zip(), y=npy_header((100,)) + bytes(400)),
        "unpack",
    ),
    "nothing but empty texts": (saved_npz(x=np.array([" ", "\n"] * 6), y=CLASSES), "No text"),
    "texts in three axes": (saved_npz(x=np.full((12, 2, 2), "a"), y=CLASSES), "one axis"),
    "text files that are not UTF-8": (classes(b"\xff\xfe\xfd"), "No text could be read"),
    "text files of two megabytes": (classes(b"word " * 400_000), "No text could be read"),
    "pipes called text": (pipes, "No text could be read"),
}
VOCABULARIES: dict[str, tuple[str, bytes, str]] = {
    "pickle": ("tokenizer.pickle", _pickled(), "Pickled"),
    "not UTF-8": ("words.txt", b"\xff\xfea\n", "UTF-8"),
    "nothing": ("words.txt", b"", "words"),
    "a word twice": ("words.txt", b"red\nblue\nred\n", "twice"),
    "deep JSON": ("words.json", b"[" * 100_000, "JSON"),
    "JSON of another kind": ("words.json", b'"words"', "JSON"),
    "an endless number": ("words.json", b'{"red": ' + b"9" * 5000 + b"}", "JSON"),
    "a number that is none": ("words.json", b'{"red": 1e400}', "whole number"),
    "a negative number": ("words.json", _json({"red": -1}), "whole number"),
    "words that are lists": ("words.json", _json([["red"], "blue"]), "no text"),
    "Tokenizer without words": ("tokenizer.json", _json({"class_name": "Tokenizer", "config": {}}), "no words"),
    "Tokenizer whose words are code": (
        "tokenizer.json",
        _json({"class_name": "Tokenizer", "config": {"word_index": "__import__('os').system('true')"}}),
        "JSON",
    ),
    "pieces of words": ("words.txt", b"[PAD]\n[UNK]\nre\n##d\n##ing\n", "pieces"),
    "tokenizer of another library": (
        "tokenizer.json",
        _json({"model": {"type": "BPE", "vocab": {}}}),
        "takes words apart",
    ),
    "forty megabytes": ("words.txt", b"word\n" * 8_000_000, "larger"),
}
