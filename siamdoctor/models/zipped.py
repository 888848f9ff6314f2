"""Taking single members out of a zip archive that nobody vouches for, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

from siamdoctor.errors import UnreadableModel

MAX_RATIO = 100  # unpacked bytes per packed byte
FREE_BYTES = 1 << 20  # members smaller than this are never suspicious


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
    bloated = info.file_size > MAX_RATIO * max(info.compress_size, 1)
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
