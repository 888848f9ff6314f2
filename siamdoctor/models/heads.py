"""What turns two embeddings into the output: making it loadable, and giving it a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from siamdoctor.models import audit, clues
from siamdoctor.models.blueprint import HeadKind
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Tensor, renumber
from siamdoctor.models.known_classes import OPERATIONS
from siamdoctor.models.probe import Array, follow
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
}
EPSILON = 1e-7  # of Keras' backend, below the root in nearly every public Euclidean distance
PROBES, PROBE_SIZE = 64, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Standin:
    """A Lambda or unknown class that was replaced by known operations."""

    layer: str
    guess: clues.Guess


def replace_unknown(graph: Graph, variables: LayerVariables) -> tuple[Graph, tuple[Standin, ...]]:
    """The same graph with recognisable Lambdas and classes replaced; the rest is left as it is."""
    layers: dict[str, Layer] = {}
    calls: list[Call] = []
    moved: dict[int, int] = {}
    found: dict[str, Standin] = {}
    for number, call in enumerate(graph.calls):
        layer = graph.layers[call.layer]
        fresh = renumber(call, moved)
        guess = _guess(graph, number, variables)
        steps = None if guess is None else _steps(guess.kind, fresh, layer, _keeps_axis(graph, number))
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
    return clues.guess(layer, scalar=_is_scalar(graph, number, variables))


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


def _steps(
    kind: str,
    call: Call,
    layer: Layer,
    keepdims: bool,  # noqa: FBT001  (one fact about one call)
) -> list[tuple[Layer, tuple[Argument, ...]]] | None:
    """The stand-in's layers with their arguments, in which None is the result of the step before."""
    tensors = call.tensors()
    names = STEPS[kind]
    both = names[0] in ("Subtract", "Multiply", "Cosine")
    if both and len(tensors) == 1:  # the Lambda continues a difference that was taken outside
        names = names[1:] if names[0] == "Subtract" else ()
    elif len(tensors) != (2 if both else 1):
        return None
    if not names:
        return None
    steps: list[tuple[Layer, tuple[Argument, ...]]] = []
    for position, name in enumerate(names):
        first: tuple[Argument, ...] = tuple(tensors) if position == 0 else (None,)
        steps.append(_step(name, f"{layer.name}_{name.lower()}", first, keepdims=keepdims))
    return steps


def _step(name: str, title: str, args: tuple[Argument, ...], *, keepdims: bool) -> tuple[Layer, tuple[Argument, ...]]:
    """One known operation or layer."""
    config: dict[str, Json] = {"name": title}
    if name in ("Sum", "Mean"):
        config |= {"axis": -1, "keepdims": keepdims}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """kind: of the whole head. merge: how the two sides meet. higher_is_same: direction of the output."""

    kind: HeadKind
    merge: str | None
    higher_is_same: bool | None


def recognise(graph: Graph, variables: LayerVariables, *, unit_norm: bool) -> Recognised:
    """Name a head by what it answers to random embeddings.

    Args:
        graph: the head, with known operations standing in for Lambdas.
        variables: stored weights by layer.
        unit_norm: whether the encoder gives vectors of length 1, in which case a dot product is a cosine.
    """
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, PROBES, PROBE_SIZE))
    right[::4] = left[::4] + 0.01 * rng.normal(size=right[::4].shape)
    if unit_norm:
        left = left / np.linalg.norm(left, axis=1, keepdims=True)
        right = right / np.linalg.norm(right, axis=1, keepdims=True)
    values = follow(graph, (left, right))
    trained = [n for n, call in enumerate(graph.calls) if call.layer in variables]
    if trained:
        merged = [t for t in graph.calls[trained[0]].tensors() if t in values]
        merge = _name(values[merged[0]], left, right) if len(merged) == 1 else None
        return Recognised(kind="learned", merge=merge, higher_is_same=None)
    output = values.get(graph.outputs[0])
    if output is None:
        return Recognised(kind="unknown", merge=None, higher_is_same=None)
    return _measure(output, left, right)


def _distances(left: Array, right: Array) -> dict[str, Array]:
    """The known comparisons, one number per pair."""
    difference = left - right
    cosine = np.sum(left * right, axis=1) / (np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1))
    manhattan = np.sum(np.abs(difference), axis=1)
    return {
        "euclidean": np.linalg.norm(difference, axis=1),
        "squared_euclidean": np.sum(difference**2, axis=1),
        "manhattan": manhattan,
        "cosine_similarity": cosine,
        "cosine_distance": 1 - cosine,
        "exp_manhattan": np.exp(-manhattan),
        "dot": np.sum(left * right, axis=1),
    }


def _name(value: Array, left: Array, right: Array) -> str | None:
    """Which comparison an intermediate value is."""
    elementwise = {
        "absolute_difference": np.abs(left - right),
        "difference": left - right,
        "squared_difference": (left - right) ** 2,
        "product": left * right,
        "concatenate": np.concatenate([left, right], axis=1),
    }
    for name, known in elementwise.items():
        if value.shape == known.shape and np.allclose(value, known, atol=1e-3):
            return name
    if value.size == len(left):
        for name, known in _distances(left, right).items():
            if np.allclose(value.ravel(), known, atol=1e-3):
                return name
    return None


def _measure(output: Array, left: Array, right: Array) -> Recognised:
    """Name the output of a head without weights: exactly, or else as something that rises or falls with it."""
    if output.size != len(left) or not np.all(np.isfinite(output)):
        return Recognised(kind="unknown", merge=_name(output, left, right), higher_is_same=None)
    flat = output.ravel()
    known = _distances(left, right)
    similar = ("cosine_similarity", "exp_manhattan", "dot")
    for name, reference in known.items():
        if np.allclose(flat, reference, atol=1e-3):
            return Recognised(kind=_kind(name), merge=name, higher_is_same=name in similar)
    for name in ("euclidean", "manhattan", "cosine_similarity", "dot"):
        order = float(spearmanr(flat, known[name]).statistic)
        if abs(order) > 0.9999:  # noqa: PLR2004  (the same order, up to ties from rounding)
            rising = order > 0
            opposite = {"cosine_similarity": "cosine_distance", "manhattan": "exp_manhattan"}.get(name, "unknown")
            return Recognised(
                kind=_kind(name if rising else opposite),
                merge=name,
                higher_is_same=rising == (name in similar),
            )
    return Recognised(kind="unknown", merge=None, higher_is_same=None)


def _kind(name: str) -> HeadKind:
    """A comparison's name as the kind of a head; elementwise ones are no heads."""
    kinds: dict[str, HeadKind] = {
        "euclidean": "euclidean",
        "squared_euclidean": "squared_euclidean",
        "manhattan": "manhattan",
        "cosine_similarity": "cosine_similarity",
        "cosine_distance": "cosine_distance",
        "exp_manhattan": "exp_manhattan",
        "dot": "dot",
    }
    return kinds.get(name, "unknown")
