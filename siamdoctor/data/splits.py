"""Which of train/, val/ and test/ a data set has, and which of them is read."""

from __future__ import annotations

from dataclasses import dataclass

from siamdoctor.data.folder_walk import FolderTree, ImageFolder
from siamdoctor.errors import UnreadableData

_NAMES = {
    "train": ("train", "training", "images_background"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "eval", "evaluation", "images_evaluation"),
}
SPLIT_OF = {name: split for split, names in _NAMES.items() for name in names}
PREFERENCE = ("val", "test")
MANY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The folders to read; `depth` path components in front of an identity's name belong to the split."""

    folders: tuple[ImageFolder, ...]
    depth: int
    assumed: tuple[str, ...] = ()


def found_splits(tree: FolderTree) -> tuple[dict[str, str], int]:
    """The splits below a root (split: folder name), and how many components stand before them.

    A folder that holds images itself is a class, whatever its name. Other folders beside a single
    train/ make it a class as well: there are data sets of vehicles.
    """
    depth = 0
    tops = {folder.parts[:1] for folder in tree.folders}
    while len(tops) == 1 and () not in tops and not _is_split(next(iter(tops))[-1]):
        depth += 1
        tops = {folder.parts[: depth + 1] for folder in tree.folders}
        if any(len(top) <= depth for top in tops):
            return {}, 0
    splits = {_split_of(top[-1]): top[-1] for top in sorted(tops) if top and _is_split(top[-1])}
    direct = any(len(f.parts) == depth + 1 and _is_split(f.parts[-1]) for f in tree.folders)
    alone = len(splits) < MANY and len(splits) < len(tops)
    return ({}, 0) if direct or alone else (splits, depth)


def choose(tree: FolderTree, split: str | None) -> Chosen:
    """The folders of the split asked for; without one, of val/, else of test/, else all.

    A data set that is not split is taken whole, whatever is asked for.

    Raises:
        UnreadableData: the split asked for is missing, while others are there.
    """
    splits, depth = found_splits(tree)
    if split is None:
        split = next((name for name in PREFERENCE if name in splits), None)
        if split is None:
            return Chosen(folders=tree.folders, depth=depth + 1 if splits else 0)
        assumed: tuple[str, ...] = (
            (f"the samples of {splits[split]}/ are judged, of {_listed(splits)} below {tree.root}",)
            if len(splits) > 1
            else ()
        )
    elif split in splits:
        assumed = ()
    elif not splits:
        return Chosen(folders=tree.folders, depth=0)
    else:
        raise UnreadableData(
            f"There is no {split}/ with class folders below. Received: data={tree.root}, found={_listed(splits)}"
        )
    chosen = tuple(f for f in tree.folders if f.parts[depth] == splits[split])
    return Chosen(folders=chosen, depth=depth + 1, assumed=assumed)


def _is_split(name: str) -> bool:
    return name.lower() in SPLIT_OF


def _split_of(name: str) -> str:
    return SPLIT_OF[name.lower()]


def _listed(splits: dict[str, str]) -> str:
    return ", ".join(f"{name}/" for name in splits.values())
