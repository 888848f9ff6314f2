"""TensorFlow's operations in the words of Keras, as far as heads and the description of encoders need them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from siamdoctor.models.constants import is_float, one_of
from siamdoctor.models.graph import Argument, Tensor
from siamdoctor.models.inlining import Operation
from siamdoctor.models.program import Shape
from siamdoctor.models.protobuf import whole
from siamdoctor.results import Json

Values = tuple[float, ...]
# Each of these does the same as the Keras operation, element by element.
ALIKE = {
    "Abs": "Absolute", "Square": "Square", "Sqrt": "Sqrt", "Rsqrt": "Rsqrt", "Exp": "Exp", "Neg": "Negative",
    "Reciprocal": "Reciprocal", "Inv": "Reciprocal", "Sigmoid": "Sigmoid", "Tanh": "Tanh", "Relu": "Relu",
    "Relu6": "Relu6", "LeakyRelu": "LeakyRelu", "Softmax": "Softmax", "Log1p": "Log1p", "Cast": "Cast",
    "Sub": "Subtract", "AddV2": "Add", "Add": "Add", "Mul": "Multiply", "RealDiv": "TrueDivide", "Div": "TrueDivide",
    "Maximum": "Maximum", "Minimum": "Minimum", "Pow": "Power", "SquaredDifference": "SquaredDifference",
    "DivNoNan": "Divide",
}  # fmt: skip
REDUCING = {"Sum": "Sum", "Mean": "Mean", "Max": "Max", "Min": "Min", "EuclideanNorm": "Norm"}
REARRANGING = frozenset({"Reshape", "ExpandDims", "Squeeze"})
CUTTING = {"Unpack": "Unstack", "Split": "Split", "SplitV": "Split", "GatherV2": "Slice", "Slice": "Slice"}
SCALING = frozenset({"Multiply", "TrueDivide", "Subtract", "Add"})
VECTORS = 2  # axes of a batch of vectors


@dataclass(frozen=True, slots=True)
class Given:
    """An input of an operation. tensor: None where it is a constant, whose numbers are then known or not."""

    tensor: Tensor | None
    values: Values | None
    shape: Shape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A call in Keras' words. is_layer: it stands for a layer and not for a raw operation."""

    class_name: str
    args: tuple[Argument, ...]
    config: dict[str, Json] = field(default_factory=dict)
    is_layer: bool = False


def translate(  # noqa: PLR0911  (a case for each kind of operation)
    operation: Operation, given: list[Given], shape: Shape | None, *, at_input: bool
) -> Translated:
    """One operation without weights.

    Args:
        operation: what is to be said in Keras' words.
        given: its inputs.
        shape: of its first output.
        at_input: nothing with weights came before.
    """
    kind, args = operation.kind, tuple(_argument(g) for g in given)
    tensors = tuple(g.tensor for g in given if g.tensor is not None)
    if kind in ALIKE:
        return _scaled(operation, given, Translated(class_name=ALIKE[kind], args=args), at_input=at_input)
    if kind in REDUCING and len(given) > 1 and given[1].values is not None:
        axes: list[Json] = [int(v) for v in given[1].values]
        keep = bool(whole(operation.node.attribute("keep_dims"), 5))
        return Translated(class_name=REDUCING[kind], args=args[:1], config={"axis": axes, "keepdims": keep})
    if kind in REARRANGING:
        return Translated(class_name=kind, args=tensors)
    if kind in CUTTING and len(tensors) == 1:
        return Translated(class_name=CUTTING[kind], args=args, config=_told(operation))
    if kind == "StridedSlice" and (place := _place(operation, given)) is not None:
        return Translated(class_name="GetItem", args=(tensors[0], place))
    if kind == "ConcatV2" and shape is not None and one_of(given[-1].values) in (-1.0, len(shape) - 1.0):
        return Translated(class_name="Concatenate", args=(list(args[:-1]),))
    if kind == "Pack":
        axis = whole(operation.node.attribute("axis"), 3)
        return Translated(class_name="Stack", args=(list(args),), config={"axis": axis if axis < VECTORS else -1})
    if _multiplies_rows(operation, given, shape):
        return Translated(class_name="Dot", args=tensors, config={"axes": 1}, is_layer=True)
    return Translated(class_name=kind, args=args, config=_told(operation))


def _argument(given: Given) -> Argument:
    """A tensor, a number, or a note of a constant that is more than one number."""
    if given.tensor is not None:
        return given.tensor
    number = one_of(given.values)
    return number if number is not None else {"constant": None if given.values is None else list(given.values)}


def _told(operation: Operation) -> dict[str, Json]:
    """What an operation is told, so that two that differ in it are not taken for one; functions go by other names."""
    return {"told": {k: v.hex() for k, v in operation.node.attributes().items() if k not in ("body", "cond")}}


def _scaled(operation: Operation, given: list[Given], made: Translated, *, at_input: bool) -> Translated:
    """A factor or an offset before all weights is a layer that rescales the input."""
    constants = [g for g in given if g.tensor is None]
    if not at_input or len(constants) != 1 or made.class_name not in SCALING or not is_float(operation.node):
        return made
    number, first = one_of(constants[0].values), given[0].tensor is not None
    args = tuple(g.tensor for g in given if g.tensor is not None)
    if number is None:
        return Translated(class_name="Normalization", args=args, config=_told(operation), is_layer=True)
    scale, offset = {
        "Multiply": (number, 0.0),
        "TrueDivide": (1 / number if number and first else None, 0.0),
        "Subtract": (1.0 if first else -1.0, -number if first else number),
        "Add": (1.0, number),
    }[made.class_name]
    if scale is None:
        return made
    return Translated(class_name="Rescaling", args=args, config={"scale": scale, "offset": offset}, is_layer=True)


def _place(operation: Operation, given: list[Given]) -> Argument | None:
    """The index of `x[:, 1]` and the like: one place on one axis, all of the axes before it."""
    attributes = operation.node.attributes()
    begin, shrunk = given[1].values, whole(attributes.get("shrink_axis_mask", b""), 3)
    open_axes = whole(attributes.get("begin_mask", b""), 3) & whole(attributes.get("end_mask", b""), 3)
    axis = shrunk.bit_length() - 1
    if begin is None or axis < 1 or shrunk != 1 << axis or axis >= len(begin) or given[0].tensor is None:
        return None
    if any(not open_axes >> before & 1 for before in range(axis)):
        return None
    bounds: dict[str, Argument] = {"start": None, "stop": None, "step": None}
    everything: Argument = {"class_name": "__slice__", "config": bounds}
    return [*[everything] * axis, int(begin[axis])]


def _multiplies_rows(operation: Operation, given: list[Given], shape: Shape | None) -> bool:
    """Whether vectors are multiplied pair by pair, each to one number."""
    if len(given) != VECTORS or any(g.tensor is None for g in given):
        return False
    if operation.kind in ("BatchMatMulV2", "BatchMatMul", "BatchMatMulV3"):
        return shape is not None and shape[-2:] == (1, 1)
    equation = operation.node.attribute("equation").decode("utf-8", "replace")
    return operation.kind == "Einsum" and re.search(r"(\w)(\w),\1\2->\1$", equation) is not None
