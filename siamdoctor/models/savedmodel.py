"""A SavedModel of Keras 2, read as data: the layers from its metadata, the weights from its checkpoint.

TensorFlow would run such a folder as a program. Nothing of that program is needed: Keras 2 left the
configuration of every layer in `keras_metadata.pb`, and the checkpoint knows which layer owns which variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.archive import MAX_CONFIG, Archive, read_file
from siamdoctor.models.config import mapping, sequence
from siamdoctor.models.functional import saved_name
from siamdoctor.models.hdf5 import StoredArray, as_weights
from siamdoctor.models.keras_metadata import SavedRoot, read_root
from siamdoctor.models.protobuf import Malformed, messages, string, whole
from siamdoctor.models.tensor_bundle import DTYPES, Entry, read_index, read_tensor, read_text
from siamdoctor.results import Json

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


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
    try:
        root = read_root(path)
        weights = _checkpoint(path / "variables", root)
    except Malformed as error:
        raise UnreadableModel(f"The SavedModel is damaged ({error}). Received: model={path}") from error
    return Archive(
        path=path,
        format="SavedModel",
        keras_version=None,
        model=root.model,
        compiled=mapping(root.model.get("training_config")),
        weights=weights,
    )


def _checkpoint(folder: Path, root: SavedRoot) -> Checkpoint:
    """The variables of the model, by outermost layer, or all of one part under its name."""
    entries = read_index(read_file(folder / "variables.index", MAX_CONFIG))
    shards = {
        number: read_file(found) for number, found in enumerate(sorted(folder.glob("variables.data-?????-of-?????")))
    }
    if OBJECT_GRAPH not in entries:
        raise Malformed("the checkpoint does not say which layer owns which variable")
    graph = _ObjectGraph(read_text(entries[OBJECT_GRAPH], shards.get(entries[OBJECT_GRAPH].shard, b"")), root.path)
    groups = [(saved_name(root.network), root.path)] if root.path else list(_outermost(root.network))
    arrays: dict[str, StoredArray] = {}
    found: dict[str, Entry] = {}
    attributes: dict[tuple[str, str], tuple[str, ...]] = {("", "layer_names"): tuple(name for name, _ in groups)}
    for layer, place in groups:
        names: list[str] = []
        for name, key in graph.variables_below(place):
            entry = entries.get(key)
            if entry is not None and entry.dtype in DTYPES:
                names.append(name)
                path = f"{layer}/{name}"
                found[path] = entry
                arrays[path] = StoredArray(path=path, shape=entry.shape, dtype=DTYPES[entry.dtype].name)
        attributes[layer, "weight_names"] = tuple(names)
    return Checkpoint(
        arrays=arrays,
        groups=dict.fromkeys(["", *(name for name, _ in groups)]),
        attributes=attributes,
        entries=found,
        shards=shards,
    )


def _outermost(model: Mapping[str, Json]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names of the model's layers, and where the checkpoint keeps each."""
    config = mapping(model.get("config"))
    chain = "output_layers" not in config  # a Sequential model does not count its input among its layers
    saved = [mapping(layer) for layer in sequence(config.get("layers"))]
    layers = [saved_name(entry) for entry in saved if not (chain and entry.get("class_name") == "InputLayer")]
    for number, layer in enumerate(layers):
        yield layer, (f"layer-{number}",)


class _ObjectGraph:
    """A `TrackableObjectGraph`: which object owns which, and the names of variables."""

    def __init__(self, data: bytes, part: tuple[str, ...]) -> None:
        """Read the graph; `part` is the way to the object whose list of variables gives their order."""
        self.children: list[dict[str, int]] = []
        self.variables: dict[int, tuple[str, str]] = {}
        for number, node in enumerate(messages(data, 1)):
            self.children.append({string(child, 2): whole(child, 1) for child in messages(node, 1)})
            for attribute in messages(node, 2):
                if string(attribute, 1) == "VARIABLE_VALUE":
                    self.variables[number] = string(attribute, 2), string(attribute, 3)
        lists = [self._children(self._children(self._find(way)).get("variables")) for way in (part, ())]
        listed = next((names for names in lists if names), {})
        order = sorted((name for name in listed if name.isdigit()), key=int)
        self.rank = {listed[name]: rank for rank, name in enumerate(order)}

    def _children(self, node: int | None) -> dict[str, int]:
        """What a node owns, by name."""
        return self.children[node] if node is not None and 0 <= node < len(self.children) else {}

    def _find(self, place: tuple[str, ...]) -> int | None:
        """The object at the end of a way from the root."""
        node: int | None = 0
        for name in place:
            node = self._children(node).get(name)
        return node

    def variables_below(self, place: tuple[str, ...]) -> list[tuple[str, str]]:
        """Full names and checkpoint keys of the variables that an object owns, in the model's order."""
        start = self._find(place)
        seen: set[int] = set()
        stack = [] if start is None else [start]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(self._children(node).values())
        owned = sorted((n for n in seen if n in self.variables and n in self.rank), key=lambda n: self.rank[n])
        return [self.variables[node] for node in owned]
