"""Finding the towers and the head in the call graph of a SavedModel's program, and the tensors to cut it at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.blueprint import Sharing
from siamdoctor.models.extract import extract
from siamdoctor.models.graph import Graph, Tensor
from siamdoctor.models.program_graph import ProgramGraph
from siamdoctor.models.program_norms import norms_between
from siamdoctor.models.program_parts import Begin, Cut
from siamdoctor.models.sides import gates_of_sides, named_ends, slices_of, towers_of
from siamdoctor.models.tracing import Traced, trace
from siamdoctor.models.twins import deepest_match, doubled_tensor, pair_output

Gates = tuple[list[Tensor], list[Tensor]]
PAIR, TRIPLE = 2, 3
COMPARING = frozenset({"Subtract", "SquaredDifference", "Concatenate", "Stack", "Dot"})
MET_TOO_SOON = "its inputs meet before any layer with weights"
SEVERAL = "it takes several inputs for each side"


@dataclass(frozen=True, slots=True, kw_only=True)
class Towers:
    """The parts of a program, each a graph of its own, as in `twins.Anatomy`.

    cut: the same parts by the names of tensors. why_not: why there are none.
    """

    twins: Sharing = "none"
    encoder: Graph | None = None
    second: Graph | None = None
    head: Graph | None = None
    ignored: tuple[str, ...] = ()
    cut: Cut | None = None
    why_not: str = ""


def find_towers(read: ProgramGraph, positions: Mapping[str, int], named: str | None) -> Towers:
    """Split a program into encoder and head.

    Args:
        read: the program as a call graph.
        positions: of the inputs among the arguments, by name.
        named: the layer or scope with which the encoder ends, where the user says so.

    Raises:
        UnreadableModel: there is no layer of that name, or it does not stand on either side.
    """
    graph, weighted = read.graph, frozenset(read.variables)
    if not graph.outputs or not graph.inputs:
        return Towers(why_not="its output depends on none of its inputs")
    sides = _in_order(graph, slices_of(graph)) if len(graph.inputs) == 1 else graph.inputs
    live = graph.ancestors(graph.outputs)
    used = tuple(side for side in sides if side.call in live)
    ignored = tuple(graph.layer_of(t).name for t in graph.inputs if t.call not in live)
    if len(used) > TRIPLE:
        return Towers(ignored=ignored, why_not=SEVERAL)
    traced = trace(graph, weighted, sides)
    if len(used) >= PAIR:
        met = _pair(read, traced, used, positions, named)
        if met.cut is not None or len(graph.inputs) > 1:
            return met
    if not used and len(graph.inputs) > 1:
        return Towers(ignored=ignored, why_not="its output depends on none of its inputs")
    doubled = doubled_tensor(_comparisons(graph), traced, live) if ignored else None
    begin = used[0] if len(graph.inputs) > 1 else graph.inputs[0]
    if doubled is not None and len(graph.inputs) == PAIR:
        output = graph.outputs[0]
        cut = _cut(read, positions, (begin, begin), (doubled, doubled), output, same_input=sides.index(begin))
        head = extract(graph, (doubled, doubled), (output,))
        encoder = extract(graph, (begin,), (doubled,))
        return Towers(twins="shared", encoder=encoder, head=head, ignored=ignored, cut=cut)
    end = graph.outputs[0] if named is None else named_ends(graph, named)[0]
    cut = _cut(read, positions, (begin,), (end,), None)
    return Towers(encoder=extract(graph, (begin,), (end,)), ignored=ignored, cut=cut)


def _comparisons(graph: Graph) -> Graph:
    """The same graph where only what compares can read a tensor twice: a square is written as a product as well."""
    calls = tuple(
        call
        if graph.layers[call.layer].class_name in COMPARING
        else type(call)(layer=call.layer, args=tuple(dict.fromkeys(call.tensors())))
        for call in graph.calls
    )
    return Graph(layers=graph.layers, calls=calls, inputs=graph.inputs, outputs=graph.outputs, shapes=graph.shapes)


def _pair(
    read: ProgramGraph, traced: Traced, used: tuple[Tensor, ...], positions: Mapping[str, int], named: str | None
) -> Towers:
    """Two or three inputs are in use: find where their sides end and what comes after."""
    graph = read.graph
    if named is None and len(towers_of(graph, traced, used)) < len(used):
        return Towers(why_not=MET_TOO_SOON)
    gates = gates_of_sides(graph, traced, used, named)
    left, right, sharing = deepest_match(traced, *(gates if named else _before_the_head(read, traced, gates)))
    output = next((t for t in graph.outputs if len(traced.sources[t.call]) > 1), None)
    pair = None if output is None else pair_output(graph, traced, frozenset(used[:PAIR]), output)
    alike = traced.signatures[left.call] == traced.signatures[right.call]
    return Towers(
        twins=sharing,
        encoder=extract(graph, used[:1], (left,)),
        second=None if alike else extract(graph, used[1:2], (right,)),
        head=None if pair is None else extract(graph, (left, right), (pair,)),
        cut=_cut(read, positions, used[:PAIR], (left, right), pair, differ=not alike),
    )


def _in_order(graph: Graph, cuts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The sides that were cut out of one input by their place in it, in whichever order the program cuts them."""
    return tuple(sorted(cuts, key=lambda t: (str(graph.calls[t.call].args[1:]), t.index)))


def _before_the_head(read: ProgramGraph, traced: Traced, gates: Gates) -> Gates:
    """The gates without those inside the layer that compares, such as the norms that `Dot(normalize=True)` takes.

    A scope that holds a tower is the model's own and no layer's: what stands there, the model's author wrote.
    """
    scopes = {Tensor(n): tuple(read.tensors[Tensor(n)].split("/")[:-1]) for n in range(len(read.graph.calls))}
    learned = [scopes[Tensor(n)] for n, call in enumerate(read.graph.calls) if call.layer in read.variables]
    joining = {
        scope
        for tensor, scope in scopes.items()
        if len(traced.sources[tensor.call]) > 1 and not any(own[: len(scope)] == scope for own in learned)
    }
    outside = [[t for t in side if scopes[Tensor(t.call)] not in joining] for side in gates]
    return (outside[0] or gates[0][-1:], outside[1] or gates[1][-1:])


def _cut(
    read: ProgramGraph,
    positions: Mapping[str, int],
    begins: tuple[Tensor, ...],
    ends: tuple[Tensor, ...],
    output: Tensor | None,
    *,
    same_input: int | None = None,
    differ: bool = False,
) -> Cut:
    """The same places by the names of tensors."""
    graph = read.graph
    last = None if output is None else graph.calls[output.call]
    softened = last is not None and graph.layers[last.layer].class_name == "Softmax"
    return Cut(
        begins=tuple(
            Begin(
                position=positions[graph.layer_of(t).name] if graph.layer_of(t).is_input else None,
                tensors=read.names(t),
            )
            for t in begins
        ),
        ends=tuple(read.names(t) for t in ends),
        output=None if output is None else read.tensors[output],
        logits=read.tensors[last.tensors()[0]] if last is not None and softened else None,
        same_input=same_input,
        differ=differ,
        norms=tuple(norms_between(read, begin, end) for begin, end in zip(begins, ends, strict=False)),
    )
