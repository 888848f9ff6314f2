"""Finding the encoder and the head in a call graph.

A tower is what lies between one input and the point where the two sides meet. Two towers are twins where
the graphs of their ancestors are the same, layers with weights compared by identity and layers without by
configuration. Same form but other weights: the towers share nothing, which is a diagnosis in itself.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.blueprint import Sharing
from siamdoctor.models.extract import extract, simplify
from siamdoctor.models.graph import Graph, Tensor
from siamdoctor.models.tracing import Sources, Traced, exits_of, gates_of, on_side, trace

ATTENTION = frozenset({"MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention"})
CUTTING = frozenset({"GetItem", "Slice", "Unstack", "Split", "Lambda", "SlicingOpLambda"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """The parts of a model, each a graph of its own.

    encoder and second map one sample to one embedding; second is None where both sides are computed in
    the same way. head maps two embeddings to the output and is None
    where the model ends in embeddings. ignored: inputs that reach no output. same_input: the head was
    wired to one side twice, and this is the number of the input it reads.
    """

    twins: Sharing
    encoder: Graph | None
    second: Graph | None
    head: Graph | None
    ignored: tuple[Tensor, ...]
    same_input: int | None


def dissect(graph: Graph, weighted: frozenset[str], named: str | None = None) -> Anatomy:
    """Split a model into encoder and head.

    Args:
        graph: the whole model.
        weighted: names of the layers that have stored weights.
        named: the layer or nested model with which the encoder ends, where the user says so.

    Raises:
        UnreadableModel: there is no layer of that name, or it does not stand on either side.
    """
    whole = simplify(graph, weighted)
    sides = _slices(whole) if len(whole.inputs) == 1 else whole.inputs
    traced = trace(whole, weighted, sides)
    live = whole.ancestors(whole.outputs)
    used = tuple(t for t in sides if t.call in live)
    ignored = tuple(t for t in whole.inputs if t.call not in live)
    if len(used) >= 2:  # noqa: PLR2004  (a pair)
        met = _meeting(whole, traced, used, named)
        if len(whole.inputs) > 1 or met.twins == "shared":
            return replace(met, ignored=ignored)
    doubled = _doubled(whole, traced, live) if ignored and used else None
    if doubled is not None:
        return Anatomy(
            twins="shared",
            encoder=extract(whole, used, (doubled,)),
            second=None,
            head=extract(whole, (doubled, doubled), whole.outputs[:1]),
            ignored=ignored,
            same_input=sides.index(used[0]),
        )
    if not used and len(whole.inputs) > 1:
        return Anatomy(twins="none", encoder=None, second=None, head=None, ignored=ignored, same_input=None)
    ends = whole.outputs[:1] if named is None else _named(whole, named)[:1]
    encoder = extract(whole, whole.inputs if len(whole.inputs) == 1 else used, ends)
    return Anatomy(twins="none", encoder=encoder, second=None, head=None, ignored=ignored, same_input=None)


def _slices(graph: Graph) -> tuple[Tensor, ...]:
    """The sides of a model with one input that holds both samples of a pair, cut apart by its first calls."""
    cuts: list[Tensor] = []
    read = {t for call in graph.calls for t in call.tensors()}
    for number, call in enumerate(graph.calls):
        cuts_input = set(call.tensors()) == set(graph.inputs)
        if cuts_input and graph.layers[call.layer].class_name in CUTTING:
            cuts.extend(sorted((t for t in read if t.call == number), key=lambda t: t.index))
    shapes = {graph.shapes.get(t) for t in cuts}
    return tuple(cuts) if len(shapes) == 1 else ()


def _named(graph: Graph, name: str) -> tuple[Tensor, ...]:
    """Where a layer or nested model of that name ends: what is read by something that is no part of it."""
    inside = [name in graph.layers[call.layer].path for call in graph.calls]
    if not any(inside):
        known = sorted({part for layer in graph.layers.values() for part in layer.path})
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise UnreadableModel(f"There is no layer of this name. Received: encoder={name!r}. Did you mean {near[0]!r}?")
    read = {t for number, call in enumerate(graph.calls) if not inside[number] for t in call.tensors()}
    return tuple(sorted((t for t in read | set(graph.outputs) if inside[t.call]), key=lambda t: (t.call, t.index)))


def _sides(
    graph: Graph, traced: Traced, used: tuple[Tensor, ...], named: str | None
) -> tuple[list[Tensor], list[Tensor]]:
    """Where each of the two sides may end: the last place first, or the one that the user names."""
    if named is None:
        gates = [gates_of(graph, side, exits_of(graph, traced, frozenset({side}))) for side in used[:2]]
        return gates[0], gates[1]
    ends = _named(graph, named)
    left, right = ([t for t in ends if on_side(t, traced, frozenset({side}))] for side in used[:2])
    if not left or not right:
        raise UnreadableModel(f"This layer does not stand on both sides of the model. Received: encoder={named!r}")
    return left, right


def _meeting(graph: Graph, traced: Traced, used: tuple[Tensor, ...], named: str | None) -> Anatomy:
    """Two or more inputs are in use: find where their sides end and what comes after."""
    _refuse_wide_sides(graph, traced)
    output = next((t for t in graph.outputs if len(traced.sources[t.call]) > 1), None)
    gates = _sides(graph, traced, used, named)
    left, right, sharing = _match(traced, *gates)
    weights = traced.weighted[left.call] | traced.weighted[right.call]
    if not weights and output is not None:
        return Anatomy(twins="none", encoder=None, second=None, head=None, ignored=(), same_input=None)
    pair = None if output is None else _pair_output(graph, traced, frozenset(used[:2]), output)
    alike = traced.signatures[left.call] == traced.signatures[right.call]
    return Anatomy(
        twins=sharing,
        encoder=extract(graph, used[:1], (left,)),
        second=None if alike else extract(graph, used[1:2], (right,)),
        head=None if pair is None else extract(graph, (left, right), (pair,)),
        ignored=(),
        same_input=None,
    )


def _match(traced: Traced, left: list[Tensor], right: list[Tensor]) -> tuple[Tensor, Tensor, Sharing]:
    """The deepest pair of gates with the same signature, else with the same weights, else the ends."""
    for same in (traced.signatures, traced.weighted):
        for one in left:
            for other in right:
                alike = same[one.call] == same[other.call]
                if alike and traced.weighted[one.call] and traced.weighted[one.call] == traced.weighted[left[0].call]:
                    return one, other, "shared"
    return left[0], right[0], "separate"


def _refuse_wide_sides(graph: Graph, traced: Traced) -> None:
    """Twins that take several inputs each, such as tokens and their mask, are recognised but not read."""
    for number in sorted(graph.ancestors(graph.outputs)):
        ends = {traced.signatures[t.call]: t for t in graph.calls[number].tensors() if traced.weighted[t.call]}
        for tensor in graph.calls[number].tensors():
            twin = ends.get(traced.signatures[tensor.call], tensor)
            one, other = traced.sources[tensor.call], traced.sources[twin.call]
            if len(one) == len(other) > 1 and not one & other:
                names = sorted(graph.layer_of(t).name for t in one)
                raise UnreadableModel(
                    f"Each side of this model takes {len(one)} inputs; only models with one input a side are read. "
                    f"Save the encoder with one input, such as with the mask computed inside. Received: inputs={names}"
                )


def _pair_output(graph: Graph, traced: Traced, pair: Sources, output: Tensor) -> Tensor | None:
    """The output of the comparison of the first two sides.

    With three inputs it is the deepest tensor that depends on anchor and positive alone; where there is
    none, because the embeddings are only stacked, the model compares nothing.
    """
    if traced.sources[output.call] == pair:
        return output
    live = sorted(graph.ancestors((output,)), reverse=True)
    return next((Tensor(number) for number in live if traced.sources[number] == pair), None)


def _doubled(graph: Graph, traced: Traced, live: frozenset[int]) -> Tensor | None:
    """What is compared with itself where an input was left out: the first tensor that a call reads twice."""
    for number in sorted(live):
        call = graph.calls[number]
        read = call.tensors()
        twice = [t for t in read if read.count(t) > 1 and traced.weighted[t.call]]
        if twice and graph.layers[call.layer].class_name not in ATTENTION:
            return twice[0]
    return None
