"""Judging the user's own pairs, and what two data sets have in common, by content and without a model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.likeness import looks_of, nearest_alike
from siamdoctor.data.samples import GivenPairs, IndexArray, Samples
from siamdoctor.errors import Unavailable

HASHED = 20_000  # samples a side whose content is compared
COMPARED = (500, 4000)  # validation and training images whose looks are compared: the slow part
EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAudit:
    """Counts over the user's own pairs; shares are of the pairs that they speak of.

    pairs, same: how many, and how many of them are labelled same-class; same_share = same / pairs.
    identical: pairs whose two sides have equal content; identical_same of them are labelled same-class, and
    identical_same_share is their share of the same-class pairs.
    repeated: pairs that occurred before with the same sides; mirrored: with the sides exchanged.
    contradicted: pairs that occur with both labels.
    agreement: share of labels that agree with the class folders, None where classes are unknown;
    agreement_same and agreement_different the same for pairs labelled so.
    samples: distinct contents that the pairs use.
    """

    pairs: int
    same: int
    same_share: float
    identical: int
    identical_same: int
    identical_same_share: float
    repeated: int
    mirrored: int
    contradicted: int
    agreement: float | None
    agreement_same: float | None
    agreement_different: float | None
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """What a validation set shares with the training set.

    validation, training: samples whose content was compared (spread over the sets where these are large).
    equal: validation samples with equal content in training, equal_share their share.
    compared: validation images whose looks were compared as well (0 for other data), near: those of them
    that show a training image's picture in other bytes, near_share their share.
    shared_identities: names of identities in both; shared_pairs: validation pairs that are training pairs,
    in either order, where both sets bring pairs (else None).
    examples: (validation sample, training sample) of equal or near ones.
    """

    validation: int
    training: int
    equal: int
    equal_share: float
    compared: int
    near: int
    near_share: float
    shared_identities: tuple[str, ...]
    shared_pairs: int | None
    examples: tuple[tuple[str, str], ...]


def audit_pairs(samples: Samples) -> PairAudit:
    """Audit the pairs that a data set brings.

    Raises:
        Unavailable: it brings none.
    """
    pairs = samples.pairs
    if pairs is None:
        raise Unavailable("the data set brings no pairs of its own")
    left, right = _contents(samples, pairs)
    identical = left == right
    repeated, mirrored, contradicted = _occurrences(left, right, pairs.same)
    agrees = (samples.identity[pairs.left] == samples.identity[pairs.right]) == pairs.same
    known = samples.identity_known
    return PairAudit(
        pairs=pairs.same.size,
        same=int(pairs.same.sum()),
        same_share=float(pairs.same.mean()),
        identical=int(identical.sum()),
        identical_same=int((identical & pairs.same).sum()),
        identical_same_share=_share(identical[pairs.same]),
        repeated=repeated,
        mirrored=mirrored,
        contradicted=contradicted,
        agreement=_share(agrees) if known else None,
        agreement_same=_share(agrees[pairs.same]) if known else None,
        agreement_different=_share(agrees[~pairs.same]) if known else None,
        samples=int(np.unique(np.concatenate([left, right])).size),
    )


def leakage(train: Samples, validation: Samples) -> Leakage:
    """Compare two data sets by content, by looks and by the names of identities."""
    seen, known = _spread(len(validation), HASHED), _spread(len(train), HASHED)
    digests = validation.digest(seen)
    where = dict(zip(train.digest(known), known.tolist(), strict=True))
    equal = [(int(v), where[d]) for v, d in zip(seen, digests, strict=True) if d in where]
    near, compared = _near(train, validation, {v for v, _ in equal})
    known_names = train.identity_known and validation.identity_known
    return Leakage(
        validation=seen.size,
        training=known.size,
        equal=len(equal),
        equal_share=len(equal) / max(seen.size, 1),
        compared=compared,
        near=len(near),
        near_share=len(near) / max(compared, 1),
        shared_identities=_common_names(train, validation) if known_names else (),
        shared_pairs=_shared_pairs(train, validation),
        examples=tuple((validation.names[v], train.names[t]) for v, t in (*equal, *near)[:EXAMPLES]),
    )


def _contents(samples: Samples, pairs: GivenPairs) -> tuple[IndexArray, IndexArray]:
    """(p,) number of the content on either side; equal numbers are equal contents."""
    used, ends = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    number = np.unique(np.array(samples.digest(used)), return_inverse=True)[1]
    left, right = number[ends].reshape(2, -1)
    return left, right


def _occurrences(left: IndexArray, right: IndexArray, same: NDArray[np.bool_]) -> tuple[int, int, int]:
    """How many pairs were there before as they are, before with sides exchanged, and with both labels."""
    before: set[tuple[int, int]] = set()
    repeated = mirrored = 0
    labels: dict[tuple[int, int], set[bool]] = {}
    for a, b, s in zip(left.tolist(), right.tolist(), same.tolist(), strict=True):
        repeated += (a, b) in before
        mirrored += a != b and (a, b) not in before and (b, a) in before
        before.add((a, b))
        labels.setdefault((min(a, b), max(a, b)), set()).add(s)
    both = {pair for pair, kinds in labels.items() if len(kinds) > 1}
    ends = zip(np.minimum(left, right).tolist(), np.maximum(left, right).tolist(), strict=True)
    return repeated, mirrored, sum(pair in both for pair in ends)


def _near(train: Samples, validation: Samples, equal: set[int]) -> tuple[list[tuple[int, int]], int]:
    """Validation images that show a training image's picture without being equal, and how many were compared."""
    if train.kind != "images" or validation.kind != "images":
        return [], 0
    seen, known = _spread(len(validation), COMPARED[0]), _spread(len(train), COMPARED[1])
    found = nearest_alike(looks_of(validation, seen), looks_of(train, known))
    alike = [(int(v), int(known[t])) for v, t in zip(seen, found, strict=True) if t >= 0 and int(v) not in equal]
    return alike, seen.size


def _common_names(train: Samples, validation: Samples) -> tuple[str, ...]:
    """Names of identities that have samples in both sets."""
    held = [
        {samples.identity_names[i] for i in np.unique(samples.identity).tolist()} for samples in (train, validation)
    ]
    return tuple(sorted(held[0] & held[1]))


def _shared_pairs(train: Samples, validation: Samples) -> int | None:
    """Validation pairs that occur in training, in either order."""
    if train.pairs is None or validation.pairs is None:
        return None
    sides = [
        [frozenset(pair) for pair in zip(s.digest(p.left), s.digest(p.right), strict=True)]
        for s, p in ((train, train.pairs), (validation, validation.pairs))
    ]
    return sum(Counter(sides[1])[pair] for pair in set(sides[0]) & set(sides[1]))


def _spread(size: int, limit: int) -> IndexArray:
    """Up to `limit` indices spread evenly over 0..size-1."""
    return np.arange(size) if size <= limit else np.unique(np.linspace(0, size - 1, limit).astype(np.int64))


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if flags.size else 0.0
