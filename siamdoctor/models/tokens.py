"""Models that take text and turn it into numbers themselves: what they are given here is the numbers.

The layers that do so look words up in a vocabulary, which Keras may read from a file that the model names. They
are not made; the model is read as if it began behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from siamdoctor.models.config import integer, text
from siamdoctor.models.glue import input_layer
from siamdoctor.models.graph import Call, Graph, Layer, Shape, Tensor

VOCABULARY = frozenset({"TextVectorization", "StringLookup", "IntegerLookup", "Hashing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenised:
    """A graph that begins with numbers, and the names of the layers that made these."""

    graph: Graph
    layers: tuple[str, ...]


def begin_with_tokens(graph: Graph) -> Tokenised:
    """The same model with an input in the place of each call that looks words up in what an input holds."""
    found = {
        number: call.tensors()[0]
        for number, call in enumerate(graph.calls)
        if _looks_up(graph.layers[call.layer]) and len(call.tensors()) == 1 and call.tensors()[0] in graph.inputs
    }
    readers = [t for call in graph.calls for t in call.tensors() if t in found.values()]
    if not found or len(readers) != len(found):  # what else reads the text cannot be given numbers
        return Tokenised(graph=graph, layers=())
    layers, shapes, calls = dict(graph.layers), dict(graph.shapes), list(graph.calls)
    for number, given in found.items():
        made = Tensor(number)
        shapes[made] = shapes.get(made) or _shape(graph.layers[calls[number].layer], shapes.get(given, (None, 1)))
        layer = input_layer(_free(f"{graph.layer_of(given).name}_tokens", layers), shapes[made], "int32")
        layers[layer.name] = layer
        calls[number] = Call(layer=layer.name)
    new = {given: Tensor(number) for number, given in found.items()}
    return Tokenised(
        graph=replace(
            graph,
            layers=layers,
            calls=tuple(calls),
            inputs=tuple(new.get(t, t) for t in graph.inputs),
            shapes=shapes,
        ),
        layers=tuple(dict.fromkeys(graph.calls[number].layer for number in found)),
    )


def _looks_up(layer: Layer) -> bool:
    """Whether the layer gives whole numbers for words, one by one."""
    return layer.class_name in VOCABULARY and text(layer.config.get("output_mode", "int")) == "int"


def _shape(layer: Layer, given: Shape) -> Shape:
    """Shape of what the layer makes: as long as it says, or one number for each word it is given."""
    if layer.class_name == "TextVectorization":
        return (None, integer(layer.config.get("output_sequence_length")))
    return given


def _free(name: str, taken: dict[str, Layer]) -> str:
    """The name, with underscores appended until no layer has it."""
    while name in taken:
        name += "_"
    return name
