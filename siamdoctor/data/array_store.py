"""Opening .npz and .npy files without pickle, without trusting declared sizes, and mapped where possible."""

from __future__ import annotations

import lzma
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableData
from siamdoctor.zip_directory import MAX_DIRECTORY, directory_bytes

# A compressed array has to be unpacked whole; beyond this it should be saved uncompressed.
UNPACKED_LIMIT = 4 << 30
FREE_BYTES, MAX_RATIO = 128 << 20, 16  # larger ones must be stored in a sixteenth of their size at least
SPARSE_BYTES, SPARSE_RATIO, BLOCK = 64 << 20, 64, 512  # the same for files that are mostly a hole
LOCAL_HEADER = 30  # bytes of a zip member's local header before its name (APPNOTE 4.3.7)

# Plain numbers and text are all that a data set needs; objects would be unpickled.
Stored = NDArray[np.generic]
# What zipfile, its decoders, and numpy's reader of headers raise on damaged files.
_DAMAGED = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,
    OverflowError,
    MemoryError,
    RuntimeError,  # RecursionError and NotImplementedError among them
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


def open_npz(path: Path, wanted: tuple[str, ...] | None = None) -> dict[str, Stored]:
    """Open the arrays of an .npz file, or those with a wanted name; uncompressed ones are mapped.

    Raises:
        UnreadableData: not a zip of arrays, object arrays, or sizes that contradict the file.
    """
    with _archive(path) as archive:
        members = {i.filename.removesuffix(".npy"): i for i in archive.infolist()}
        return {
            name: _open_member(path, archive, info, name)
            for name, info in members.items()
            if wanted is None or name in wanted
        }


def npz_names(path: Path) -> tuple[str, ...]:
    """Names of the arrays in an .npz file.

    Raises:
        UnreadableData: it is not a zip file.
    """
    with _archive(path) as archive:
        return tuple(n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy"))


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """An .npz file opened as the archive that it is; whatever is wrong with it becomes one message."""
    try:
        with path.open("rb") as file:
            _refuse_hole(path, os.fstat(file.fileno()))
            if directory_bytes(file) > MAX_DIRECTORY:
                raise UnreadableData(f"The .npz file has more members than any data set. Received: data={path}")
            with zipfile.ZipFile(file) as archive:
                yield archive
    except _DAMAGED as error:
        raise UnreadableData(f"The .npz file is damaged or truncated. Received: data={path}") from error


def _refuse_hole(path: Path, status: os.stat_result) -> None:
    """Refuse a file that declares much and stores next to nothing."""
    stored = BLOCK * getattr(status, "st_blocks", status.st_size)
    if status.st_size > SPARSE_BYTES and status.st_size > SPARSE_RATIO * stored:
        raise UnreadableData(
            f"The file is mostly a hole: {stored} bytes of {status.st_size} are stored. Received: data={path}. "
            "Copy or download it again."
        )


def open_npy(path: Path) -> Stored:
    """Map an .npy file.

    Raises:
        UnreadableData: not an array file, an object array, or shorter than it declares.
    """
    try:
        with path.open("rb") as file:
            _refuse_hole(path, os.fstat(file.fileno()))
            shape, dtype, fortran = _header(file, path, path.name)
            return _mapped(path, file.tell(), shape, dtype, fortran=fortran)
    except _DAMAGED as error:
        raise UnreadableData(f"The .npy file is damaged or truncated. Received: data={path}") from error


def _open_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Stored:
    """One member: mapped where it is stored as it is, else unpacked after its size was checked."""
    with archive.open(info) as member:
        shape, dtype, fortran = _header(member, path, name)
        start = member.tell()
        declared = start + _size(shape, dtype)
        if declared != info.file_size:
            raise UnreadableData(
                f"The array declares another size than the file holds. Received: data={path}, array={name}, "
                f"declared={declared} bytes, stored={info.file_size} bytes"
            )
        if info.compress_type != zipfile.ZIP_STORED:
            hollow = declared > FREE_BYTES and declared > MAX_RATIO * info.compress_size
            if declared > UNPACKED_LIMIT or hollow:
                raise UnreadableData(
                    f"The compressed array is too large to unpack. Received: data={path}, array={name}, "
                    f"bytes={declared} from {info.compress_size}. Save it with numpy.savez (uncompressed), which is "
                    "read piecewise."
                )
            values = np.frombuffer(member.read(declared - start), dtype=dtype)
            values = values.reshape(shape, order="F" if fortran else "C")
            values.setflags(write=False)
            return values
    with path.open("rb") as file:
        file.seek(info.header_offset)
        local = file.read(LOCAL_HEADER)
    lengths = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
    return _mapped(path, info.header_offset + LOCAL_HEADER + lengths + start, shape, dtype, fortran=fortran)


def _header(file: IO[bytes], path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic], bool]:
    """Shape, dtype and whether columns come first, with objects refused."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if any(side < 0 for side in shape):
        raise ValueError("a negative length")
    if dtype.hasobject:
        raise UnreadableData(
            "The array holds Python objects, which would have to be unpickled and could run code. "
            f"Received: data={path}, array={name}. Save plain numbers: np.asarray(x, dtype='float32')."
        )
    return tuple(int(side) for side in shape), dtype, bool(fortran)


def _size(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> int:
    """Bytes of an array; Python integers cannot overflow."""
    count = 1
    for side in shape:
        count *= side
    return count * dtype.itemsize


def _mapped(path: Path, start: int, shape: tuple[int, ...], dtype: np.dtype[np.generic], *, fortran: bool) -> Stored:
    """Map the values without reading them (an empty array cannot be mapped)."""
    if start + _size(shape, dtype) > path.stat().st_size:
        raise ValueError("declared beyond the end of the file")
    if _size(shape, dtype) == 0:
        return np.empty(shape, dtype)
    order: Literal["C", "F"] = "F" if fortran else "C"
    mapped: Stored = np.memmap(path, dtype=dtype, mode="r", offset=start, shape=shape, order=order)
    return mapped
