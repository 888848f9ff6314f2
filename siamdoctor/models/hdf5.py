"""Reading weights out of an HDF5 file that nobody vouches for."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.rehearsal import trouble_with

MAX_OBJECTS = 200_000
FREE_BYTES = 64 << 20  # arrays that declare less than this are never suspicious
MAX_RATIO = 1000  # declared bytes per stored byte; constant weights compress well, but not like that
TOTAL_RATIO = 16  # the same for all arrays together, of which few are constant
NUMBER = 4  # bytes that a stored number takes here at least, since small kinds are read as single precision
SECONDS, SECONDS_PER_BYTE = 0.9, 2e-8  # of computing that reading a file may take; a megabyte takes a hundredth


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArray:
    """A dataset of the file: where it is and what it declares to be."""

    path: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFile:
    """An HDF5 file held in memory, checked once, with an index of what it contains.

    arrays: by path. groups: path of every group, with the `name` that Keras 3 wrote to it, if any.
    attributes: texts and lists of texts among the attributes, by (path, attribute).
    """

    content: bytes
    arrays: Mapping[str, StoredArray]
    groups: Mapping[str, str | None]
    attributes: Mapping[tuple[str, str], tuple[str, ...]]

    def read(self, path: str) -> NDArray[np.floating]:
        """One array, read-only.

        Raises:
            UnreadableModel: the stored bytes are damaged.
        """
        try:
            with h5py.File(io.BytesIO(self.content), "r") as file:
                array = np.asarray(file[path])
        except (OSError, KeyError, ValueError, OverflowError) as error:
            raise UnreadableModel(f"A stored weight is damaged ({error}). Received: weight={path!r}") from error
        return as_weights(array)


class WeightStore(Protocol):
    """Where weights come from: an HDF5 file, or something laid out like one (see `WeightFile` for the fields)."""

    @property
    def arrays(self) -> Mapping[str, StoredArray]:
        """Arrays by path."""

    @property
    def groups(self) -> Mapping[str, str | None]:
        """Groups by path."""

    @property
    def attributes(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Texts by path and name."""

    def read(self, path: str) -> NDArray[np.floating]:
        """One array, read-only."""


def as_weights(array: NDArray[np.generic]) -> NDArray[np.floating]:
    """Stored numbers in single or double precision, read-only."""
    kept = array.dtype in (np.float32, np.float64)
    weights: NDArray[np.floating] = np.asarray(array if kept else array.astype(np.float32))
    weights.setflags(write=False)
    return weights


def read_weight_file(content: bytes, name: str) -> WeightFile:
    """Index an HDF5 file, following hard links only.

    Raises:
        UnreadableModel: it is no HDF5 file, or has a link or dataset that reaches out of it, a dataset
            that is not of numbers, or one that declares far more than is stored.
    """
    arrays: dict[str, StoredArray] = {}
    groups: dict[str, str | None] = {}
    attributes: dict[tuple[str, str], tuple[str, ...]] = {}
    patience = SECONDS + SECONDS_PER_BYTE * len(content)
    trouble = trouble_with(lambda: _read_all(content, name), memory=2 * len(content), patience=patience)
    if trouble is not None:
        raise UnreadableModel(trouble if "Received: " in trouble else _damaged(trouble, name))
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            _walk(file, name, arrays, groups, attributes)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise UnreadableModel(_damaged(str(error), name)) from error
    _check_total(arrays, len(content), name)
    return WeightFile(content=content, arrays=arrays, groups=groups, attributes=attributes)


def _damaged(reason: str, name: str) -> str:
    """What to say of a file that the library cannot read."""
    return f"The file is damaged: its HDF5 part cannot be read ({reason}). Received: model={name}"


def _read_all(content: bytes, name: str) -> None:
    """Everything that will be done with the file, to see whether the library survives it."""
    arrays: dict[str, StoredArray] = {}
    with h5py.File(io.BytesIO(content), "r") as file:
        _walk(file, name, arrays, {}, {})
        _check_total(arrays, len(content), name)
        for path in arrays:
            file[path][()]


