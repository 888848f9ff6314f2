"""Running a head without TensorFlow: its weightless operations, on arrays of our own.

What a head computes is recognised by what it answers, not by which operations it happens to be written in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from siamdoctor.models.config import integer, mapping, sequence
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Tensor
from siamdoctor.results import Json

Array = NDArray[np.float64]
Unary = Callable[[Array], Array]
Binary = Callable[[Array, Array], Array]

UNARY: dict[str, Unary] = {
    "Absolute": np.abs,
    "Abs": np.abs,
    "Square": np.square,
    "Sqrt": lambda x: np.sqrt(np.maximum(x, 0)),
    "Rsqrt": lambda x: 1 / np.sqrt(np.maximum(x, 1e-12)),
    "Exp": np.exp,
    "Negative": np.negative,
    "Reciprocal": lambda x: 1 / x,
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
    "Relu": lambda x: np.maximum(x, 0),
    "Log1p": np.log1p,
    "Identity": lambda x: x,
    "Dropout": lambda x: x,
    "StopGradient": lambda x: x,
    "Cast": lambda x: x,
    "Flatten": lambda x: x.reshape(len(x), -1),
}
BINARY: dict[str, Binary] = {
    "Subtract": np.subtract,
    "Add": np.add,
    "Multiply": np.multiply,
    "Divide": np.divide,
    "TrueDivide": np.divide,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Power": np.power,
}
REDUCING: dict[str, Callable[..., Array]] = {
    "Sum": np.sum,
    "Mean": np.mean,
    "Max": np.max,
    "Min": np.min,
    "Norm": np.linalg.norm,
}
ACTIVATIONS: dict[str, Unary] = {
    "linear": lambda x: x,
    "sigmoid": UNARY["Sigmoid"],
    "tanh": np.tanh,
    "relu": UNARY["Relu"],
    "exponential": np.exp,
}


class _Opaque(Exception):  # noqa: N818  (not an error: the head cannot be followed further)
    """This call is not among those that can be followed."""


def follow(graph: Graph, inputs: tuple[Array, ...]) -> Mapping[Tensor, Array]:
    """Values of all tensors of a head that depend on known operations alone.

    Args:
        graph: the head.
        inputs: one array (n, d) for each of its inputs.
    """
    values: dict[Tensor, Array] = dict(zip(graph.inputs, inputs, strict=True))
    for number, call in enumerate(graph.calls):
        if Tensor(number) in values:
            continue
        try:
            with np.errstate(all="ignore"):
                values[Tensor(number)] = _apply(graph.layers[call.layer], call, values)
        except (_Opaque, ValueError, TypeError, IndexError, FloatingPointError):
            continue
    return values


def _apply(layer: Layer, call: Call, values: Mapping[Tensor, Array]) -> Array:
    """One call."""
    args = _arrays(call, values)
    name, config = layer.class_name, layer.config
    if layer.is_foreign:
        raise _Opaque
    if name in REDUCING:
        return _reduce(name, config, args[0])
    if name == "Dot" and not layer.is_operation:
        return _dot(args[0], args[1], normalize=config.get("normalize") is True)
    if name in ("UnitNormalization", "Normalize"):
        return args[0] / np.maximum(np.linalg.norm(args[0], axis=-1, keepdims=True), 1e-12)
    if name in BINARY:
        return BINARY[name](args[0], args[1])
    if name in UNARY:
        return UNARY[name](args[0])
    if name == "Concatenate":
        return np.concatenate(args, axis=-1)
    if name == "Activation" and config.get("activation") in ACTIVATIONS:
        return ACTIVATIONS[cast("str", config["activation"])](args[0])
    if name == "Rescaling":
        return args[0] * _number(config.get("scale"), 1.0) + _number(config.get("offset"), 0.0)
    if name in ("ExpandDims", "Squeeze", "Reshape"):
        return args[0].reshape(len(args[0]), -1)
    raise _Opaque


def _arrays(call: Call, values: Mapping[Tensor, Array]) -> list[Array]:
    """The call's arguments as arrays; a list of tensors counts as several arguments."""
    found: list[Array] = []
    flat: list[Argument] = []
    for argument in [*call.args, *(call.kwargs or {}).values()]:
        flat.extend(argument if isinstance(argument, list) else [argument])
    for argument in flat:
        if isinstance(argument, Tensor):
            if argument not in values:
                raise _Opaque
            found.append(values[argument])
        elif isinstance(argument, int | float) and not isinstance(argument, bool):
            found.append(np.asarray(float(argument)))
    if not found:
        raise _Opaque
    return found


def _reduce(name: str, config: Mapping[str, Json], values: Array) -> Array:
    """Sum, mean or norm over the axes of the config. One over the batch is followed as it is written."""
    axis = config.get("axis")
    listed = tuple(a for item in sequence(axis) if (a := integer(item)) is not None)
    where = listed or integer(axis)
    if isinstance(where, tuple) and len(where) == 1:
        where = where[0]
    return REDUCING[name](values, axis=where, keepdims=config.get("keepdims") is True)


def _dot(left: Array, right: Array, *, normalize: bool) -> Array:
    """Keras' `Dot` of vectors."""
    if left.ndim != 2 or right.ndim != 2:  # noqa: PLR2004  (batch and components)
        raise _Opaque
    if normalize:
        left = left / np.linalg.norm(left, axis=1, keepdims=True)
        right = right / np.linalg.norm(right, axis=1, keepdims=True)
    return np.sum(left * right, axis=1, keepdims=True)


def _number(value: Json, default: float) -> float:
    """A scale or offset; lists of them, one a channel, do not occur in heads."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or mapping(value):
        raise _Opaque
    return float(value)
