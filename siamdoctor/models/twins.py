"""Finding the encoder and the head in a call graph.

A tower is what lies between one input and the point where the two sides meet. Two towers are twins where
the graphs of their ancestors are the same, layers with weights compared by identity and layers without by
configuration. Same form but other weights: the towers share nothing, which is a diagnosis in itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from siamdoctor.models.blueprint import Sharing
from siamdoctor.models.extract import extract, simplify
from siamdoctor.models.glue import identity_layer
from siamdoctor.models.graph import Call, Graph, Tensor
from siamdoctor.models.packing import Packed, pack
from siamdoctor.models.sides import gates_of_sides, named_ends, slices_of, towers_of, weights_on
from siamdoctor.models.tokens import begin_with_tokens
from siamdoctor.models.tracing import Sources, Traced, exits_of, gates_of, trace
from siamdoctor.models.triples import triple_head

PAIR, VECTORS = 2, 2  # inputs of a pair; axes of a batch of vectors
ATTENTION = frozenset({"MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """The parts of a model, each a graph of its own.

    encoder and second map one sample to one embedding; second is None where both sides are computed in
    the same way. head maps two embeddings to the output and is None
    where the model ends in embeddings. ignored: inputs that reach no output. carried: inputs that reach one
    past the encoder, such as a label that stands beside the embedding. same_input: the head was wired to one
    side twice, and this is the number of the input it reads. packed: how the inputs of a side became one,
    where it had several. is_ready_made: the inputs are embeddings already, and the encoder passes them on.
    tokenised_by: layers that turn text into numbers, which stand before everything read here.
    """

    twins: Sharing
    encoder: Graph | None
    second: Graph | None
    head: Graph | None
    ignored: tuple[str, ...]
    same_input: int | None
    carried: tuple[str, ...] = ()
    packed: Packed | None = None
    is_ready_made: bool = False
    tokenised_by: tuple[str, ...] = ()


def dissect(graph: Graph, weighted: frozenset[str], named: str | None = None) -> Anatomy:
    """Split a model into encoder and head.

    Args:
        graph: the whole model.
        weighted: names of the layers that have stored weights.
        named: the layer or nested model with which the encoder ends, where the user says so.

    Raises:
        UnreadableModel: there is no layer of that name, or it does not stand on either side.
    """
    tokenised = begin_with_tokens(graph)
    packed = pack(simplify(tokenised.graph, weighted), weighted)
    found = _dissect(packed.graph, weighted, named)
    return replace(found, packed=packed if packed.parts else None, tokenised_by=tokenised.layers)


def _dissect(whole: Graph, weighted: frozenset[str], named: str | None) -> Anatomy:
    """Split a model in which every side has one input."""
    sides = slices_of(whole) if len(whole.inputs) == 1 else whole.inputs
    traced = trace(whole, weighted, sides)
    live = whole.ancestors(whole.outputs)
    used = tuple(t for t in sides if t.call in live)
    ignored = tuple(whole.layer_of(t).name for t in whole.inputs if t.call not in live)
    if len(used) >= 2:  # noqa: PLR2004  (a pair)
        met = _meeting(whole, traced, used, named)
        if len(whole.inputs) > 1 or met.twins == "shared":
            return replace(met, ignored=ignored)
    doubled = doubled_tensor(whole, traced, live) if ignored and used else None
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
    ends = whole.outputs[:1] if named is None else named_ends(whole, named)[:1]
    encoder = extract(whole, whole.inputs if len(whole.inputs) == 1 else used, ends)
    return Anatomy(twins="none", encoder=encoder, second=None, head=None, ignored=ignored, same_input=None)


def _meeting(graph: Graph, traced: Traced, used: tuple[Tensor, ...], named: str | None) -> Anatomy:
    """Two or more inputs are in use: find where their sides end and what comes after."""
    output = next((t for t in graph.outputs if len(traced.sources[t.call]) > 1), None)
    towers = used if named is not None else towers_of(graph, traced, used)
    if len(towers) == 1 and output is not None and traced.weighted[output.call] == weights_on(graph, traced, towers):
        return _labelled(graph, traced, towers, tuple(graph.layer_of(t).name for t in used if t not in towers))
    used = towers if len(towers) > 1 else used
    gates = gates_of_sides(graph, traced, used, named)
    left, right, sharing = deepest_match(traced, *gates)
    weights = traced.weighted[left.call] | traced.weighted[right.call]
    if not weights and output is not None:
        return _ready_made(graph, used, output)
    pair = None if output is None else pair_output(graph, traced, frozenset(used[:2]), output)
    head = triple_head(graph, traced, used, left, right) if pair is None else extract(graph, (left, right), (pair,))
    alike = traced.signatures[left.call] == traced.signatures[right.call]
    return Anatomy(
        twins=sharing,
        encoder=extract(graph, used[:1], (left,)),
        second=None if alike else extract(graph, used[1:2], (right,)),
        head=head,
        ignored=(),
        same_input=None,
    )


def _ready_made(graph: Graph, used: tuple[Tensor, ...], output: Tensor) -> Anatomy:
    """A head alone, whose inputs are embeddings that another program made; pictures and series are none."""
    rank = len(graph.shapes.get(used[0], ()))
    if rank != VECTORS or len(used) != PAIR:
        return Anatomy(twins="none", encoder=None, second=None, head=None, ignored=(), same_input=None)
    begin = extract(graph, used[:1], used[:1])
    layer = identity_layer("embedding", graph.layers)
    encoder = replace(
        begin,
        layers={**begin.layers, layer.name: layer},
        calls=(*begin.calls, Call(layer=layer.name, args=(begin.inputs[0],))),
        outputs=(Tensor(len(begin.calls)),),
    )
    head = extract(graph, used, (output,))
    return Anatomy(
        twins="shared", encoder=encoder, second=None, head=head, ignored=(), same_input=None, is_ready_made=True
    )


def _labelled(graph: Graph, traced: Traced, towers: tuple[Tensor, ...], carried: tuple[str, ...]) -> Anatomy:
    """An encoder whose embedding leaves the model side by side with inputs that nothing was learned from."""
    end = gates_of(graph, towers[0], exits_of(graph, traced, frozenset(towers)))[0]
    encoder = extract(graph, towers, (end,))
    return Anatomy(twins="none", encoder=encoder, second=None, head=None, ignored=(), same_input=None, carried=carried)


def deepest_match(traced: Traced, left: list[Tensor], right: list[Tensor]) -> tuple[Tensor, Tensor, Sharing]:
    """The deepest pair of gates with the same signature, else with the same weights, else the ends."""
    for same in (traced.signatures, traced.weighted):
        for one in left:
            for other in right:
                alike = same[one.call] == same[other.call]
                if alike and traced.weighted[one.call] and traced.weighted[one.call] == traced.weighted[left[0].call]:
                    return one, other, "shared"
    return left[0], right[0], "separate"


def pair_output(graph: Graph, traced: Traced, pair: Sources, output: Tensor) -> Tensor | None:
    """The output of the comparison of the first two sides.

    With three inputs it is the deepest tensor that depends on anchor and positive alone; where there is
    none, because the embeddings are only stacked, the model compares nothing.
    """
    if traced.sources[output.call] == pair:
        return output
    live = sorted(graph.ancestors((output,)), reverse=True)
    return next((Tensor(number) for number in live if traced.sources[number] == pair), None)


def doubled_tensor(graph: Graph, traced: Traced, live: frozenset[int]) -> Tensor | None:
    """What is compared with itself where an input was left out: the first tensor that a call reads twice."""
    for number in sorted(live):
        call = graph.calls[number]
        read = call.tensors()
        twice = [t for t in read if read.count(t) > 1 and traced.weighted[t.call]]
        if twice and graph.layers[call.layer].class_name not in ATTENTION:
            return twice[0]
    return None
