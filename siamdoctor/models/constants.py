"""Small constants of a SavedModel's program: axes, factors, bounds. Large ones are weights, and are not read here."""

from __future__ import annotations

import math
import struct

from siamdoctor.models.program import Node, shape_of
from siamdoctor.models.protobuf import Malformed, fields, messages, read_varint, whole

LARGEST = 64  # numbers
FORMATS = {1: "f", 2: "d", 3: "i", 4: "B", 6: "b", 9: "q", 10: "?", 19: "e"}  # of the types of `TensorProto`
LISTED = {5: "f", 6: "d"}  # fields that list numbers of fixed size
COUNTED = (7, 10, 11)  # fields that list numbers of variable size: int_val, int64_val, bool_val
FLOATS = (1, 2, 14, 19)


def values_of(node: Node) -> tuple[float, ...] | None:
    """The numbers of a `Const`, None where they are many or are none."""
    tensor = b"".join(messages(node.attribute("value"), 8)[:1])
    shape = shape_of(b"".join(messages(tensor, 2)[:1]))
    if shape is None or None in shape:
        return None
    count = math.prod(axis for axis in shape if axis is not None)
    content = b"".join(messages(tensor, 4))
    if not 0 < count <= LARGEST:
        return None
    found = _packed(content, whole(tensor, 1)) if content else _listed(tensor)
    if found and len(found) < count:  # the last number stands for those that are not written
        found += found[-1:] * (count - len(found))
    return found if len(found) == count and all(math.isfinite(v) for v in found) else None


def texts_of(node: Node) -> tuple[str, ...]:
    """The texts of a `Const` of strings."""
    tensor = b"".join(messages(node.attribute("value"), 8)[:1])
    return tuple(value.decode("utf-8", "replace") for value in messages(tensor, 8))


def is_float(node: Node) -> bool:
    """Whether an operation is on floating-point numbers."""
    return whole(node.attribute("T"), 6) in FLOATS


def _packed(content: bytes, dtype: int) -> tuple[float, ...]:
    """Numbers as they lie in memory."""
    letter = FORMATS.get(dtype)
    if letter is None or len(content) % struct.calcsize(letter):
        return ()
    return tuple(float(v) for v in struct.unpack(f"<{len(content) // struct.calcsize(letter)}{letter}", content))


def _listed(tensor: bytes) -> tuple[float, ...]:
    """Numbers written one by one; those of variable size may be packed into one field."""
    found: list[float] = []
    for key, value in fields(tensor):
        if key in LISTED and isinstance(value, bytes):
            size = struct.calcsize(LISTED[key])
            found.extend(struct.unpack(f"<{len(value) // size}{LISTED[key]}", value[: len(value) // size * size]))
        elif key in COUNTED and isinstance(value, int):
            found.append(_signed(value))
        elif key in COUNTED and isinstance(value, bytes):
            position = 0
            while position < len(value):
                number, position = read_varint(value, position)
                found.append(_signed(number))
        if len(found) > LARGEST:
            raise Malformed("a constant has more numbers than its shape")
    return tuple(float(v) for v in found)


def _signed(number: int) -> int:
    """A number of 64 bits, which is stored as one without a sign."""
    return number - (1 << 64) if number >> 63 else number


def one_of(values: tuple[float, ...] | None) -> float | None:
    """The number, where there is exactly one."""
    return values[0] if values is not None and len(values) == 1 else None
