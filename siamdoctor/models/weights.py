"""Which stored arrays belong to which layer, and what each is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.config import mapping, short_name, text
from siamdoctor.models.graph import Graph, Layer
from siamdoctor.models.hdf5 import StoredArray, WeightStore
from siamdoctor.models.weight_index import find_legacy, find_numbered, is_legacy

WRAPPERS = ("Bidirectional", "TimeDistributed")  # whose weights are those of the layer within
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
    """One variable of a layer: its name ("kernel"), the stored array, the initialiser's class name.

    place: where the array lies below the layer's group, empty where the file lists a layer's variables by name.
    """

    name: str
    array: StoredArray
    initializer: str | None
    place: str = ""


LayerVariables = Mapping[str, tuple[Variable, ...]]


def variables_of(graph: Graph, file: WeightStore, *, inside: str | None = None) -> LayerVariables:
    """The stored variables of every layer that has some, in Keras' order, by layer name.

    Args:
        graph: the model.
        file: its weights.
        inside: name of the model within the file that the graph stands for, None for all of it.
    """
    find = find_legacy(graph, file, inside) if is_legacy(file) else find_numbered(file, inside)
    found: dict[str, tuple[Variable, ...]] = {}
    for name, layer in graph.layers.items():
        if layer.is_operation or layer.is_input:
            continue
        arrays = [(label, array) for label, array in find(layer) if array.dtype not in ("text", "uint32")]
        if arrays:
            names = _names(layer, arrays)
            found[name] = tuple(
                Variable(name=n, array=a, initializer=_initializer(layer, n), place=_place(label))
                for n, (label, a) in zip(names, arrays, strict=True)
            )
    return found


def _place(label: str) -> str:
    """Where an array lies below its layer, which stands after a slash where there is no name."""
    return label[1:] if label.startswith("/") else ""


def _names(layer: Layer, arrays: list[tuple[str, StoredArray]]) -> list[str]:
    """Names as stored, where the format stores them, else from what the layer class is known to have."""
    if all(label and not label.startswith("/") for label, _ in arrays):
        return [label for label, _ in arrays]
    config = layer.config
    inner = text(mapping(config.get("layer")).get("class_name")) if layer.class_name in WRAPPERS else None
    known = list(VARIABLES.get(inner or layer.class_name, ("kernel", "bias")))
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
