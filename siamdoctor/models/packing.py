"""Sides that take several inputs each, such as tokens and their mask, put into one input a side.

Everything else reads models in which a sample is one array. The inputs of a side become parts of one: along a
new first axis where they are of one shape, else one after the other. The first calls of the new graph take
them apart again, so that nothing else in it changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import text
from siamdoctor.models.extract import is_inert
from siamdoctor.models.glue import input_layer, reshaping_layer, side_layer, whole_slice
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Shape, Tensor, renumber
from siamdoctor.models.tracing import Traced, trace

Side = tuple[Tensor, ...]
EXTRA = ("mask", "segment", "token_type", "type_ids")  # inputs that only ever accompany another


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A graph with one input a side. parts: names of the inputs that were put into one, side by side."""

    graph: Graph
    parts: tuple[tuple[str, ...], ...]
    shape: Shape


def pack(graph: Graph, weighted: frozenset[str]) -> Packed:
    """The same model with one input a side; the graph itself where that is so already.

    Raises:
        UnreadableModel: a side takes several inputs whose shapes are free and differ.
    """
    sides = _wide_sides(graph, trace(graph, weighted, graph.inputs)) or _accompanied(graph)
    if not sides:
        return Packed(graph=graph, parts=(), shape=())
    names = [tuple(graph.layer_of(t).name for t in side) for side in sides]
    shapes = [graph.shapes.get(t, ()) for t in sides[0]]
    builder = _Packing(graph)
    for side, parts in zip(sides, names, strict=True):
        builder.add(side, "_and_".join(parts), shapes)
    return Packed(graph=builder.finish(), parts=tuple(names), shape=builder.shape[1:])


def _wide_sides(graph: Graph, traced: Traced) -> list[Side]:
    """Groups of inputs from which the same is computed, where there is more than one input to a group."""
    best: list[Side] = []
    live = sorted(graph.ancestors(graph.outputs))
    for read in [*(graph.calls[number].tensors() for number in live), graph.outputs]:
        ends = [t for t in dict.fromkeys(read) if traced.weighted[t.call] and len(traced.sources[t.call]) > 1]
        for first in ends[:-1]:
            alike = [first]
            for other in ends:
                apart = all(not traced.sources[other.call] & traced.sources[t.call] for t in alike)
                if apart and traced.signatures[other.call] == traced.signatures[first.call]:
                    alike.append(other)
            if len(alike) > 1 and len(traced.sources[first.call]) > len(best[0] if best else ()):
                best = _aligned(graph, alike)
    return best


def _aligned(graph: Graph, ends: list[Tensor]) -> list[Side]:
    """The inputs behind several tensors, in the order in which the first side reads them."""
    sides: list[list[Tensor]] = [[] for _ in ends]
    for row in _walk_together(graph, tuple(ends), set()):
        for side, tensor in zip(sides, row, strict=True):
            side.append(tensor)
    order = sorted(range(len(sides[0])), key=lambda k: graph.inputs.index(sides[0][k]))
    return sorted((tuple(side[k] for k in order) for side in sides), key=lambda side: graph.inputs.index(side[0]))


def _walk_together(graph: Graph, ends: Side, seen: set[Side]) -> Iterator[Side]:
    """Inputs that stand at the same places of equal computations."""
    stack = [ends]
    while stack:
        row = tuple(_awake(graph, t) for t in stack.pop())
        if row in seen:
            continue
        seen.add(row)
        if row[0] in graph.inputs:
            yield row
        else:
            stack.extend(zip(*(graph.calls[t.call].tensors() for t in row), strict=False))


def _awake(graph: Graph, tensor: Tensor) -> Tensor:
    """What stands before layers that do nothing in use, which one side may have and the other not."""
    while is_inert(graph.layer_of(tensor)) and len(graph.calls[tensor.call].tensors()) == 1:
        tensor = graph.calls[tensor.call].tensors()[0]
    return tensor


def _accompanied(graph: Graph) -> list[Side]:
    """All inputs of an encoder that was saved alone, where the names of some say that they accompany another."""
    live = graph.ancestors(graph.outputs)
    used = [t for t in graph.inputs if t.call in live]
    names = [graph.layer_of(t).name.lower() for t in used]
    extra = [any(word in name for word in EXTRA) for name in names]
    return [tuple(used)] if extra.count(False) == 1 and len(used) > 1 else []


class _Packing:
    """Builds the new graph: packed inputs first, then what takes them apart, then all other calls."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.layers: dict[str, Layer] = dict(graph.layers)
        self.calls: list[Call] = []
        self.inputs: list[Tensor] = []
        self.shapes: dict[Tensor, Shape] = {}
        self.moved: dict[int, int] = {}
        self.shape: Shape = ()

    def add(self, side: Side, name: str, shapes: list[Shape]) -> None:
        """One packed input and its parts."""
        same = len(set(shapes)) == 1 and len(shapes[0]) > 1
        free = any(axis is None for shape in shapes for axis in shape[1:])
        if free and not same:
            names = [self.graph.layer_of(t).name for t in side]
            raise UnreadableModel(
                f"Each side of this model takes {len(side)} inputs of different and free shapes. Save the encoder "
                f"with one input. Received: inputs={names}"
            )
        sizes = [prod(axis or 1 for axis in shape[1:]) for shape in shapes]
        self.shape = (None, len(side), *shapes[0][1:]) if same else (None, sum(sizes))
        whole = self._call(input_layer(name, self.shape, self._dtype(side)), ())
        self.inputs.append(whole)
        self.shapes[whole] = self.shape
        start = 0
        for number, (tensor, shape, size) in enumerate(zip(side, shapes, sizes, strict=True)):
            place: Argument = number if same else whole_slice(start, start + size)
            part = self._call(side_layer(f"{name}_{number}", self.layers), (whole, [whole_slice(), place]))
            if not same:
                part = self._call(reshaping_layer(f"{name}_{number}_shape", shape), (part,))
            self.moved[tensor.call] = part.call
            self.shapes[part] = shape
            start += size

    def _dtype(self, side: Side) -> str:
        """The parts' data type, where they have the same."""
        kinds = {text(self.graph.layer_of(t).config.get("dtype")) or "float32" for t in side}
        return kinds.pop() if len(kinds) == 1 else "float32"

    def _call(self, layer: Layer, args: tuple[Argument, ...]) -> Tensor:
        """Add a layer and its only call."""
        self.layers[layer.name] = layer
        self.calls.append(Call(layer=layer.name, args=args))
        return Tensor(len(self.calls) - 1)

    def finish(self) -> Graph:
        """The graph with all calls that are no packed input."""
        for number, call in enumerate(self.graph.calls):
            if number not in self.moved:
                self.calls.append(renumber(call, self.moved))
                self.moved[number] = len(self.calls) - 1
        rest = [t.moved(self.moved) for t in self.graph.inputs if self.calls[self.moved[t.call]].args == ()]
        shapes = {t.moved(self.moved): shape for t, shape in self.graph.shapes.items()}
        return replace(
            self.graph,
            layers=self.layers,
            calls=tuple(self.calls),
            inputs=(*self.inputs, *rest),
            outputs=tuple(t.moved(self.moved) for t in self.graph.outputs),
            shapes={**shapes, **self.shapes},
        )
