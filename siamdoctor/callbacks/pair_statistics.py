"""What the pairs are like that a training is fed: how many are the same, how many are one image twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from siamdoctor.callbacks.feeding import Array, Batch

PAIR = 2  # sides
FEW = 8  # pairs of one image twice from which their label is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """Counts over the pairs that were looked at. Shares are of these pairs, 0 to 1.

    ones: share with label 1, None without labels of 0 and 1. identical: one image twice. repeated: seen before
    among them, in either order. identical_label: the label of nearly all pairs of one image twice, which cannot
    but be same-class pairs; None of few. low, high: of all values; whole: whether these are whole numbers.
    """

    pairs: int
    ones: float | None
    identical: float | None
    identical_by_label: tuple[float, float] | None
    identical_label: Literal[0, 1] | None
    repeated: float
    low: float
    high: float
    whole: bool


def count_pairs(batch: Batch) -> Fed:
    """Statistics of the pairs in a batch (or of the samples, where the model takes one)."""
    labels = _binary(batch.labels)
    same_twice = _identical(batch.sides)
    by_label, believed = _by_label(same_twice, labels)
    values = [np.asarray(side, dtype=np.float32) for side in batch.sides]
    return Fed(
        pairs=len(batch.sides[0]),
        ones=float(labels.mean()) if labels is not None else None,
        identical=float(same_twice.mean()) if same_twice is not None else None,
        identical_by_label=by_label,
        identical_label=believed,
        repeated=_repeated(batch.sides),
        low=min(float(v.min()) for v in values),
        high=max(float(v.max()) for v in values),
        whole=all(bool(np.all(v == np.round(v))) for v in values),
    )


def _binary(labels: Array | None) -> NDArray[np.int64] | None:
    """Labels as 0 and 1, or None where they are something else (identities of a batch that is mined)."""
    if labels is None or not set(np.unique(labels).tolist()) <= {0, 1}:
        return None
    return labels.astype(np.int64)


def _identical(sides: tuple[Array, ...]) -> NDArray[np.bool_] | None:
    """(n,) which pairs are one image twice; of triplets the first two sides count."""
    if len(sides) < PAIR or sides[0].shape != sides[1].shape:
        return None
    return np.asarray((sides[0] == sides[1]).reshape(len(sides[0]), -1).all(axis=1))


def _by_label(
    same_twice: NDArray[np.bool_] | None, labels: NDArray[np.int64] | None
) -> tuple[tuple[float, float] | None, Literal[0, 1] | None]:
    """Share of identical pairs among those of label 0 and of label 1, and the label that they have if they agree."""
    if same_twice is None or labels is None:
        return None, None
    shares = [float(same_twice[labels == label].mean()) if np.any(labels == label) else 0.0 for label in (0, 1)]
    ones = float(labels[same_twice].mean()) if same_twice.sum() >= FEW else 0.5
    believed: Literal[0, 1] | None = 1 if ones > 0.95 else 0 if ones < 0.05 else None  # noqa: PLR2004  (nearly all)
    return (shares[0], shares[1]), believed


def _repeated(sides: tuple[Array, ...]) -> float:
    """Share of the pairs that occurred before, (a, b) and (b, a) being one."""
    keys = set()
    for row in zip(*sides, strict=True):
        digests = sorted(hashlib.blake2b(np.ascontiguousarray(v).tobytes(), digest_size=12).digest() for v in row)
        keys.add(b"".join(digests))
    return 1.0 - len(keys) / len(sides[0])
