"""Folders anchor/, positive/ and negative/, or left/ and right/: what belongs together bears one file name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from siamdoctor.data.folder_walk import FolderTree, ImageFolder
from siamdoctor.data.image_files import ImageFiles
from siamdoctor.data.image_samples import image_samples
from siamdoctor.data.samples import GivenPairs, Samples
from siamdoctor.data.splits import Chosen
from siamdoctor.errors import UnreadableData

ROLES = {
    **dict.fromkeys(("anchor", "anchors", "anc"), "anchor"),
    **dict.fromkeys(("positive", "positives", "pos"), "positive"),
    **dict.fromkeys(("negative", "negatives", "neg"), "negative"),
    **dict.fromkeys(("left", "query"), "left"),
    **dict.fromkeys(("right",), "right"),
}
TRIPLE = {"anchor", "positive", "negative"}
COUPLES = ({"anchor", "positive"}, {"left", "right"})


def is_triple_set(chosen: Chosen) -> bool:
    """Whether the chosen folders are a triple's, or the two sides of same-class pairs with equal names."""
    roles = _roles(chosen)
    if set(roles) == TRIPLE:
        return True
    if set(roles) not in COUPLES:
        return False
    first, second = (set(_by_stem(folders)) for folders in roles.values())
    return len(first) > 1 and first == second


def read_triple_folders(tree: FolderTree, chosen: Chosen) -> Samples:
    """Triples as given pairs, or couples as identities of two samples.

    Files are matched by name; where names do not match and the folders are of equal size, by order.

    Raises:
        UnreadableData: files that cannot be matched.
    """
    roles = _roles(chosen)
    if set(roles) != TRIPLE:
        return _couples(tree, roles, chosen.assumed)
    columns, by_order = _matched(tree, roles)
    files = [name for column in columns for name in column]
    rows = np.arange(len(files), dtype=np.int64).reshape(3, -1)
    pairs = GivenPairs(
        left=np.concatenate([rows[0], rows[0]]),
        right=np.concatenate([rows[1], rows[2]]),
        same=np.repeat([True, False], rows.shape[1]),
    )
    return image_samples(
        ImageFiles(tree.root, files, tree.unreadable),
        tree.root,
        identity=np.arange(len(files)),
        identity_names=tuple(files),
        names=tuple(files),
        layout="anchor, positive and negative folders",
        pairs=pairs,
        assumed=(*chosen.assumed, *by_order, "the classes of the samples are unknown: each file counts as its own"),
        identity_known=False,
    )


def _matched(tree: FolderTree, roles: dict[str, list[ImageFolder]]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Anchors, positives and negatives in matching order, and what was assumed to match them."""
    names = {role: _by_stem(roles[role]) for role in ("anchor", "positive", "negative")}
    stems = [s for s in names["anchor"] if s in names["positive"] and s in names["negative"]]
    if stems:
        return [[found[s] for s in stems] for found in names.values()], ()
    if len({len(found) for found in names.values()}) == 1:
        said = "the files of anchor/, positive/ and negative/ are matched by their order"
        return [list(found.values()) for found in names.values()], (said,)
    sizes = ", ".join(f"{role}={len(found)}" for role, found in names.items())
    raise UnreadableData(
        f"The files of anchor, positive and negative cannot be matched. Received: data={tree.root}, {sizes}. "
        "Give what belongs together one file name."
    )


def _couples(tree: FolderTree, roles: dict[str, list[ImageFolder]], assumed: tuple[str, ...]) -> Samples:
    """Two folders with equal names: each name is an identity."""
    first, second = (_by_stem(folders) for folders in roles.values())
    stems = sorted(first)
    files = [side[stem] for stem in stems for side in (first, second)]
    said = f"files of one name in {' and '.join(f'{role}/' for role in roles)} are of one class, others are not"
    return image_samples(
        ImageFiles(tree.root, files, tree.unreadable),
        tree.root,
        identity=np.repeat(np.arange(len(stems)), 2),
        identity_names=tuple(stems),
        names=tuple(files),
        layout="two folders of matching files",
        assumed=(*assumed, said),
    )


def _roles(chosen: Chosen) -> dict[str, list[ImageFolder]]:
    """The chosen folders by role, in order; empty where a folder has none."""
    roles: dict[str, list[ImageFolder]] = {}
    for folder in chosen.folders:
        inner = folder.parts[chosen.depth :]
        role = ROLES.get(inner[0].lower()) if len(inner) == 1 else None
        if role is None:
            return {}
        roles.setdefault(role, []).append(folder)
    return roles


def _by_stem(folders: list[ImageFolder]) -> dict[str, str]:
    """Files by their name without suffix, in order."""
    return {Path(p).stem: p for folder in folders for p in sorted(folder.paths(), key=PurePosixPath)}
