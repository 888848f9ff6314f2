"""A SavedModel of Keras 2, read as data: the layers from its metadata, the weights from its checkpoint.

TensorFlow would run such a folder as a program. Nothing of that program is needed: Keras 2 left the
configuration of every layer in `keras_metadata.pb`, and the checkpoint knows which layer owns which variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.archive import MAX_CONFIG, Archive, parse_json, read_file
from siamdoctor.models.config import mapping, sequence
from siamdoctor.models.functional import saved_name
from siamdoctor.models.hdf5 import StoredArray, as_weights
from siamdoctor.models.protobuf import Malformed, messages, string, whole
from siamdoctor.models.tensor_bundle import DTYPES, Entry, read_index, read_tensor, read_text
from siamdoctor.results import Json

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
NO_LAYERS = (
    "This SavedModel holds compiled functions, not layers, so the part that makes the embeddings cannot be taken out "
    "of it. Save the trained model with `model.save('model.keras')` instead of exporting it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Variables laid out as in an HDF5 model: a group for each outermost layer, with a list of names.

    arrays: by `<layer>/<variable name>`. attributes: `layer_names` of the root, `weight_names` of each group.
    """

    arrays: Mapping[str, StoredArray]
    groups: Mapping[str, str | None]
    attributes: Mapping[tuple[str, str], tuple[str, ...]]
    entries: Mapping[str, Entry]
    shards: Mapping[int, bytes]

    def read(self, path: str) -> NDArray[np.floating]:
        """One array, read-only.

        Raises:
            UnreadableModel: the stored bytes are damaged.
        """
        entry = self.entries[path]
        try:
            return as_weights(read_tensor(entry, self.shards[entry.shard]))
        except (Malformed, KeyError, ValueError) as error:
            raise UnreadableModel(f"A stored weight is damaged ({error}). Received: weight={path!r}") from error


def open_savedmodel(path: Path) -> Archive:
    """Read a SavedModel folder without running it.

    Raises:
        UnreadableModel: it was not written by Keras 2, or is damaged.
    """
    metadata = path / "keras_metadata.pb"
    if not metadata.is_file():
        raise UnreadableModel(f"{NO_LAYERS} Received: model={path}")
    try:
        roots = [node for node in messages(read_file(metadata, MAX_CONFIG), 1) if string(node, 3) == "root"]
        model = mapping(parse_json(string(roots[0], 5), path)) if roots else {}
        if not isinstance(mapping(model.get("config")).get("layers"), list):
            raise UnreadableModel(f"{NO_LAYERS} Received: model={path}")
        weights = _checkpoint(path / "variables", model)
    except Malformed as error:
        raise UnreadableModel(f"The SavedModel is damaged ({error}). Received: model={path}") from error
    return Archive(
        path=path,
        format="SavedModel",
        keras_version=None,
        model=_without_tuples(model),
        compiled=mapping(model.get("training_config")),
        weights=weights,
    )


def _without_tuples(model: dict[str, Json]) -> dict[str, Json]:
    """The configuration with `{"class_name": "__tuple__", "items": [...]}` written as plain lists."""

    def plain(value: Json) -> Json:
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            if value.get("class_name") == "__tuple__":
                return plain(value.get("items"))
            return {key: plain(item) for key, item in value.items()}
        return value

    return mapping(plain(model))


def _checkpoint(folder: Path, model: Mapping[str, Json]) -> Checkpoint:
    """The variables of the model, by outermost layer."""
    entries = read_index(read_file(folder / "variables.index", MAX_CONFIG))
    shards = {
        number: read_file(found) for number, found in enumerate(sorted(folder.glob("variables.data-?????-of-?????")))
    }
    if OBJECT_GRAPH not in entries:
        raise Malformed("the checkpoint does not say which layer owns which variable")
    graph = _ObjectGraph(read_text(entries[OBJECT_GRAPH], shards.get(entries[OBJECT_GRAPH].shard, b"")))
    config = mapping(model.get("config"))
    saved = [mapping(layer) for layer in sequence(config.get("layers"))]
    chain = "output_layers" not in config  # a Sequential model does not count its input among its layers
    layers = [saved_name(entry) for entry in saved if not (chain and entry.get("class_name") == "InputLayer")]
    arrays: dict[str, StoredArray] = {}
    found: dict[str, Entry] = {}
    attributes: dict[tuple[str, str], tuple[str, ...]] = {("", "layer_names"): tuple(layers)}
    for number, layer in enumerate(layers):
        names: list[str] = []
        for name, key in graph.variables_below(f"layer-{number}"):
            entry = entries.get(key)
            if entry is not None and entry.dtype in DTYPES:
                names.append(name)
                path = f"{layer}/{name}"
                found[path] = entry
                arrays[path] = StoredArray(path=path, shape=entry.shape, dtype=DTYPES[entry.dtype].name)
        attributes[layer, "weight_names"] = tuple(names)
    groups = dict.fromkeys(["", *layers])
    return Checkpoint(arrays=arrays, groups=groups, attributes=attributes, entries=found, shards=shards)


class _ObjectGraph:
    """A `TrackableObjectGraph`: which object owns which, and the names of variables."""

    def __init__(self, data: bytes) -> None:
        self.children: list[dict[str, int]] = []
        self.variables: dict[int, tuple[str, str]] = {}
        for number, node in enumerate(messages(data, 1)):
            self.children.append({string(child, 2): whole(child, 1) for child in messages(node, 1)})
            for attribute in messages(node, 2):
                if string(attribute, 1) == "VARIABLE_VALUE":
                    self.variables[number] = string(attribute, 2), string(attribute, 3)
        listed = self._children(self._children(0).get("variables"))
        order = sorted((name for name in listed if name.isdigit()), key=int)
        self.rank = {listed[name]: rank for rank, name in enumerate(order)}

    def _children(self, node: int | None) -> dict[str, int]:
        """What a node owns, by name."""
        return self.children[node] if node is not None and 0 <= node < len(self.children) else {}

    def variables_below(self, name: str) -> list[tuple[str, str]]:
        """Full names and checkpoint keys of the variables that a child of the root owns, in the model's order."""
        start = self._children(0).get(name)
        seen: set[int] = set()
        stack = [] if start is None else [start]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(self._children(node).values())
        owned = sorted((n for n in seen if n in self.variables and n in self.rank), key=lambda n: self.rank[n])
        return [self.variables[node] for node in owned]
