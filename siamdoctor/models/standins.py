"""Making a head loadable: known operations stand in for Lambdas and classes that were recognised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models import audit, clues
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Tensor, renumber
from siamdoctor.models.known_classes import OPERATIONS
from siamdoctor.models.weights import LayerVariables
from siamdoctor.results import Json

# Operations that stand in for what a Lambda was recognised as. The first reads both sides.
STEPS: Mapping[str, tuple[str, ...]] = {
    "absolute_difference": ("Subtract", "Absolute"),
    "difference": ("Subtract",),
    "squared_difference": ("Subtract", "Square"),
    "product": ("Multiply",),
    "manhattan": ("Subtract", "Absolute", "Sum"),
    "mean_absolute": ("Subtract", "Absolute", "Mean"),
    "squared_euclidean": ("Subtract", "Square", "Sum"),
    "euclidean": ("Subtract", "Square", "Sum", "Floor", "Sqrt"),
    "exp_manhattan": ("Subtract", "Absolute", "Sum", "Negative", "Exp"),
    "cosine_similarity": ("Cosine",),
    "cosine_distance": ("Cosine", "OneMinus"),
    "dot": ("Multiply", "Sum"),
    "l2_normalize": ("UnitNormalization",),
    "one_minus": ("OneMinus",),
    "negative": ("Negative",),
}
LABEL_LOSSES = frozenset({"mse", "meansquarederror", "binarycrossentropy"})  # what they fit lies between 0 and 1
EPSILON = 1e-7  # of Keras' backend, below the root in nearly every public Euclidean distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Standin:
    """A Lambda or unknown class that was replaced by known operations."""

    layer: str
    guess: clues.Guess


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reduction:
    """How a distance sums: over which axis, and whether it comes as (n, 1) rather than (n,)."""

    axis: int
    keepdims: bool


def replace_unknown(
    graph: Graph, variables: LayerVariables, *, loss: str | None = None
) -> tuple[Graph, tuple[Standin, ...]]:
    """The same graph with recognisable Lambdas and classes replaced; the rest is left as it is.

    Args:
        graph: the head.
        variables: stored weights by layer.
        loss: name of the loss that the model was compiled with.
    """
    fitted = re.sub("[^a-z]", "", (loss or "").lower()) in LABEL_LOSSES
    layers: dict[str, Layer] = {}
    calls: list[Call] = []
    moved: dict[int, int] = {}
    found: dict[str, Standin] = {}
    for number, call in enumerate(graph.calls):
        layer = graph.layers[call.layer]
        fresh = renumber(call, moved)
        guess = _guess(graph, number, variables)
        if fitted and guess == clues.Guess("manhattan", "class name") and Tensor(number) in graph.outputs:
            guess = clues.Guess("exp_manhattan", guess.by)  # fitted to labels, as in the MaLSTM
        operands = _operands(calls, layers, fresh)
        reduced = _Reduction(axis=_summed_axis(graph, graph.calls[number]), keepdims=_keeps_axis(graph, number))
        steps = None if guess is None else _steps(guess.kind, operands, layer, reduced)
        if guess is None or steps is None:
            layers[layer.name] = layer
            calls.append(fresh)
        else:
            found[layer.name] = Standin(layer=layer.name, guess=guess)
            for step, step_args in steps:
                base = Tensor(len(calls) - 1)
                calls.append(Call(layer=step.name, args=tuple(base if a is None else a for a in step_args)))
                layers[step.name] = step
        moved[number] = len(calls) - 1
    result = Graph(
        layers=layers,
        calls=tuple(calls),
        inputs=tuple(t.moved(moved) for t in graph.inputs),
        outputs=tuple(t.moved(moved) for t in graph.outputs),
        shapes={t.moved(moved): shape for t, shape in graph.shapes.items()},
    )
    return result, tuple(found.values())


def _guess(graph: Graph, number: int, variables: LayerVariables) -> clues.Guess | None:
    """What an unloadable call does; None for a loadable one or where nothing is known."""
    layer = graph.layers[graph.calls[number].layer]
    if audit.allowed(layer) or layer.name in variables:
        return None
    guess = clues.guess(layer, scalar=_is_scalar(graph, number, variables))
    read = graph.calls[number].tensors()
    if guess is not None and guess.by == "class name" and len(read) > len(set(read)) and guess.kind == "euclidean":
        return clues.Guess("squared_euclidean", guess.by)  # as in the Keras example that all of these come from
    return guess


def _is_scalar(graph: Graph, number: int, variables: LayerVariables) -> bool | None:
    """Whether a call gives one number per pair, judged by recorded shapes or the next layer's kernel."""
    tensor = Tensor(number)
    shape = graph.shapes.get(tensor)
    if shape is not None and len(shape) > 0:
        return len(shape) == 1 or shape[-1] == 1
    for call in graph.calls:
        stored = variables.get(call.layer, ())
        if stored and tensor in call.tensors() and stored[0].array.shape:
            return stored[0].array.shape[0] == 1
    return True if tensor in graph.outputs else None


