"""Spoiling zip archives: what is inside, and a directory that lies about it."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable

import numpy as np

Rng = np.random.Generator
Spoil = Callable[[bytes, str, Rng], bytes]
DIRECTORY = b"PK\x01\x02"
LOCAL = b"PK\x03\x04"
END = b"PK\x05\x06"
# Where the fields of a directory entry lie and how long they are (APPNOTE 4.3.12).
FIELDS = ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (34, 2), (42, 4))
NAMES = (
    "../evil",
    "/etc/evil",
    "C:evil",
    "a\\b",
    "config.json",
    "x.npy",
    "",
    ".",
    "x" * 300,
    "\0",
    "é.npy",
    "config.json/",
)


def spoil_zip(content: bytes, rng: Rng, inside: Spoil) -> bytes:
    """A copy with something spoilt inside, or with a directory that lies."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, OSError):
        return content[:-1]
    way = rng.random()
    if way < 0.75 and members:
        at = int(rng.integers(len(members)))
        name, data = members[at]
        members[at] = name, inside(data, name, rng)
    if way > 0.65:
        _rearrange(members, rng)
    packed = _packed(members, rng)
    return _lying(packed, rng) if way > 0.8 else packed


def _rearrange(members: list[tuple[str, bytes]], rng: Rng) -> None:
    """Members lost, doubled, renamed, or added."""
    name = NAMES[int(rng.integers(len(NAMES)))]
    at = int(rng.integers(len(members))) if members else 0
    way = int(rng.integers(5))
    if not members or way == 0:
        members.append((name, b"\0" * int(rng.choice([0, 9, 3_000_000]))))
    elif way == 1:
        members.append(members[at])
    elif way == 2:
        del members[at]
    elif way == 3:
        members[at] = name, members[at][1]
    else:
        members[at] = members[at][0], b" " * int(rng.choice([0, 3_000_000])) + members[at][1]


def _packed(members: list[tuple[str, bytes]], rng: Rng) -> bytes:
    """The archive anew, in one of the ways of packing that exist."""
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of names that stand twice
        with zipfile.ZipFile(buffer, "w", kinds[int(rng.choice(5, p=[0.5, 0.2, 0.2, 0.05, 0.05]))]) as archive:
            for name, data in members:
                archive.writestr(name.replace("\0", "") or "-", data)
    return buffer.getvalue()


def _lying(content: bytes, rng: Rng) -> bytes:
    """Sizes, places, flags, methods or checksums in the directory that are not true."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        mark = (DIRECTORY, DIRECTORY, DIRECTORY, LOCAL, END)[int(rng.integers(5))]
        starts = [at for at in range(len(data) - 4) if data[at : at + 4] == mark] if len(data) < 400_000 else []
        at = starts[int(rng.integers(len(starts)))] if starts else max(0, len(data) - 22)
        offset, size = FIELDS[int(rng.integers(len(FIELDS)))]
        number = int(rng.choice([0, 1, 8, 12, 14, 99, 1 << 11, 65535, 2**31, 2**32 - 1])) % (1 << 8 * size)
        field = struct.pack("<H" if size == 2 else "<I", number)
        if at + offset + size <= len(data):
            data[at + offset : at + offset + size] = field
    return bytes(data)
