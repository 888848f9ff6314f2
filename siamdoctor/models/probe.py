"""Running a head without TensorFlow: its weightless operations, on arrays of our own.

What a head computes is recognised by what it answers, not by which operations it happens to be written in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from siamdoctor.models.config import integer, number, sequence, text
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Tensor

MAX_ELEMENTS = 1 << 20
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
    for position, call in enumerate(graph.calls):
        if Tensor(position) in values:
            continue
        try:
            with np.errstate(all="ignore"):
                value = _apply(graph.layers[call.layer], call, values)
        except (_Opaque, ValueError, TypeError, IndexError, FloatingPointError):
            continue
        if value.size <= MAX_ELEMENTS:  # joining a tensor to itself doubles it, twenty times over a million times
            values[Tensor(position)] = value
    return values


def _apply(layer: Layer, call: Call, values: Mapping[Tensor, Array]) -> Array:
    """One call."""
    handler = HANDLERS.get(layer.class_name)
    if layer.class_name == "GetItem" and not layer.is_foreign:
        return _get(call, values)
    if handler is None or layer.is_foreign:
        raise _Opaque
    return handler(layer, _arrays(call, values))


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
            found.append(np.asarray(_number(argument)))
    if not found:
        raise _Opaque
    return found


def _number(argument: float) -> float:
    """A constant of the graph; whole numbers beyond all floats are nothing that a head computes with."""
    try:
        return float(argument)
    except OverflowError as error:
        raise _Opaque from error


def _get(call: Call, values: Mapping[Tensor, Array]) -> Array:
    """`x[:, 1]` and the like: whole slices and single places."""
    read, key = (*call.args, None)[:2]
    if not isinstance(read, Tensor) or read not in values or not isinstance(key, list):
        raise _Opaque
    places = tuple(_place(item) for item in key)
    return np.asarray(values[read][places])


def _place(item: Argument) -> int | slice:
    """One part of an index."""
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    bounds = item.get("config") if isinstance(item, dict) and item.get("class_name") == "__slice__" else None
    if not isinstance(bounds, dict) or any(bound is not None for bound in bounds.values()):
        raise _Opaque
    return slice(None)


def _stack(layer: Layer, args: list[Array]) -> Array:
    """Several arrays as one, along a new axis."""
    axis = integer(layer.config.get("axis", 0))
    if axis is None:
        raise _Opaque
    return np.stack(args, axis=axis)


def _reduce(layer: Layer, args: list[Array]) -> Array:
    """Sum, mean or norm over the axes of the config. One over the batch is followed as it is written."""
    axis = layer.config.get("axis")
    listed = tuple(a for item in sequence(axis) if (a := integer(item)) is not None)
    where = (listed[0] if len(listed) == 1 else listed) if listed else integer(axis)
    reduce = REDUCING[layer.class_name]
    return np.asarray(reduce(args[0], axis=where, keepdims=layer.config.get("keepdims") is True))


def _dot(layer: Layer, args: list[Array]) -> Array:
    """Keras' `Dot` of vectors."""
    left, right = args
    if left.ndim != 2 or right.ndim != 2 or layer.is_operation:  # noqa: PLR2004  (batch and components)
        raise _Opaque
    if layer.config.get("normalize") is True:
        left, right = _unit(left), _unit(right)
    return np.asarray(np.sum(left * right, axis=1, keepdims=True))


def _unit(vectors: Array) -> Array:
    """Vectors scaled to length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _activation(layer: Layer, args: list[Array]) -> Array:
    """Keras' `Activation`, for the few that heads without weights end in."""
    name = text(layer.config.get("activation")) or ""
    if name not in ACTIVATIONS:
        raise _Opaque
    return ACTIVATIONS[name](args[0])


def _rescale(layer: Layer, args: list[Array]) -> Array:
    """Keras' `Rescaling` by one number; lists, one number a channel, do not occur in heads."""
    scale, offset = number(layer.config.get("scale")), number(layer.config.get("offset", 0.0))
    if scale is None or offset is None:
        raise _Opaque
    return args[0] * scale + offset


def _flatten(layer: Layer, args: list[Array]) -> Array:
    """Anything that only rearranges what it is given, as one row a pair."""
    del layer
    return args[0].reshape(len(args[0]), -1)


Handler = Callable[[Layer, list[Array]], Array]


def _of_one(function: Unary) -> Handler:
    """An elementwise function as a handler."""
    return lambda _, args: function(args[0])


def _of_two(function: Binary) -> Handler:
    """An elementwise function of two arrays as a handler."""
    return lambda _, args: function(args[0], args[1])


HANDLERS: dict[str, Handler] = {
    **{name: _of_one(function) for name, function in UNARY.items()},
    **{name: _of_two(function) for name, function in BINARY.items()},
    **dict.fromkeys(REDUCING, _reduce),
    **dict.fromkeys(("ExpandDims", "Squeeze", "Reshape", "Flatten"), _flatten),
    **dict.fromkeys(("UnitNormalization", "Normalize"), _of_one(_unit)),
    "SquaredDifference": _of_two(lambda one, other: np.square(one - other)),  # in programs of TensorFlow alone
    "Dot": _dot,
    "Concatenate": lambda _, args: np.concatenate(args, axis=-1),
    "Stack": _stack,
    "Activation": _activation,
    "Rescaling": _rescale,
}
