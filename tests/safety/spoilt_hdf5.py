"""Spoiling HDF5 files: links, external storage, lying shapes, other attributes, and damaged bytes."""

from __future__ import annotations

import io
from collections.abc import Callable

import h5py
import numpy as np
from spoilt_json import spoil_json_text

Rng = np.random.Generator
Way = Callable[[h5py.File, str, Rng], None]


def spoil_hdf5(content: bytes, rng: Rng) -> bytes:
    """A copy in which one to three objects were exchanged, or some bytes are damaged."""
    if rng.random() < 0.35:
        return _damaged(content, rng)
    buffer = io.BytesIO(content)
    try:
        with h5py.File(buffer, "r+") as file:
            paths = _paths(file)
            for _ in range(int(rng.integers(1, 4))):
                way = WAYS[int(rng.integers(len(WAYS)))]
                way(file, paths[int(rng.integers(len(paths)))], rng)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, AttributeError):
        return _damaged(content, rng)  # what was wanted cannot be written by the library
    return buffer.getvalue()


def _damaged(content: bytes, rng: Rng) -> bytes:
    """Bytes flipped in few places, rather in the parts that hold structure than in weights."""
    data = bytearray(content)
    marks = [b"TREE", b"HEAP", b"SNOD", b"OHDR", b"\x89HDF", b"GCOL", b"OCHK", b"BTHD"]
    places = [at for mark in marks for at in _all(content, mark)]
    for _ in range(int(rng.integers(1, 9))):
        near = places and rng.random() < 0.6
        at = places[int(rng.integers(len(places)))] + int(rng.integers(200)) if near else int(rng.integers(len(data)))
        if at < len(data):
            data[at] = int(rng.choice([data[at] ^ 1, data[at] ^ 128, 0, 1, 127, 255, int(rng.integers(256))]))
    return bytes(data) if rng.random() < 0.9 else bytes(data[: int(rng.integers(len(data)))])


def _all(content: bytes, mark: bytes) -> list[int]:
    found, at = [], content.find(mark)
    while at >= 0:
        found.append(at)
        at = content.find(mark, at + 1)
    return found


def _paths(file: h5py.File) -> list[str]:
    found = ["/"]
    file.visit(found.append)
    return found


def _attribute(file: h5py.File, path: str, rng: Rng) -> None:
    """Spoil an attribute, most of which are text."""
    holder = file if rng.random() < 0.5 else file[path]
    names = list(holder.attrs)
    if not names:
        holder.attrs["name"] = np.array([1.5, np.nan])
        return
    name = names[int(rng.integers(len(names)))]
    value = holder.attrs[name]
    if name in ("model_config", "training_config") and rng.random() < 0.9:
        text = value if isinstance(value, bytes) else str(value).encode()
        holder.attrs[name] = spoil_json_text(text, rng)[:60_000]
        return
    strange = [3, np.nan, b"", b"\xff\xfe", "x" * 9000, np.array([b"a", b"a"]), np.zeros((2, 2)), h5py.Empty("f"), "é"]
    holder.attrs[name] = strange[int(rng.integers(len(strange)))]


def _names(file: h5py.File, path: str, rng: Rng) -> None:
    """Mix up the lists that say which weights there are."""
    holder = file[path]
    for key in list(holder.attrs):
        value = np.atleast_1d(holder.attrs[key])
        if value.ndim == 1 and value.size:
            mixed = rng.permutation(np.concatenate([value, value[: int(rng.integers(2))]]))
            holder.attrs[key] = mixed if rng.random() < 0.5 else mixed[:0]


def _dataset(file: h5py.File, path: str, rng: Rng) -> None:
    """Put another array in the place of one, or of a group."""
    path = path if path != "/" else "x"
    if path in file:
        del file[path]
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    kind = KINDS[int(rng.integers(len(KINDS)))]
    chunks = tuple(min(axis, 64) for axis in shape) if shape and all(shape) else None
    packed = {"compression": "gzip"} if chunks and rng.random() < 0.5 else {}
    file.create_dataset(path, shape, kind, chunks=chunks, **packed)


def _outside(file: h5py.File, path: str, rng: Rng) -> None:
    """Let something lie in another file, or behind a link."""
    path = path if path != "/" else "x"
    if path in file:
        del file[path]
    way = int(rng.integers(5))
    if way == 0:
        file[path] = h5py.SoftLink("/" if rng.random() < 0.5 else path)
    elif way == 1:
        file[path] = h5py.ExternalLink("/etc/passwd", "/")
    elif way == 2:
        file.create_dataset(path, (4, 2), "u1", external=[("/etc/passwd", 0, 8)])
    elif way == 3:
        layout = h5py.VirtualLayout((4, 2), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "data", (4, 2))
        file.create_virtual_dataset(path, layout)
    else:
        file[path] = file["/"]  # a group that holds itself


def _lost(file: h5py.File, path: str, rng: Rng) -> None:
    """Remove something, or give it a second place."""
    if path == "/":
        return
    if rng.random() < 0.5:
        del file[path]
    else:
        file[path + "_1"] = file[path]


WAYS: tuple[Way, ...] = (_attribute, _attribute, _attribute, _names, _dataset, _dataset, _outside, _lost)
SHAPES = (
    (),
    (0,),
    (1,),
    (4, 2),
    (2, 4),
    (3, 3, 1, 4),
    (1 << 14, 1 << 15),
    (4000, 4000),
    (10**12,),
    (1,) * 32,
    (7, 0, 7),
)
KINDS = ("f4", "f8", "f2", "i1", "u8", "?", "S9", "V7", "c8", "f4,i2", h5py.string_dtype(), h5py.vlen_dtype(np.int32),
         h5py.ref_dtype, h5py.enum_dtype({"a": 1}), np.dtype(("f4", (2, 2))))  # fmt: skip