def _walk(
    file: h5py.File,
    name: str,
    arrays: dict[str, StoredArray],
    groups: dict[str, str | None],
    attributes: dict[tuple[str, str], tuple[str, ...]],
) -> None:
    """Visit every group once, without recursion and without opening a link before knowing its kind."""
    stack = [("", file)]
    visited: set[tuple[int, ...]] = set()
    while stack:
        path, group = stack.pop()
        token = _token(group)
        if token in visited:
            raise UnreadableModel(f"A group of the file holds itself. Received: model={name}, group={path!r}")
        visited.add(token)
        texts = _texts(group)
        attributes |= {(path, key): value for key, value in texts.items()}
        groups[path] = texts.get("name", (None,))[0]
        for key in group:
            inner = f"{path}/{key}" if path else key
            if group.id.links.get_info(key.encode("utf-8", "surrogateescape")).type != h5py.h5l.TYPE_HARD:
                raise UnreadableModel(f"The file links to something outside. Received: model={name}, link={inner!r}")
            item = group[key]
            if isinstance(item, h5py.Group):
                stack.append((inner, item))
            elif isinstance(item, h5py.Dataset):
                arrays[inner] = _stored(item, inner, name)
            if len(arrays) + len(groups) + len(stack) > MAX_OBJECTS:
                raise UnreadableModel(f"The file holds more than {MAX_OBJECTS} objects. Received: model={name}")


def _token(group: h5py.Group) -> tuple[int, ...]:
    """What tells two groups apart, whatever they are called."""
    info = h5py.h5o.get_info(group.id)
    return info.fileno, info.addr


def _texts(group: h5py.Group) -> dict[str, tuple[str, ...]]:
    """Attributes that are text or arrays of text; the rest is of no use here."""
    found: dict[str, tuple[str, ...]] = {}
    attributes = group.attrs
    for key in attributes:
        value = attributes[key]
        items = value.ravel().tolist() if isinstance(value, np.ndarray) else [value]
        if all(isinstance(item, str | bytes) for item in items):
            found[key] = tuple(i if isinstance(i, str) else i.decode("utf-8", "replace") for i in items)
    return found


def _stored(item: h5py.Dataset, path: str, name: str) -> StoredArray:
    """Describe one dataset and refuse those that would read other files or unpack to something huge."""
    plist = item.id.get_create_plist()
    if plist.get_external_count() or item.is_virtual:
        raise UnreadableModel(f"A weight is kept in another file. Received: model={name}, weight={path!r}")
    if item.dtype.kind not in "fiub" and item.dtype.name != "bfloat16":
        if item.shape and item.size:
            raise UnreadableModel(
                f"A weight is not of numbers. Received: model={name}, weight={path!r}, dtype={item.dtype}"
            )
        return StoredArray(path=path, shape=(), dtype="text")
    shape = tuple(int(axis) for axis in item.shape or ())
    declared = item.size * item.dtype.itemsize if item.size else 0
    if declared > FREE_BYTES and declared > MAX_RATIO * item.id.get_storage_size():
        raise UnreadableModel(
            f"A weight declares {declared / 2**30:.1f} GiB but stores {item.id.get_storage_size()} bytes, so the "
            f"file is damaged or hostile. Received: model={name}, weight={path!r}, shape={shape}"
        )
    return StoredArray(path=path, shape=shape, dtype=item.dtype.name)


def _check_total(arrays: Mapping[str, StoredArray], size: int, name: str) -> None:
    """Many arrays just below the limit must not add up either."""
    declared = sum(_itemsize(a.dtype) * int(np.prod(a.shape, dtype=np.float64)) for a in arrays.values())
    if declared > 4 * FREE_BYTES and declared > TOTAL_RATIO * size:
        raise UnreadableModel(
            f"The weights declare {declared / 2**30:.1f} GiB in a file of {size} bytes, so it is damaged or "
            f"hostile. Received: model={name}"
        )


def _itemsize(dtype: str) -> int:
    """Bytes that a number of a stored kind takes once it is read."""
    return max(NUMBER, np.dtype(dtype).itemsize) if dtype not in ("text", "bfloat16") else NUMBER
