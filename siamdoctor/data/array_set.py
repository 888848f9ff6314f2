"""Named arrays that belong together: the members of an .npz file, or the .npy files of a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from siamdoctor.data.array_store import Stored, npz_names, open_npy, open_npz


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySet:
    """Names of arrays, and how to open some of them."""

    path: Path
    layout: str
    names: tuple[str, ...]
    open: Callable[[tuple[str, ...]], dict[str, Stored]]


def array_set(path: Path) -> ArraySet:
    """The arrays of an .npz file, of a folder of .npy files, or of the folder that an .npy file lies in.

    Raises:
        UnreadableData: the file is damaged.
    """
    if path.is_file() and path.suffix.lower() != ".npy":
        return ArraySet(
            path=path, layout="arrays in .npz", names=npz_names(path), open=lambda wanted: open_npz(path, wanted)
        )
    folder = path if path.is_dir() else path.parent
    files = {file.stem: file for file in npy_files(folder)}
    return ArraySet(
        path=path,
        layout="arrays in .npy files",
        names=tuple(files),
        open=lambda wanted: {name: open_npy(files[name]) for name in wanted},
    )


def npy_files(folder: Path) -> tuple[Path, ...]:
    """The .npy files that lie in a folder, in order."""
    return tuple(sorted(p for p in folder.iterdir() if p.suffix.lower() == ".npy" and p.is_file()))
