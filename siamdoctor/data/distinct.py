"""Drawing without replacement from many small urns at once, in whole-array steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from siamdoctor.data.samples import IndexArray

SPARSE = 4  # an urn with this many times more than is wanted is drawn from by rejection, not listed


def pair_count(size: IndexArray | np.int64) -> IndexArray:
    """How many unordered pairs `size` things have."""
    return np.asarray(size * (size - 1) // 2, dtype=np.int64)


def pair_of(number: IndexArray) -> tuple[IndexArray, IndexArray]:
    """The `number`-th unordered pair (low, high) in the order (0,1), (0,2), (1,2), (0,3), ..."""
    high = ((1 + np.sqrt(1 + 8 * number.astype(np.float64))) / 2).astype(np.int64)
    high += pair_count(high + 1) <= number  # the square root may be off by one for large numbers
    high -= pair_count(high) > number
    return number - pair_count(high), high


def even_quotas(capacity: IndexArray, wanted: int, rng: np.random.Generator) -> IndexArray:
    """Deal `wanted` things over urns as evenly as their capacities allow.

    Args:
        capacity: (m,) what each urn holds; the sum is at least `wanted`.
        wanted: how many to take in all.
        rng: decides which urns give the odd ones.

    Returns:
        (m,) how many to take from each.
    """
    low, high = 0, int(capacity.max(initial=0))
    while low < high:  # the highest level at which everybody gives min(capacity, level)
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(capacity, middle).sum() <= wanted else (low, middle - 1)
    quota = np.minimum(capacity, low)
    richer = np.flatnonzero(capacity > low)
    quota[rng.permutation(richer)[: wanted - int(quota.sum())]] += 1
    return quota


def distinct_numbers(
    capacity: IndexArray, quota: IndexArray, rng: np.random.Generator
) -> tuple[IndexArray, IndexArray]:
    """Draw quota[i] distinct numbers below capacity[i], for each urn i.

    Returns:
        urn (k,) and number (k,), k = sum of the quotas.
    """
    sparse = capacity > SPARSE * quota
    parts = [_listed(np.flatnonzero(~sparse & (quota > 0)), capacity, quota, rng)]
    parts.append(_rejected(np.flatnonzero(sparse & (quota > 0)), capacity, quota, rng))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _listed(
    urns: IndexArray, capacity: IndexArray, quota: IndexArray, rng: np.random.Generator
) -> tuple[IndexArray, IndexArray]:
    """List everything, shuffle within each urn, and take the first ones."""
    sizes = capacity[urns]
    urn = np.repeat(urns, sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    number = np.arange(urn.size) - first
    shuffled = number[np.lexsort((rng.random(urn.size), urn))]
    taken = number < quota[urn]
    return urn[taken], shuffled[taken]


def _rejected(
    urns: IndexArray, capacity: IndexArray, quota: IndexArray, rng: np.random.Generator
) -> tuple[IndexArray, IndexArray]:
    """Draw, drop what was drawn before, and draw again what is missing."""
    kept = np.empty((0, 2), dtype=np.int64)
    missing = np.repeat(urns, quota[urns])
    while missing.size:
        drawn = np.column_stack([missing, rng.integers(0, capacity[missing])])
        together = np.concatenate([kept, drawn])
        first = np.unique(together, axis=0, return_index=True)[1]
        kept = together[np.sort(first)]
        have = np.bincount(kept[:, 0], minlength=capacity.size)[urns]
        missing = np.repeat(urns, quota[urns] - have)
    return kept[:, 0], kept[:, 1]
