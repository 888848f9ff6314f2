"""What Keras 2 noted of its objects in a SavedModel: the settings of the model, and of every layer in it.

TensorFlow 2.5 and later keep these notes in `keras_metadata.pb`, earlier ones in the program itself. Neither
is run: both are read as protocol buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.archive import parse_json, read_file
from siamdoctor.models.config import mapping, text
from siamdoctor.models.functional import is_model, saved_name
from siamdoctor.models.legacy import without_bare_lists
from siamdoctor.models.locating import size_of
from siamdoctor.models.protobuf import messages, string, whole
from siamdoctor.results import Json

MAX_PROGRAM = 256 << 20
MAX_OBJECTS = 100_000
NO_LAYERS = (
    "This SavedModel holds compiled functions, not layers, so the part that makes the embeddings cannot be taken out "
    "of it. Save the trained model with `model.save('model.keras')` instead of exporting it."
)


class NoLayers(UnreadableModel):
    """A SavedModel is a program, and says nothing of layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRoot:
    """The model of a SavedModel. path: how the checkpoint gets from its root to `network`.

    model: the entry of the outermost model. network: the model whose layers are written down; the same one,
    or the largest inside a class of the user's own.
    """

    model: dict[str, Json]
    network: dict[str, Json]
    path: tuple[str, ...]


def read_root(folder: Path) -> SavedRoot:
    """The model that a SavedModel folder of Keras 2 was saved from.

    Raises:
        UnreadableModel: Keras 2 did not write it, or it holds no layers.
        Malformed: it is damaged.
    """
    found = _noted_beside(folder) if (folder / "keras_metadata.pb").is_file() else _noted_within(folder)
    entries = {
        path: mapping(without_bare_lists(without_tuples(mapping(parse_json(note, folder))))) for path, note in found
    }
    models = {path: entry for path, entry in entries.items() if is_model(entry)}
    root = entries.get((), {})
    if is_model(root):
        return SavedRoot(model=root, network=root, path=())
    if not root or not models:
        raise NoLayers(f"{NO_LAYERS} Received: model={folder}")
    path = max(models, key=lambda p: size_of(models[p]))
    part: Json = {**models[path], "name": saved_name(models[path])}
    whole_model: dict[str, Json] = {**root, "config": {"part": part}}
    return SavedRoot(model=whole_model, network=models[path], path=path)


def _noted_beside(folder: Path) -> list[tuple[tuple[str, ...], str]]:
    """Places and notes of the objects in `keras_metadata.pb`; the place of the model itself is empty."""
    data = read_file(folder / "keras_metadata.pb", MAX_PROGRAM)
    return [(tuple(string(node, 3).split(".")[1:]), string(node, 5)) for node in messages(data, 1)]


def _noted_within(folder: Path) -> list[tuple[tuple[str, ...], str]]:
    """Places and notes of the objects that `saved_model.pb` lists, found by walking from its root."""
    data = read_file(folder / "saved_model.pb", MAX_PROGRAM)
    graphs = [graph for meta in messages(data, 2) for graph in messages(meta, 7)]
    nodes = messages(graphs[0], 1) if graphs else []
    if len(nodes) > MAX_OBJECTS:
        raise UnreadableModel(f"The SavedModel holds more than {MAX_OBJECTS} objects. Received: model={folder}")
    found: list[tuple[tuple[str, ...], str]] = []
    places: dict[int, tuple[str, ...]] = {0: ()}
    for number in _walk(nodes, places):
        own = [o for o in messages(nodes[number], 4) if string(o, 1).startswith("_tf_keras")]
        found.extend((places[number], string(o, 3)) for o in own if string(o, 3))
    return found


def _walk(nodes: list[bytes], places: dict[int, tuple[str, ...]]) -> list[int]:
    """Numbers of the objects that can be reached from the first, nearest first; `places` learns the way."""
    order = [0] if nodes else []
    for number in order:
        for child in messages(nodes[number], 1):
            target = whole(child, 1)
            if target not in places and target < len(nodes):
                places[target] = (*places[number], string(child, 2))
                order.append(target)
    return order


def without_tuples(value: Json) -> Json:
    """The same value with `{"class_name": "__tuple__", "items": [...]}` written as plain lists."""
    if isinstance(value, list):
        return [without_tuples(item) for item in value]
    if isinstance(value, dict):
        if text(value.get("class_name")) == "__tuple__":
            return without_tuples(value.get("items"))
        return {key: without_tuples(item) for key, item in value.items()}
    return value
