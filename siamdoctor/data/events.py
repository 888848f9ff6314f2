"""Scalars in TensorBoard event files, read without TensorFlow.

A file is a sequence of records (length as 8 bytes, checksum as 4, data, checksum as 4), each a protocol
buffer `Event`; see tensorflow/core/util/event.proto and framework/summary.proto for the field numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

LENGTH, CHECKSUM = 8, 4
MAX_RECORDS = 200_000
LARGEST_RECORD = 1 << 20  # scalars need some hundred bytes; pictures and graphs are passed over
EVENT_SUMMARY, SUMMARY_VALUE = 5, 1
TAG, SIMPLE_VALUE, TENSOR = 1, 2, 8
TENSOR_CONTENT, FLOAT_VALUES = 4, 5
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers
VERSION_MARK = b"brain.Event:"  # the first record of every event file names its version


def is_event_file(data: bytes) -> bool:
    """Whether the data begin as an event file does."""
    return VERSION_MARK in data[:64]


def read_scalars(data: bytes) -> dict[str, list[float]]:
    """The scalars by tag, in the order in which they were logged; a cut-off end is ignored."""
    scalars: dict[str, list[float]] = {}
    for record in islice(_records(data), MAX_RECORDS):
        for number, summary in _fields(record):
            if number != EVENT_SUMMARY or not isinstance(summary, bytes):
                continue
            for inner, value in _fields(summary):
                if inner == SUMMARY_VALUE and isinstance(value, bytes):
                    tag, scalar = _scalar(value)
                    if scalar is not None:
                        scalars.setdefault(tag, []).append(scalar)
    return scalars


def _records(data: bytes) -> Iterator[bytes]:
    place = 0
    while place + LENGTH + CHECKSUM <= len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        start = place + LENGTH + CHECKSUM
        if start + length > len(data):
            return
        if length <= LARGEST_RECORD:
            yield data[start : start + length]
        place = start + length + CHECKSUM


def _scalar(value: bytes) -> tuple[str, float | None]:
    """Tag and number of one summary value; None where it is something else."""
    tag, scalar = "", None
    for number, content in _fields(value):
        if not isinstance(content, bytes):
            continue
        if number == TAG:
            tag = content.decode("utf-8", "replace")
        elif number == SIMPLE_VALUE:
            scalar = _float(content)
        elif number == TENSOR:
            held = [c for n, c in _fields(content) if n in (TENSOR_CONTENT, FLOAT_VALUES) and isinstance(c, bytes)]
            scalar = _float(held[-1]) if held else None
    return tag, scalar


def _float(content: bytes) -> float | None:
    """Four bytes as a number."""
    return float(struct.unpack("<f", content)[0]) if len(content) == struct.calcsize("<f") else None


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Field numbers and contents of one message; fixed-width numbers stay bytes, a damaged rest is dropped."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind, content = key & 7, b""
        if kind == VARINT:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        if kind == BYTES:
            length, place = _varint(message, place)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            return
        content = message[place : place + length]
        place += length
        yield key >> 3, content


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, and the place behind it."""
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128 or shift > 63:  # noqa: PLR2004  (the eighth bit says that more follows; 64 bits at most)
            break
    return value, place
