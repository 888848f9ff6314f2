"""Does the distance know the identities at all? A permutation test that respects shared images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from siamdoctor.stats.roc import ROUNDING, finite_or_far

Floats = NDArray[np.floating]
CHANCE = 0.5  # of an AUC


def identity_permutation_test(
    distance: Floats, identity: NDArray[np.integer], rng: np.random.Generator, permutations: int = 499
) -> tuple[float, float]:
    """AUC of "near = same identity" over all pairs of distinct samples, and its two-sided p-value.

    The identities of the samples are permuted, not the pairs, which keeps the dependence between pairs
    that share a sample: the Mantel or quadratic-assignment test (Mantel 1967; Hubert and Schultz 1976).

    Args:
        distance: (n, n) matrix; both triangles are used, the diagonal never. NaN ranks as farthest.
        identity: (n,) integer labels.
        rng: source of the permutations.
        permutations: how many; the smallest possible p-value is 1 / (permutations + 1).

    Returns:
        (AUC, p-value); (NaN, 1) where all samples are of one identity, or each is of its own.
    """
    n = identity.size
    off = ~np.eye(n, dtype=bool)
    ranks = np.zeros((n, n))
    ranks[off] = rankdata(finite_or_far(distance[off]))
    # Both directions of a pair move together, so each unordered pair is looked up once, with its two ranks.
    both_ranks = ranks + ranks.T
    first, second = np.nonzero(np.triu(identity[:, None] == identity[None, :], 1))
    positives = 2 * first.size
    negatives = n * (n - 1) - positives
    if positives == 0 or negatives == 0:
        return float("nan"), 1.0

    def statistic(place: NDArray[np.integer]) -> float:
        """AUC when sample i takes the place of sample place[i]."""
        below = float(both_ranks[place[first], place[second]].sum()) - positives * (positives + 1) / 2
        return 1 - below / (positives * negatives)

    observed = statistic(np.arange(n))
    null = np.array([statistic(rng.permutation(n)) for _ in range(permutations)])
    extreme = int((np.abs(null - CHANCE) >= abs(observed - CHANCE) - ROUNDING).sum())
    return observed, (extreme + 1) / (permutations + 1)


def label_permutation_test(
    distance: Floats, same: NDArray[np.bool_], rng: np.random.Generator, permutations: int = 499
) -> tuple[float, float]:
    """AUC of "near = same" over given pairs, and its two-sided p-value when the labels of the pairs are permuted.

    For pairs whose samples belong to no known identity (Fisher 1935; Phipson and Smyth 2010 for the one added).

    Args:
        distance: (p,) of each pair; NaN ranks as farthest.
        same: (p,) whether it is a same-class pair.
        rng: source of the permutations.
        permutations: how many; the smallest possible p-value is 1 / (permutations + 1).

    Returns:
        (AUC, p-value); (NaN, 1) where all pairs are of one kind.
    """
    ranks = rankdata(finite_or_far(distance))
    positives = int(same.sum())
    negatives = same.size - positives
    if positives == 0 or negatives == 0:
        return float("nan"), 1.0

    def statistic(labels: NDArray[np.bool_]) -> float:
        below = float(ranks[labels].sum()) - positives * (positives + 1) / 2
        return 1 - below / (positives * negatives)

    observed = statistic(same)
    null = np.array([statistic(rng.permutation(same)) for _ in range(permutations)])
    extreme = int((np.abs(null - CHANCE) >= abs(observed - CHANCE) - ROUNDING).sum())
    return observed, (extreme + 1) / (permutations + 1)
