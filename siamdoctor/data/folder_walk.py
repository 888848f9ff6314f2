"""Which folders below a root hold images, or texts where there are none, found without following a link twice."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from siamdoctor.data.images import SUFFIXES
from siamdoctor.data.samples import Unreadable
from siamdoctor.errors import UnreadableData

DEPTH_LIMIT = 32
TEXTS = frozenset({".txt"})
HIDDEN = (".", "__MACOSX", "@eaDir", "$RECYCLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFolder:
    """A folder that holds images (or texts): its place below the root, and the files' names in order."""

    parts: tuple[str, ...]
    files: tuple[str, ...]

    def paths(self) -> tuple[str, ...]:
        """The files relative to the root, with forward slashes."""
        return tuple(str(PurePosixPath(*self.parts, name)) for name in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderTree:
    """All folders with images below a root; `others` counts files that are no images.

    of_texts: the folders hold text files, and images are nowhere.
    """

    root: Path
    folders: tuple[ImageFolder, ...]
    others: int
    unreadable: tuple[Unreadable, ...]
    of_texts: bool = False


def walk(root: Path) -> FolderTree:
    """List the folders with images in alphabetical order; where there are none, those with texts.

    Of texts only the innermost folders count: notes such as README.txt lie further out.

    Raises:
        UnreadableData: the root cannot be listed.
    """
    tree = _walk(root, SUFFIXES)
    if tree.folders or not tree.others:
        return tree
    texts = _walk(root, TEXTS)
    outer = {f.parts[:k] for f in texts.folders for k in range(len(f.parts))}
    inner = tuple(f for f in texts.folders if f.parts and f.parts not in outer)
    return replace(texts, folders=inner, of_texts=True) if inner else tree


def _walk(root: Path, suffixes: frozenset[str]) -> FolderTree:
    """List the folders with files of these kinds in alphabetical order.

    Links are followed, but no folder is entered twice, so that a loop of links ends. Hidden files and
    folders are passed over.

    Raises:
        UnreadableData: the root cannot be listed.
    """
    seen: set[tuple[int, int]] = set()
    folders: list[ImageFolder] = []
    unreadable: list[Unreadable] = []
    others = 0
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        place = root.joinpath(*parts)
        try:
            status = place.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            below, files, strange = _listed(place, suffixes)
        except OSError as error:
            if not parts:
                raise UnreadableData(f"The folder cannot be read ({error.strerror}). Received: data={root}") from error
            unreadable.append(Unreadable(name="/".join(parts), reason=f"cannot be read ({error.strerror})"))
            continue
        others += strange
        if files:
            folders.append(ImageFolder(parts=parts, files=tuple(files)))
        if len(parts) < DEPTH_LIMIT:
            waiting.extend((*parts, name) for name in reversed(below))
    folders.sort(key=lambda folder: folder.parts)
    return FolderTree(root=root, folders=tuple(folders), others=others, unreadable=tuple(unreadable))


def _listed(place: Path, suffixes: frozenset[str]) -> tuple[list[str], list[str], int]:
    """Sub-folders (real ones first, so that links to them come second), files wanted, number of others."""
    real: list[str] = []
    linked: list[str] = []
    files: list[str] = []
    others = 0
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(HIDDEN):
                continue
            if _is_folder(entry):
                (linked if entry.is_symlink() else real).append(entry.name)
            elif Path(entry.name).suffix.lower() in suffixes:
                files.append(entry.name)
            else:
                others += 1
    return sorted(real) + sorted(linked), sorted(files), others


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder or a link to one; a link to itself is neither."""
    try:
        return entry.is_dir()
    except OSError:
        return False
