"""Variables of a TensorFlow checkpoint, read as data.

A checkpoint is an index (a sorted string table as in LevelDB, whose values are `BundleEntryProto`) and data
files in which tensors lie as plain bytes. Format: tensorflow/core/util/tensor_bundle and
https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.models.protobuf import Malformed, messages, read_varint, whole

MAGIC = 0xDB4775248B80FB57
FOOTER, TRAILER = 48, 5
DTYPES: Mapping[int, np.dtype[np.generic]] = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    9: np.dtype("<i8"),
    10: np.dtype("?"),
    19: np.dtype("<f2"),
    22: np.dtype("<u4"),
    23: np.dtype("<u8"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a tensor lies: data file, first byte, number of bytes; and what it is."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


def read_index(data: bytes) -> dict[str, Entry]:
    """The entries of an index file by name.

    Raises:
        Malformed: it is no such file, or is compressed.
    """
    if len(data) < FOOTER or struct.unpack("<Q", data[-8:])[0] != MAGIC:
        raise Malformed("no table footer")
    footer = data[-FOOTER:]
    _, position = read_varint(footer, 0)  # where the meta index lies, which is not needed,
    _, position = read_varint(footer, position)  # and how long it is
    start, position = read_varint(footer, position)
    length, _ = read_varint(footer, position)
    entries: dict[str, Entry] = {}
    for _, handle in _block(data, start, length):
        offset, after = read_varint(handle, 0)
        size, _ = read_varint(handle, after)
        for key, value in _block(data, offset, size):
            if key:  # the empty key is the header
                entries[key.decode("utf-8", "replace")] = _entry(value)
    return entries


def _block(data: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block; each key shares a prefix with the one before."""
    end = offset + size
    if end + TRAILER > len(data) or size < 4:  # noqa: PLR2004  (the number of restarts takes four bytes)
        raise Malformed("a block reaches past the end")
    if data[end] != 0:
        raise Malformed("the index is compressed")
    restarts = struct.unpack("<I", data[end - 4 : end])[0]
    limit = end - 4 * (restarts + 1)
    position, key = offset, b""
    while position < limit:
        shared, position = read_varint(data, position)
        fresh, position = read_varint(data, position)
        length, position = read_varint(data, position)
        key = key[:shared] + data[position : position + fresh]
        position += fresh
        yield key, data[position : position + length]
        position += length


def _entry(value: bytes) -> Entry:
    """A `BundleEntryProto`."""
    shapes = messages(value, 2)
    return Entry(
        dtype=whole(value, 1),
        shape=tuple(whole(dim, 1) for dim in messages(shapes[0], 2)) if shapes else (),
        shard=whole(value, 3),
        offset=whole(value, 4),
        size=whole(value, 5),
    )


def read_tensor(entry: Entry, shard: bytes) -> NDArray[np.generic]:
    """A tensor of numbers.

    Raises:
        Malformed: its type is not known, or it does not lie within the file.
    """
    dtype = DTYPES.get(entry.dtype)
    if dtype is None:
        raise Malformed(f"tensors of type {entry.dtype} are not read")
    if entry.size != math.prod(entry.shape) * dtype.itemsize or entry.offset + entry.size > len(shard):
        raise Malformed("a tensor reaches past the end")
    return np.frombuffer(shard, dtype, math.prod(entry.shape), entry.offset).reshape(entry.shape)


def read_text(entry: Entry, shard: bytes) -> bytes:
    """A scalar of type string: its length, a checksum, and the bytes."""
    content = shard[entry.offset : entry.offset + entry.size]
    length, position = read_varint(content, 0)
    return content[position + 4 : position + 4 + length]
