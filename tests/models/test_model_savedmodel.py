"""SavedModels of Keras 2, whose notes are kept in one place since TensorFlow 2.5 and in another before."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.protobuf import messages, string
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import load_twin


def field(number: int, value: bytes | int) -> bytes:
    """One field of a protocol buffer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def notes_of(folder):
    """Places and notes of a SavedModel's objects, as TensorFlow 2.5 and later write them."""
    data = (folder / "keras_metadata.pb").read_bytes()
    return {tuple(string(n, 3).split(".")[1:]): (string(n, 4), string(n, 5)) for n in messages(data, 1)}


def write_within(folder, notes):
    """A program that holds the notes, as TensorFlow wrote it until 2.4."""
    places = sorted({place[:length] for place in notes for length in range(len(place) + 1)}, key=lambda p: (len(p), p))
    nodes = b""
    for place in places:
        children = [p for p in places if p[:-1] == place and p != place]
        node = b"".join(field(1, field(1, places.index(c)) + field(2, c[-1].encode())) for c in children)
        if place in notes:
            kind, note = notes[place]
            node += field(4, field(1, kind.encode()) + field(3, note.encode()))
        nodes += field(1, node)
    (folder / "saved_model.pb").write_bytes(field(2, field(7, nodes)))


@pytest.fixture
def copy(keras2_files, tmp_path):
    def of(name):
        shutil.copytree(keras2_files / name, tmp_path / name)
        return tmp_path / name

    return of


@pytest.mark.parametrize("name", ["lambda-euclidean", "bidirectional", "separate", "sequential"])
def test_notes_within_the_program_are_read_as_well(keras2_files, copy, name):
    folder = copy(name)
    write_within(folder, notes_of(folder))
    (folder / "keras_metadata.pb").unlink()
    old, new = read_blueprint(folder), read_blueprint(keras2_files / name)
    assert (old.twins, old.head, old.loss, old.encoder) == (new.twins, new.head, new.loss, new.encoder)
    for one, other in zip(old.weights, new.weights, strict=True):
        np.testing.assert_array_equal(one.load(), other.load())


@pytest.mark.parametrize("within", [False, True])
def test_encoder_inside_a_class_of_the_users_own_is_found(keras2_files, copy, within):
    folder = copy("lambda-euclidean")
    notes = notes_of(folder)
    place = next(p for p, (kind, _) in notes.items() if p and kind == "_tf_keras_network")
    root = {**json.loads(notes[()][1]), "class_name": "SiameseModel", "config": {}}
    notes[()] = ("_tf_keras_model", json.dumps(root))
    if within:
        write_within(folder, notes)
        (folder / "keras_metadata.pb").unlink()
    else:
        nodes = [
            field(1, field(3, ".".join(("root", *p)).encode()) + field(4, k.encode()) + field(5, n.encode()))
            for p, (k, n) in notes.items()
        ]
        (folder / "keras_metadata.pb").write_bytes(b"".join(nodes))
    assert place == ("layer_with_weights-0",)

    blueprint = read_blueprint(folder)
    assert any("'SiameseModel' is not known" in sentence for sentence in blueprint.assumed)
    left = np.load(keras2_files / "lambda-euclidean.npz")["arr_0"]
    expected = load_twin(read_blueprint(keras2_files / "lambda-euclidean")).embed(left)
    np.testing.assert_array_equal(load_twin(blueprint).embed(left), expected)


def test_program_without_notes_says_what_to_save_instead(copy):
    folder = copy("separate")
    write_within(folder, {(): ("_tf_keras_model", json.dumps({"class_name": "Own", "config": {}}))})
    (folder / "keras_metadata.pb").unlink()
    with pytest.raises(UnreadableModel, match=r"model\.save\('model\.keras'\)"):
        read_blueprint(folder)
