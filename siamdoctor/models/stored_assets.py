"""Lists of words that a Keras model keeps beside its weights, taken from the model's own archive or folder."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.text_layers import ASSET
from siamdoctor.models.zipped import read_member

FOLDER = "assets"
MAX_BYTES = 32 << 20  # of all lists together
MOST_LISTS = 64


def stored_assets(file: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path) -> Mapping[str, bytes]:
    """The lists of words in an archive, by member name.

    Raises:
        UnreadableModel: they are more, or larger, than those of any model.
    """
    names = [name for name in members if name.startswith(f"{FOLDER}/") and name.endswith(f"/{ASSET}")]
    _demand_few(names, sum(members[name].file_size for name in names), path)
    return {name: read_member(file, members, name, path, limit=MAX_BYTES) for name in names}


def assets_of_folder(path: Path, read: Callable[[Path, int], bytes]) -> Mapping[str, bytes]:
    """The same of an unpacked archive; what is there is listed, and no name from the model is looked up.

    Args:
        path: the folder.
        read: how to read one file of limited size.

    Raises:
        UnreadableModel: they are more, or larger, than those of any model.
    """
    home = path / FOLDER
    inside = home.resolve()
    if not home.is_dir() or home.is_symlink():
        return {}
    found = [p for p in sorted(home.rglob(ASSET)) if p.is_file() and p.resolve().is_relative_to(inside)]
    _demand_few([p.name for p in found], sum(p.stat().st_size for p in found), path)
    return {p.relative_to(path).as_posix(): read(p, MAX_BYTES) for p in found}


def _demand_few(names: list[str], size: int, path: Path) -> None:
    if len(names) > MOST_LISTS or size > MAX_BYTES:
        raise UnreadableModel(
            f"The model keeps {len(names)} lists of words of {size} bytes, which no honest model does. "
            f"Received: model={path}"
        )
