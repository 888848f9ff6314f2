"""Which stored arrays belong to which layer, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.config import mapping, short_name
from siamdoctor.models.graph import Graph, Layer
from siamdoctor.models.hdf5 import StoredArray, WeightFile

# Parts of a layer that is made of layers, in the order of Keras' `layer.weights`.
PARTS = (
    "vars",
    "cell",
    "forward_layer",
    "backward_layer",
    "layer",
    "query_dense",
    "key_dense",
    "value_dense",
    "output_dense",
)
VARIABLES = {
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "LayerNormalization": ("gamma", "beta"),
    "GroupNormalization": ("gamma", "beta"),
    "Embedding": ("embeddings",),
    "LSTM": ("kernel", "recurrent_kernel", "bias"),
    "GRU": ("kernel", "recurrent_kernel", "bias"),
    "SimpleRNN": ("kernel", "recurrent_kernel", "bias"),
    "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "SeparableConv1D": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "PReLU": ("alpha",),
    "Normalization": ("mean", "variance", "count"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a layer: its name ("kernel"), the stored array, the initialiser's class name."""

    name: str
    array: StoredArray
    initializer: str | None


LayerVariables = Mapping[str, tuple[Variable, ...]]


def variables_of(graph: Graph, file: WeightFile) -> LayerVariables:
    """The stored variables of every layer that has some, in Keras' order, by layer name."""
    legacy = ("", "layer_names") in file.attributes or "model_weights" in file.groups
    find = _LegacyIndex(file).find if legacy else _Index(file).find
    found: dict[str, tuple[Variable, ...]] = {}
    for name, layer in graph.layers.items():
        if layer.is_operation or layer.is_input:
            continue
        arrays = [(label, array) for label, array in find(layer) if array.dtype not in ("text", "uint32")]
        if arrays:
            names = _names(layer, arrays)
            found[name] = tuple(
                Variable(name=n, array=a, initializer=_initializer(layer, n))
                for n, (_, a) in zip(names, arrays, strict=True)
            )
    return found


def _names(layer: Layer, arrays: list[tuple[str, StoredArray]]) -> list[str]:
    """Names as stored, where the format stores them, else from what the layer class is known to have."""
    if all(label for label, _ in arrays):
        return [label for label, _ in arrays]
    known = list(VARIABLES.get(layer.class_name, ("kernel", "bias")))
    config = layer.config
    if config.get("center") is False:
        known = [n for n in known if n != "beta"]
    if config.get("scale") is False:
        known = [n for n in known if n != "gamma"]
    if layer.class_name == "DepthwiseConv2D":
        known = ["depthwise_kernel", "bias"]
    names = known if len(arrays) <= len(known) else known * (len(arrays) // max(len(known), 1) + 1)
    return names[: len(arrays)]


def _initializer(layer: Layer, variable: str) -> str | None:
    """Class name of the initialiser that the layer's config names for this variable."""
    config = layer.config
    for wrapped in ("layer", "cell"):
        config = mapping(mapping(config.get(wrapped)).get("config")) or config
    return short_name(config.get(f"{variable}_initializer"))


class _Index:
    """Keras 3: groups are numbered by class, and carry the layer's name."""

    def __init__(self, file: WeightFile) -> None:
        self.children: dict[str, dict[str, str]] = {}
        self.below: dict[str, list[str]] = {}
        self.arrays = file.arrays
        for path, name in file.groups.items():
            if name is not None and path.endswith("/vars"):
                owner = path.removesuffix("/vars")
                self.children.setdefault(owner.rpartition("/")[0], {})[name] = owner
        for path in file.arrays:
            parts = path.split("/")
            for end in range(1, len(parts)):
                self.below.setdefault("/".join(parts[:end]), []).append(path)

    def find(self, layer: Layer) -> list[tuple[str, StoredArray]]:
        """Arrays of one layer, found by name on the way down, by number where names are not stored."""
        place = ""
        for name, slot in zip(layer.path, layer.slots, strict=True):
            inner = f"{place}/layers" if place else "layers"
            place = self.children.get(inner, {}).get(name) or f"{inner}/{slot}"
        paths = [p for p in self.below.get(place, ()) if "seed_generator" not in p]
        ordered = sorted(paths, key=lambda path: _position(path.removeprefix(place + "/")))
        return [("", self.arrays[path]) for path in ordered]


def _position(relative: str) -> tuple[tuple[int, str], ...]:
    """Sorting key that puts `forward_layer` before `backward_layer` and `2` before `10`."""
    return tuple(
        (PARTS.index(part), "") if part in PARTS else (int(part), "") if part.isdigit() else (len(PARTS), part)
        for part in relative.split("/")
    )


class _LegacyIndex:
    """HDF5 of either Keras: one group per outermost layer, with an ordered list of weight names."""

    def __init__(self, file: WeightFile) -> None:
        root = "model_weights" if "model_weights" in file.groups else ""
        self.root = f"{root}/" if root else ""
        self.file = file

    def find(self, layer: Layer) -> list[tuple[str, StoredArray]]:
        """Arrays of one layer in stored order, with their names."""
        group = self.root + layer.path[0]
        found: list[tuple[str, StoredArray]] = []
        for name in self._weight_names(group):
            folders, _, leaf = name.rpartition("/")
            array = self.file.arrays.get(f"{group}/{name}")
            inside = len(layer.path) == 1 or layer.path[-1] in folders.split("/")
            if array is not None and inside:
                found.append((leaf.partition(":")[0], array))
        return found

    def _weight_names(self, group: str) -> tuple[str, ...]:
        """The list of names, which Keras splits in numbered chunks where it is long."""
        whole = self.file.attributes.get((group, "weight_names"))
        if whole is not None:
            return whole
        chunks: list[str] = []
        number = 0
        while (group, f"weight_names{number}") in self.file.attributes:
            chunks.extend(self.file.attributes[group, f"weight_names{number}"])
            number += 1
        return tuple(chunks)
