"""What every call of a graph depends on, and where one side of a pair can end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from siamdoctor.models.extract import identity, is_inert, printed
from siamdoctor.models.graph import Graph, Tensor

Sources = frozenset[Tensor]


@dataclass(frozen=True, slots=True)
class Traced:
    """For every call: which sources it depends on, its signature, and its layers with weights.

    Signatures are equal where calls compute the same from their sources, whichever these are. `weighted` has
    one bit for each layer with weights, which is set where the call depends on it.
    """

    sources: tuple[Sources, ...]
    signatures: tuple[int, ...]
    weighted: tuple[int, ...]


def trace(graph: Graph, weighted: frozenset[str], starts: tuple[Tensor, ...]) -> Traced:
    """Walk the calls once, in order.

    Args:
        graph: the model.
        weighted: names of its layers with stored weights.
        starts: the tensors with which the sides begin.
    """
    sources: list[Sources] = []
    signatures: list[int] = []
    trained: list[int] = []
    begin = frozenset(starts)
    bits = {name: 1 << number for number, name in enumerate(sorted(weighted))}
    known = {name: identity(layer, weighted) for name, layer in graph.layers.items()}
    for number, call in enumerate(graph.calls):
        read = call.tensors()
        above = [t for t in read if t not in begin]
        own = frozenset(t for t in begin if t.call == number or t in read)
        sources.append(reduce(frozenset.union, (sources[t.call] for t in above), own))
        trained.append(reduce(or_, (trained[t.call] for t in above), bits.get(call.layer, 0)))
        marks = {t: -1 if t in begin else signatures[t.call] for t in read}
        silent = is_inert(graph.layers[call.layer]) and len(marks) == 1
        signatures.append(next(iter(marks.values())) if silent else hash((known[call.layer], printed(call, marks))))
    return Traced(tuple(sources), tuple(signatures), tuple(trained))


def exits_of(graph: Graph, traced: Traced, side: Sources) -> frozenset[Tensor]:
    """Tensors of one side that are read where other sides come in, or that are outputs."""
    found: set[Tensor] = {t for t in graph.outputs if traced.sources[t.call] == side}
    for number in graph.ancestors(graph.outputs):
        if len(traced.sources[number]) > 1:
            found |= {t for t in graph.calls[number].tensors() if on_side(t, traced, side)}
    return frozenset(found)


def on_side(tensor: Tensor, traced: Traced, side: Sources) -> bool:
    """Whether a tensor depends on this side alone."""
    return tensor in side or traced.sources[tensor.call] == side


def gates_of(graph: Graph, start: Tensor, exits: frozenset[Tensor]) -> list[Tensor]:
    """Tensors that everything on the way from `start` to `exits` passes through, the last one first.

    The last gate is the embedding: the head may read it several times, or through weightless side paths
    such as the norms of a cosine, but reads nothing from further up. Going up from the exits, a gate is
    where all open ends have become one.
    """
    gates: list[Tensor] = []
    open_ends = set(exits)
    while open_ends:
        if len(open_ends) == 1:
            gates.extend(open_ends)
        latest = max((t.call for t in open_ends if t != start), default=None)
        if latest is None:
            break
        open_ends = {t for t in open_ends if t.call != latest or t == start} | set(graph.calls[latest].tensors())
    return gates or [start]
