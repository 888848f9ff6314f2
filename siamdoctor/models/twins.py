"""Finding the encoder and the head in a call graph.

A tower is what lies between one input and the point where the two sides meet. Two towers are twins where
the graphs of their ancestors are the same, layers with weights compared by identity and layers without by
configuration. Same form but other weights: the towers share nothing, which is a diagnosis in itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import reduce

from siamdoctor.models.blueprint import Sharing
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Tensor, replace_tensors

Sources = frozenset[Tensor]
ATTENTION = frozenset({"MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """The parts of a model, each a graph of its own.

    encoder and second map one sample to one embedding; head maps two embeddings to the output and is None
    where the model ends in embeddings. ignored: inputs that reach no output. same_input: the head was
    wired to one side twice, and this is the number of the input it reads.
    """

    twins: Sharing
    encoder: Graph | None
    second: Graph | None
    head: Graph | None
    ignored: tuple[Tensor, ...]
    same_input: int | None


@dataclass(frozen=True, slots=True)
class _Traced:
    """For every call: which sources it depends on, its signature, and its layers with weights."""

    sources: tuple[Sources, ...]
    signatures: tuple[int, ...]
    weighted: tuple[frozenset[str], ...]


def dissect(graph: Graph, weighted: frozenset[str], sources: tuple[Tensor, ...] | None = None) -> Anatomy:
    """Split a model into encoder and head.

    Args:
        graph: the whole model.
        weighted: names of the layers that have stored weights.
        sources: where the sides begin; the model's inputs unless said otherwise.
    """
    starts = sources or graph.inputs
    traced = _trace(graph, weighted, starts)
    live = graph.ancestors(graph.outputs) | {t.call for t in graph.outputs}
    ignored = tuple(t for t in starts if t.call not in live)
    used = tuple(t for t in starts if t.call in live)
    if len(used) >= 2:  # noqa: PLR2004  (a pair)
        return replace(_meeting(graph, traced, used), ignored=ignored)
    if used:
        doubled = _doubled(graph, traced, live)
        if doubled is not None:
            return Anatomy(
                twins="shared",
                encoder=extract(graph, used, doubled[:1]),
                second=None,
                head=extract(graph, doubled, graph.outputs[:1]),
                ignored=ignored,
                same_input=starts.index(used[0]),
            )
    encoder = extract(graph, used, graph.outputs[:1])
    return Anatomy(twins="none", encoder=encoder, second=None, head=None, ignored=ignored, same_input=None)


def _trace(graph: Graph, weighted: frozenset[str], starts: tuple[Tensor, ...]) -> _Traced:
    """Walk the calls once, in order."""
    sources: list[Sources] = []
    signatures: list[int] = []
    layers: list[frozenset[str]] = []
    begin = frozenset(starts)
    for number, call in enumerate(graph.calls):
        own = begin & {Tensor(number)}
        read = [t for t in call.tensors() if t not in begin]
        direct = frozenset(t for t in call.tensors() if t in begin)
        sources.append(reduce(frozenset.union, (sources[t.call] for t in read), own | direct))
        inherited: frozenset[str] = reduce(frozenset.union, (layers[t.call] for t in read), frozenset())
        layers.append(inherited | ({call.layer} & weighted))
        marks = {t: -1 if t in begin else signatures[t.call] for t in call.tensors()}
        signatures.append(hash((_identity(graph.layers[call.layer], weighted), _printed(call, marks))))
    return _Traced(tuple(sources), tuple(signatures), tuple(layers))


def _identity(layer: Layer, weighted: frozenset[str]) -> str:
    """What makes two layers the same: being one and the same, or, without weights, doing the same."""
    if layer.name in weighted:
        return layer.name
    config = {key: value for key, value in layer.config.items() if key not in ("name", "dtype", "seed")}
    return f"{layer.class_name} {json.dumps(config, sort_keys=True, default=str)}"


def _printed(call: Call, marks: dict[Tensor, int]) -> str:
    """The call's arguments with every tensor replaced by its signature."""

    def mark(argument: Argument) -> object:
        if isinstance(argument, Tensor):
            return ["tensor", marks[argument], argument.index]
        if isinstance(argument, list):
            return [mark(a) for a in argument]
        if isinstance(argument, dict):
            return {k: mark(a) for k, a in argument.items() if k != "mask"}
        return argument

    return json.dumps([mark(list(call.args)), mark(dict(call.kwargs or {}))], sort_keys=True, default=str)


def _meeting(graph: Graph, traced: _Traced, used: tuple[Tensor, ...]) -> Anatomy:
    """Two or more inputs are in use: find where their sides end and what comes after."""
    output = next((t for t in graph.outputs if len(traced.sources[t.call]) > 1), None)
    sides = [frozenset({t}) for t in used]
    ends = [_exits(graph, traced, side, graph.outputs) for side in sides]
    passes = [_gates(graph, side, found) for side, found in zip(used, ends, strict=True)]
    left, right, sharing = _match(traced, passes[0], passes[1])
    weights = traced.weighted[left.call] | traced.weighted[right.call]
    if not weights and output is not None:
        return Anatomy(twins="none", encoder=None, second=None, head=None, ignored=(), same_input=None)
    head = None
    if output is not None:
        head_output = _pair_output(graph, traced, frozenset(used[:2]), output)
        head = None if head_output is None else extract(graph, (left, right), (head_output,))
    return Anatomy(
        twins=sharing,
        encoder=extract(graph, used[:1], (left,)),
        second=extract(graph, used[1:2], (right,)) if sharing == "separate" else None,
        head=head,
        ignored=(),
        same_input=None,
    )


