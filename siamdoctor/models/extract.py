"""Cutting a part out of a call graph, and merging calls that compute the same thing twice."""

from __future__ import annotations

import json
from collections.abc import Mapping

from siamdoctor.models.graph import Argument, Call, Graph, Layer, Tensor, renumber, replace_tensors

# Classes that do nothing in inference mode.
INERT = ("Dropout", "Noise", "Random", "ActivityRegularization")


def is_inert(layer: Layer) -> bool:
    """Whether the layer only acts in training."""
    return layer.class_name.endswith(INERT) or layer.class_name.startswith(INERT)


def identity(layer: Layer, weighted: frozenset[str]) -> str:
    """What makes two layers the same: being one and the same, or, without weights, doing the same."""
    if layer.name in weighted or is_inert(layer):
        return layer.name
    config = {key: value for key, value in layer.config.items() if key not in ("name", "dtype")}
    return f"{layer.class_name} {json.dumps(config, sort_keys=True, default=str)}"


def printed(call: Call, marks: Mapping[Tensor, object]) -> str:
    """The call's arguments as text, with `marks` in place of the tensors; masks follow from the rest."""

    def mark(argument: Argument) -> object:
        if isinstance(argument, Tensor):
            return ["tensor", marks[argument], argument.index]
        if isinstance(argument, list):
            return [mark(a) for a in argument]
        if isinstance(argument, dict):
            return {k: mark(a) for k, a in argument.items() if k != "mask"}
        return argument

    return json.dumps([mark(list(call.args)), mark(dict(call.kwargs or {}))], sort_keys=True, default=str)


def simplify(graph: Graph, weighted: frozenset[str]) -> Graph:
    """The same graph in which equal calls are one: `encoder(a)` written twice is computed once."""
    seen: dict[tuple[str, str], int] = {}
    moved: dict[int, int] = {}
    calls: list[Call] = []
    known = {name: identity(layer, weighted) for name, layer in graph.layers.items()}
    for number, call in enumerate(graph.calls):
        fresh = renumber(call, moved)
        key = (known[call.layer], printed(fresh, {t: t.call for t in fresh.tensors()}))
        if key in seen and call.tensors():
            moved[number] = seen[key]
            continue
        calls.append(fresh)
        moved[number] = seen[key] = len(calls) - 1
    return Graph(
        layers=graph.layers,
        calls=tuple(calls),
        inputs=tuple(t.moved(moved) for t in graph.inputs),
        outputs=tuple(t.moved(moved) for t in graph.outputs),
        shapes={t.moved(moved): shape for t, shape in graph.shapes.items()},
    )


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
