"""Just enough of the protocol buffer wire format to read the index files of a SavedModel.

The format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_VARINT_BITS = 64
MAX_FIELDS = 300_000  # of one message; the program of the largest Keras application has thirty thousand nodes


class Malformed(ValueError):  # noqa: N818  (caught where the file is known)
    """The bytes are no protocol buffer."""


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned number of variable length, and the position after it."""
    value = shift = 0
    while shift < MAX_VARINT_BITS and position < len(data):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:  # noqa: PLR2004  (the highest bit says that more follows)
            return value, position
        shift += 7
    raise Malformed("a number does not end")


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message as number and value; nested messages stay bytes."""
    position = count = 0
    while position < len(data):
        count += 1
        if count > MAX_FIELDS:
            raise Malformed(f"a message has more than {MAX_FIELDS} parts")
        tag, position = read_varint(data, position)
        kind = tag & 7
        if kind == VARINT:
            value, position = read_varint(data, position)
            yield tag >> 3, value
            continue
        if kind == BYTES:
            length, position = read_varint(data, position)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise Malformed(f"unknown wire type {kind}")
        if position + length > len(data):
            raise Malformed("a field reaches past the end")
        yield tag >> 3, data[position : position + length]
        position += length


def messages(data: bytes, number: int) -> list[bytes]:
    """All nested messages under one field number."""
    return [value for key, value in fields(data) if key == number and isinstance(value, bytes)]


def string(data: bytes, number: int) -> str:
    """The text under a field number, empty where there is none."""
    return b"".join(messages(data, number)[-1:]).decode("utf-8", "replace")


def whole(data: bytes, number: int) -> int:
    """The number under a field number, 0 where there is none."""
    return next((value for key, value in fields(data) if key == number and isinstance(value, int)), 0)