def _keeps_axis(graph: Graph, number: int) -> bool:
    """Whether a distance comes as (n, 1) rather than (n,)."""
    shape = graph.shapes.get(Tensor(number))
    return shape is None or len(shape) != 1


def _summed_axis(graph: Graph, call: Call) -> int:
    """The axis of the numbers that are compared: the last, or that of time where each step has one number only.

    The sides may be such sequences, (n, time, 1). Then only a sum over axis 1 gives one number per pair.
    """
    shape = next((graph.shapes[t] for t in call.tensors() if t in graph.shapes), ())
    return 1 if len(shape) == 3 and shape[-1] == 1 and shape[1] != 1 else -1  # noqa: PLR2004  (batch, time, one)


def _operands(calls: list[Call], layers: Mapping[str, Layer], call: Call) -> tuple[tuple[Tensor, ...], bool]:
    """What a call compares, and whether that is the difference of the sides, taken before.

    Where it reads one tensor into which both sides were stacked, these are what it compares.
    """
    read = tuple(dict.fromkeys(call.tensors()))
    if len(read) != 1 or read[0].call >= len(calls):
        return read, False
    source = calls[read[0].call]
    before = layers[source.layer].class_name
    return (tuple(dict.fromkeys(source.tensors())), False) if before == "Stack" else (read, before == "Subtract")


def _steps(
    kind: str,
    operands: tuple[tuple[Tensor, ...], bool],
    layer: Layer,
    reduced: _Reduction,
) -> list[tuple[Layer, tuple[Argument, ...]]] | None:
    """The stand-in's layers with their arguments, in which None is the result of the step before."""
    names = STEPS.get(kind, ())
    tensors, subtracted = operands
    if not names:
        return None
    both = names[0] in ("Subtract", "Multiply", "Cosine")
    if both and len(tensors) == 1:  # one that continues a difference; of what else it may subtract nothing is known
        names = names[1:] if names[0] == "Subtract" and subtracted else ()
    elif len(tensors) != (2 if both else 1):
        return None
    if not names:
        return None
    steps: list[tuple[Layer, tuple[Argument, ...]]] = []
    for position, name in enumerate(names):
        first: tuple[Argument, ...] = tuple(tensors) if position == 0 else (None,)
        steps.append(_step(name, f"{layer.name}_{name.lower()}", first, reduced))
    return steps


def _step(name: str, title: str, args: tuple[Argument, ...], reduced: _Reduction) -> tuple[Layer, tuple[Argument, ...]]:
    """One known operation or layer."""
    config: dict[str, Json] = {"name": title}
    if name in ("Sum", "Mean"):
        config |= {"axis": reduced.axis, "keepdims": reduced.keepdims}
    if name == "Cosine":
        config |= {"axes": -1, "normalize": True, "dtype": "float32"}
        return _known("Dot", title, config, operation=False), (list[Argument](args),)
    if name == "UnitNormalization":
        config |= {"axis": -1, "dtype": "float32"}
        return _known(name, title, config, operation=False), args
    if name == "Floor":
        return _known("Maximum", title, config, operation=True), (*args, EPSILON)
    if name == "OneMinus":
        return _known("Subtract", title, config, operation=True), (1.0, *args)
    return _known(name, title, config, operation=True), args


def _known(class_name: str, title: str, config: dict[str, Json], *, operation: bool) -> Layer:
    """A layer or operation that Keras defines."""
    return Layer(
        name=title,
        class_name=class_name,
        module=OPERATIONS[class_name] if operation else "keras.layers",
        registered_name=None,
        config=config,
        path=(title,),
        slots=("",),
        is_operation=operation,
    )
