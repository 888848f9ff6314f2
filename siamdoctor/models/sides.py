"""The sides of a pair in a call graph: where each begins, where it may end, and what it learned."""

from __future__ import annotations

import difflib
from functools import reduce
from operator import or_

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.graph import Graph, Tensor
from siamdoctor.models.tracing import Traced, exits_of, gates_of, on_side

CUTTING = frozenset({"GetItem", "Slice", "Unstack", "Split", "Lambda", "SlicingOpLambda"})


def slices_of(graph: Graph) -> tuple[Tensor, ...]:
    """The sides of a model with one input that holds both samples of a pair, cut apart by its first calls."""
    cuts: list[Tensor] = []
    read = {t for call in graph.calls for t in call.tensors()}
    for number, call in enumerate(graph.calls):
        cuts_input = set(call.tensors()) == set(graph.inputs)
        if cuts_input and graph.layers[call.layer].class_name in CUTTING:
            cuts.extend(sorted((t for t in read if t.call == number), key=lambda t: t.index))
    shapes = {graph.shapes.get(t) for t in cuts}
    return tuple(cuts) if len(shapes) == 1 else ()


def named_ends(graph: Graph, name: str) -> tuple[Tensor, ...]:
    """Where a layer or nested model of that name ends: what is read by something that is no part of it."""
    inside = [name in graph.layers[call.layer].path for call in graph.calls]
    if not any(inside):
        known = sorted({part for layer in graph.layers.values() if not layer.is_input for part in layer.path})
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise UnreadableModel(f"There is no layer of this name. Received: encoder={name!r}.{meant}")
    read = {t for number, call in enumerate(graph.calls) if not inside[number] for t in call.tensors()}
    return tuple(sorted((t for t in read | set(graph.outputs) if inside[t.call]), key=lambda t: (t.call, t.index)))


def gates_of_sides(
    graph: Graph, traced: Traced, used: tuple[Tensor, ...], named: str | None
) -> tuple[list[Tensor], list[Tensor]]:
    """Where each of the two sides may end: the last place first, or the one that the user names."""
    if named is None:
        gates = [gates_of(graph, side, exits_of(graph, traced, frozenset({side}))) for side in used[:2]]
        return gates[0], gates[1]
    ends = named_ends(graph, named)
    left, right = ([t for t in ends if on_side(t, traced, frozenset({side}))] for side in used[:2])
    if not left or not right:
        raise UnreadableModel(f"This layer does not stand on both sides of the model. Received: encoder={named!r}")
    return left, right


def towers_of(graph: Graph, traced: Traced, used: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The inputs that go through layers with weights before they meet others; a label does not."""
    return tuple(side for side in used if weights_on(graph, traced, (side,)))


def weights_on(graph: Graph, traced: Traced, sides: tuple[Tensor, ...]) -> int:
    """The layers with weights, one bit for each, that stand on the given sides alone."""
    return reduce(
        or_, (traced.weighted[t.call] for side in sides for t in exits_of(graph, traced, frozenset({side}))), 0
    )