def _exits(graph: Graph, traced: _Traced, side: Sources, outputs: tuple[Tensor, ...]) -> frozenset[Tensor]:
    """Tensors of one side that are read where other sides come in, or that are outputs."""
    live = graph.ancestors(outputs) | {t.call for t in outputs}
    found: set[Tensor] = {t for t in outputs if traced.sources[t.call] == side}
    for number in live:
        if len(traced.sources[number]) > 1:
            found |= {t for t in graph.calls[number].tensors() if _side_of(t, traced, side)}
    return frozenset(found)


def _side_of(tensor: Tensor, traced: _Traced, side: Sources) -> bool:
    return tensor in side or traced.sources[tensor.call] == side


def _gates(graph: Graph, start: Tensor, exits: frozenset[Tensor]) -> list[Tensor]:
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


def _match(traced: _Traced, left: list[Tensor], right: list[Tensor]) -> tuple[Tensor, Tensor, Sharing]:
    """The deepest pair of gates with the same signature, else with the same weights, else the ends."""
    for same in (traced.signatures, traced.weighted):
        for one in left:
            for other in right:
                alike = same[one.call] == same[other.call]
                if alike and traced.weighted[one.call] and traced.weighted[one.call] == traced.weighted[left[0].call]:
                    return one, other, "shared"
    return left[0], right[0], "separate"


def _pair_output(graph: Graph, traced: _Traced, pair: Sources, output: Tensor) -> Tensor | None:
    """The output of the comparison of the first two sides.

    With three inputs it is the deepest tensor that depends on anchor and positive alone; where there is
    none, because the embeddings are only stacked, the model compares nothing.
    """
    if traced.sources[output.call] == pair:
        return output
    live = sorted(graph.ancestors((output,)), reverse=True)
    return next((Tensor(number) for number in live if traced.sources[number] == pair), None)


def _doubled(graph: Graph, traced: _Traced, live: frozenset[int]) -> tuple[Tensor, Tensor] | None:
    """Where one input goes through the same encoder twice: the first call that compares the two results."""
    for distinct in (True, False):
        for number in sorted(live):
            call = graph.calls[number]
            if graph.layers[call.layer].class_name in ATTENTION:
                continue
            seen: dict[tuple[int, int], Tensor] = {}
            for tensor in call.tensors():
                key = (traced.signatures[tensor.call], tensor.index)
                if key in seen and traced.weighted[tensor.call] and (seen[key] != tensor) == distinct:
                    return seen[key], tensor
                seen.setdefault(key, tensor)
    return None


def extract(graph: Graph, begins: tuple[Tensor, ...], ends: tuple[Tensor, ...]) -> Graph:
    """The part of a graph between some tensors, as a graph whose inputs these are.

    An input that was no input of the whole model becomes one, with the recorded shape. A tensor that
    stands twice in `begins` is told apart by its place: each call reads the first one, then the second.
    """
    stop = frozenset(begins)
    needed = sorted(graph.ancestors(ends, stop))
    layers: dict[str, Layer] = {}
    calls: list[Call] = []
    new: dict[Tensor, Tensor] = {}
    inputs: list[Tensor] = []
    for number, begin in enumerate(begins):
        layer = _as_input(graph, begin, number, layers)
        layers[layer.name] = layer
        calls.append(Call(layer=layer.name))
        inputs.append(Tensor(len(calls) - 1))
        new.setdefault(begin, inputs[-1])
    twice = {new[b]: inputs[1] for b in begins} if len(begins) > len(stop) else {}
    outer: dict[int, int] = {}
    for number in needed:
        call = graph.calls[number]
        table = {t: new.get(t, Tensor(outer.get(t.call, t.call), t.index)) for t in call.tensors()}
        args = [replace_tensors(a, table) for a in call.args]
        if twice:
            args = _second_time(args, twice)
        kwargs = {k: replace_tensors(a, table) for k, a in (call.kwargs or {}).items()}
        layers[call.layer] = graph.layers[call.layer]
        calls.append(Call(layer=call.layer, args=tuple(args), kwargs=kwargs))
        outer[number] = len(calls) - 1
    moved = {t: new.get(t) or Tensor(outer[t.call], t.index) for t in graph.shapes if t in new or t.call in outer}
    return Graph(
        layers=layers,
        calls=tuple(calls),
        inputs=tuple(inputs),
        outputs=tuple(new.get(t) or Tensor(outer[t.call], t.index) for t in ends),
        shapes={moved[t]: shape for t, shape in graph.shapes.items() if t in moved},
    )


def _as_input(graph: Graph, begin: Tensor, number: int, taken: dict[str, Layer]) -> Layer:
    """The layer that feeds a part of the graph: the original input, or one made for this tensor."""
    layer = graph.layer_of(begin)
    if layer.is_input and layer.name not in taken:
        return layer
    shape = graph.shapes.get(begin)
    name = f"side_{number}"
    return Layer(
        name=name,
        class_name="InputLayer",
        module="keras.layers",
        registered_name=None,
        config={"name": name, "batch_shape": None if shape is None else list(shape), "dtype": "float32"},
        path=(name,),
        slots=(),
        is_operation=False,
    )


def _second_time(args: list[Argument], twice: dict[Tensor, Tensor]) -> list[Argument]:
    """Replace every repetition of a tensor within one call by its double."""
    seen: set[Tensor] = set()

    def visit(argument: Argument) -> Argument:
        if isinstance(argument, Tensor) and argument in twice:
            if argument in seen:
                return twice[argument]
            seen.add(argument)
        if isinstance(argument, list):
            return [visit(a) for a in argument]
        return argument

    return [visit(a) for a in args]
