"""Pairs of image files as a list names them, made into samples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.image_files import ImageFiles
from siamdoctor.data.image_samples import image_samples
from siamdoctor.data.pair_labels import labels_as_same, two_kinds
from siamdoctor.data.samples import GivenPairs, Samples, Unreadable
from siamdoctor.errors import UnreadableData


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPairs:
    """What a pair list says.

    left, right: (p,) image files, relative to `root`. labels: (p,) as written, in the column `column`.
    """

    path: Path
    root: Path
    layout: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    labels: tuple[object, ...]
    column: str = "label"


def listed_samples(listed: ListedPairs, same_label: int | None) -> Samples:
    """Image files as samples, with the listed pairs; pairs of files that do not exist are left out.

    The folder of a file is its identity, where folders look like classes: some pairs lie within one, some
    do not, and neither side comes from a single folder.

    Raises:
        UnreadableData: none of the files exists, or pairs are of one kind only.
    """
    names = tuple(dict.fromkeys((*listed.left, *listed.right)))
    missing = _missing(listed, names)
    place = {name: k for k, name in enumerate(n for n in names if n not in missing)}
    rows = zip(listed.left, listed.right, listed.labels, strict=True)
    kept = [(place[a], place[b], label) for a, b, label in rows if a in place and b in place]
    left, right = (np.array([row[side] for row in kept], dtype=np.int64) for side in (0, 1))
    folders = _folders(tuple(place))
    classes = folders[left] == folders[right]
    known = _are_classes(folders[left], folders[right])
    labels = labels_as_same(
        [label for _, _, label in kept],
        path=listed.path,
        column=listed.column,
        same_label=same_label,
        classes_agree=classes if known else None,
    )
    two_kinds(labels.same, listed.path)
    owners = folders if known else np.array(tuple(place))
    identity_names, identity = np.unique(owners, return_inverse=True)
    skipped = tuple(Unreadable(name=name, reason="the listed file does not exist") for name in names if name in missing)
    assumed = () if known else ("the classes of the samples are unknown: each file counts as its own",)
    return image_samples(
        ImageFiles(listed.root, tuple(place), skipped),
        listed.path,
        identity=identity.astype(np.int64),
        identity_names=tuple(map(str, identity_names)),
        names=tuple(place),
        layout=listed.layout,
        pairs=GivenPairs(left=left, right=right, same=labels.same),
        assumed=(*labels.assumed, *assumed),
        identity_known=known,
    )


def _missing(listed: ListedPairs, names: Sequence[str]) -> frozenset[str]:
    """The listed files that do not exist; an error if none does."""
    missing = frozenset(name for name in names if not (listed.root / name).is_file())
    if len(missing) == len(names):
        raise UnreadableData(
            f"None of the listed files exists. Received: data={listed.path}, looked for={listed.root / names[0]}, "
            f"files={len(names)}. Paths in a pair list are relative to the list."
        )
    return missing


def _folders(names: Sequence[str]) -> NDArray[np.str_]:
    """(n,) folder of each file, without what all have in common."""
    parents = [str(PurePosixPath(name).parent) for name in names]
    shared = os.path.commonpath(parents) if len({p.startswith("/") for p in parents}) == 1 else ""
    return np.array([str(PurePosixPath(p).relative_to(shared)) if shared else p for p in parents])


def _are_classes(left: NDArray[np.str_], right: NDArray[np.str_]) -> bool:
    """Whether the folders of (p,) pairs look like classes."""
    within = left == right
    return bool(within.any() and not within.all() and np.unique(left).size > 1 and np.unique(right).size > 1)
