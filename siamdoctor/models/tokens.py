"""Models that take text and turn it into numbers themselves: they are read as if they began with the numbers.

The layers that do so look words up in a vocabulary, which Keras may read from a file that the model names. They are no
part of the encoder here; where data are texts, `runtime.text` makes such a layer from a checked list of words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from siamdoctor.models.config import integer, text
from siamdoctor.models.glue import input_layer
from siamdoctor.models.graph import Call, Graph, Layer, Shape, Tensor

VOCABULARY = frozenset({"TextVectorization", "StringLookup", "IntegerLookup", "Hashing"})
COUNTING = ("multi_hot", "count")  # one number for each word of the vocabulary, in place of one for each of the text


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
        layer = graph.layers[calls[number].layer]
        # Of counts Keras records another shape than it makes.
        known = None if _mode(layer) in COUNTING else shapes.get(made)
        shapes[made] = known or _shape(layer, shapes.get(given, (None, 1)))
        kind = "int32" if _mode(layer) == "int" else "float32"
        layer = input_layer(_free(f"{graph.layer_of(given).name}_tokens", layers), shapes[made], kind)
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
    """Whether the layer gives whole numbers for words, one by one, or for a text how often it has each word."""
    modes = ("int", *COUNTING) if layer.class_name == "TextVectorization" else ("int",)
    return layer.class_name in VOCABULARY and _mode(layer) in modes


def _mode(layer: Layer) -> str | None:
    """Whether it numbers words, counts them, or something else."""
    return text(layer.config.get("output_mode", "int"))


def _shape(layer: Layer, given: Shape) -> Shape:
    """Shape of what the layer makes: as long as it says, or one number for each word it is given."""
    if _mode(layer) in COUNTING:
        padded = integer(layer.config.get("max_tokens")) if layer.config.get("pad_to_max_tokens") is True else None
        return (None, padded or integer(layer.config.get("vocabulary_size")))
    if layer.class_name == "TextVectorization":
        return (None, integer(layer.config.get("output_sequence_length")))
    return given


def _free(name: str, taken: dict[str, Layer]) -> str:
    """The name, with underscores appended until no layer has it."""
    while name in taken:
        name += "_"
    return name
