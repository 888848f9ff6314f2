"""What every call of a graph depends on, and where one side of a pair can end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from siamdoctor.models.extract import identity, is_inert, printed
from siamdoctor.models.graph import Graph, Tensor

Sources = frozenset[Tensor]


@dataclass(frozen=True, slots=True)
class Traced:
    """For every call: which sources it depends on, its signature, and its layers with weights."""

    sources: tuple[Sources, ...]
    signatures: tuple[int, ...]
    weighted: tuple[frozenset[str], ...]


def trace(graph: Graph, weighted: frozenset[str], starts: tuple[Tensor, ...]) -> Traced:
    """Walk the calls once, in order."""
    sources: list[Sources] = []
    signatures: list[int] = []
    layers: list[frozenset[str]] = []
    begin = frozenset(starts)
    for number, call in enumerate(graph.calls):
        layer = graph.layers[call.layer]
        own = frozenset(t for t in begin if t.call == number)
        read = [t for t in call.tensors() if t not in begin]
        direct = frozenset(t for t in call.tensors() if t in begin)
        sources.append(reduce(frozenset.union, (sources[t.call] for t in read), own | direct))
        inherited: frozenset[str] = reduce(frozenset.union, (layers[t.call] for t in read), frozenset())
        layers.append(inherited | ({call.layer} & weighted))
        marks = {t: -1 if t in begin else signatures[t.call] for t in call.tensors()}
        if is_inert(layer) and len(marks) == 1:
            signatures.append(next(iter(marks.values())))
        else:
            signatures.append(hash((identity(layer, weighted), printed(call, marks))))
    return Traced(tuple(sources), tuple(signatures), tuple(layers))


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
    such as the norms of a cosine, but reads nothing from further up.
    """
    region = sorted(_region(graph, start, exits), key=lambda t: t.call, reverse=True)
    gates = [t for t in region if start.call not in _upstream(graph, exits, frozenset({t}), start)]
    return gates or [start]


def _region(graph: Graph, start: Tensor, exits: frozenset[Tensor]) -> set[Tensor]:
    """All tensors between an input and its exits, both included."""
    stop = frozenset({start})
    calls = graph.ancestors(tuple(exits), stop)
    read = {t for number in calls for t in graph.calls[number].tensors()}
    return {t for t in read | exits if t == start or t.call in calls}


def _upstream(graph: Graph, exits: frozenset[Tensor], blocked: frozenset[Tensor], start: Tensor) -> frozenset[int]:
    """Calls reachable from the exits without passing through the blocked tensors."""
    if start in blocked:
        return frozenset()
    return graph.ancestors(tuple(exits - blocked), blocked) | {t.call for t in exits - blocked}
