"""Signature sets: genuine and forged signatures of each writer.

A same-class pair is two genuine signatures of a writer, a different-class pair a genuine one and a forgery
of it: what a verification system has to tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from siamdoctor.data.distinct import distinct_numbers, even_quotas, pair_count, pair_of
from siamdoctor.data.folder_walk import FolderTree
from siamdoctor.data.image_files import ImageFiles
from siamdoctor.data.image_samples import image_samples
from siamdoctor.data.samples import GivenPairs, IndexArray, Samples
from siamdoctor.data.splits import Chosen
from siamdoctor.errors import UnreadableData

GENUINE = frozenset({"genuine", "genuines", "real", "original", "originals", "org", "full_org"})
FORGED = frozenset({"forged", "forge", "forgery", "forgeries", "fake", "forg", "full_forg", "skilled"})
_FORGED_END = re.compile(r"[_\- ](?:forg(?:ed|eries|ery)?|fake)$", re.IGNORECASE)
# CEDAR: original_12_3.png and forgeries_12_3.png, the first number is the writer's.
_CEDAR = re.compile(r"^(?:original|forgeries)_(\d+)_\d+$", re.IGNORECASE)
# BHSig260: B-S-001-G-01.tif and B-S-001-F-01.tif.
_BHSIG = re.compile(r"^[A-Z]-S-(\d+)-([GF])-\d+$", re.IGNORECASE)
EACH = 2000  # pairs of a kind, drawn once and for all where there are more
SEED = 0
_Signature = tuple[str, bool, str]  # writer, whether forged, file


def is_signature_set(chosen: Chosen) -> bool:
    """Whether every image belongs to a writer and is genuine or forged, and both kinds occur."""
    signatures = _signatures(chosen)
    return signatures is not None and len({forged for _, forged, _ in signatures}) > 1


def read_signatures(tree: FolderTree, chosen: Chosen) -> Samples:
    """Signatures with up to 2,000 pairs of each kind, spread evenly over writers.

    Raises:
        UnreadableData: no writer with two genuine signatures, or none with a genuine one and a forgery.
    """
    signatures = sorted(_signatures(chosen) or ())
    owners = [f"{writer} (forged)" if forged else writer for writer, forged, _ in signatures]
    identity_names, identity = np.unique(owners, return_inverse=True)
    files = [file for _, _, file in signatures]
    pairs = _pairs(signatures)
    if not pairs.same.any() or pairs.same.all():
        raise UnreadableData(
            "A signature set needs a writer with two genuine signatures and one with a forgery. "
            f"Received: data={tree.root}, signatures={len(files)}, writers={len({w for w, _, _ in signatures})}"
        )
    return image_samples(
        ImageFiles(tree.root, files, tree.unreadable),
        tree.root,
        identity=identity.astype(np.int64),
        identity_names=tuple(map(str, identity_names)),
        names=tuple(files),
        layout="signatures",
        pairs=pairs,
        assumed=(*chosen.assumed, "different-class pairs are a writer's genuine signature and a forgery of it"),
    )


def _signatures(chosen: Chosen) -> list[_Signature] | None:
    """Writer, kind and file of every image; None where an image has no writer or kind."""
    found: list[_Signature] = []
    for folder in chosen.folders:
        parts = folder.parts[chosen.depth :]
        for file in folder.paths():
            told = _told_by_name(PurePosixPath(file).stem) or _told_by_folders(parts)
            if told is None:
                return None
            found.append((*told, file))
    return found


def _told_by_folders(parts: Sequence[str]) -> tuple[str, bool] | None:
    """Writer and kind from folders: writer01/forged, forged/writer01, or 001 beside 001_forg."""
    for k in (len(parts) - 1, 0):
        rest = [*parts[:k], *parts[k + 1 :]]
        if rest and parts[k].lower() in GENUINE | FORGED:
            return "/".join(rest), parts[k].lower() in FORGED
    if parts and _FORGED_END.search(parts[-1]):
        return "/".join([*parts[:-1], _FORGED_END.sub("", parts[-1])]), True
    return ("/".join(parts), False) if parts and parts[-1].isdigit() else None


def _told_by_name(stem: str) -> tuple[str, bool] | None:
    """Writer and kind from the file names of the public sets."""
    cedar, bhsig = _CEDAR.match(stem), _BHSIG.match(stem)
    if cedar:
        return f"writer {cedar[1]}", stem.lower().startswith("forg")
    return (f"writer {bhsig[1]}", bhsig[2].upper() == "F") if bhsig else None


def _pairs(signatures: Sequence[_Signature]) -> GivenPairs:
    """Genuine with genuine, and genuine with forged, of each writer."""
    rng = np.random.default_rng(SEED)
    writers = np.unique([writer for writer, _, _ in signatures], return_inverse=True)[1]
    forged = np.array([kind for _, kind, _ in signatures])
    count = int(writers.max()) + 1
    genuine_of = [np.flatnonzero((writers == w) & ~forged) for w in range(count)]
    forged_of = [np.flatnonzero((writers == w) & forged) for w in range(count)]
    genuine, forgeries = (np.array([g.size for g in group]) for group in (genuine_of, forged_of))
    owner, number = _drawn(pair_count(genuine), rng)
    low, high = pair_of(number)
    same = [(genuine_of[w][i], genuine_of[w][j]) for w, i, j in zip(owner, low, high, strict=True)]
    owner, number = _drawn(genuine * forgeries, rng)
    other = [
        (genuine_of[w][k // forgeries[w]], forged_of[w][k % forgeries[w]]) for w, k in zip(owner, number, strict=True)
    ]
    sides = np.array(same + other, dtype=np.int64).reshape(-1, 2)
    return GivenPairs(
        left=sides[:, 0].copy(), right=sides[:, 1].copy(), same=np.repeat([True, False], [len(same), len(other)])
    )


def _drawn(capacity: IndexArray, rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
    """Up to 2,000 distinct (writer, number), evenly over writers."""
    return distinct_numbers(capacity, even_quotas(capacity, min(EACH, int(capacity.sum())), rng), rng)
