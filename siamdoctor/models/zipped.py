"""Taking single members out of a zip archive that nobody vouches for, and nothing else."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from siamdoctor.errors import UnreadableModel
from siamdoctor.zip_directory import MAX_DIRECTORY, directory_bytes

MAX_RATIO = 100  # unpacked bytes per packed byte
FREE_BYTES = 1 << 20  # members smaller than this are never suspicious
LARGE_RATIO, LARGE_BYTES = 8, 128 << 20  # the same for what would fill memory; trained weights hardly shrink at all
# What `zipfile` and the decoders behind it raise on archives that are damaged.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


def refuse_long_directory(file: BinaryIO, path: Path) -> None:
    """Refuse an archive of more members than any model has, before they are listed."""
    if directory_bytes(file) > MAX_DIRECTORY:
        raise UnreadableModel(f"The archive has more members than any model. Received: model={path}")


def members_of(file: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Directory of the archive, refused as a whole where one entry is no file that Keras would write."""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in file.infolist():
        name = info.filename
        if name.startswith(("/", "\\")) or ".." in name.split("/") or ":" in name or "\\" in name:
            raise UnreadableModel(f"The archive has a member outside itself. Received: model={path}, member={name!r}")
        if name in members:
            raise UnreadableModel(f"The archive has a member twice. Received: model={path}, member={name!r}")
        if info.flag_bits & 1:
            raise UnreadableModel(f"The archive is encrypted. Received: model={path}, member={name!r}")
        members[name] = info
    return members


def read_member(
    file: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    name: str,
    path: Path,
    *,
    limit: int,
    optional: bool = False,
) -> bytes:
    """One member, read no further than it declares and than the limit allows."""
    info = members.get(name)
    if info is None:
        if optional:
            return b""
        raise UnreadableModel(f"The archive has no {name}, so it is no model saved by Keras. Received: model={path}")
    ratio = info.file_size / max(info.compress_size, 1)
    bloated = ratio > (LARGE_RATIO if info.file_size > LARGE_BYTES else MAX_RATIO)
    if info.file_size > limit or (bloated and info.file_size > FREE_BYTES):
        raise UnreadableModel(
            f"The archive's {name} unpacks to {info.file_size} bytes from {info.compress_size}, which no honest "
            f"model does. Received: model={path}"
        )
    with file.open(info) as stream:
        content = stream.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise UnreadableModel(f"The archive's {name} is not as long as it says. Received: model={path}")
    return content
