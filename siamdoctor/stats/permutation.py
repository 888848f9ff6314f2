"""Does the distance know the identities at all? A permutation test that respects shared images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.floating]


def identity_permutation_test(
    distance: Floats, identity: NDArray[np.integer], rng: np.random.Generator, permutations: int = 499
) -> tuple[float, float]:
    """AUC of "near = same identity" over all pairs of distinct samples, and its two-sided p-value.

    The identities of the samples are permuted, not the pairs, which keeps the dependence between pairs
    that share a sample: the Mantel or quadratic-assignment test (Mantel 1967; Hubert and Schultz 1976).

    Args:
        distance: (n, n) matrix; both triangles are used, the diagonal never.
        identity: (n,) integer labels.
        rng: source of the permutations.
        permutations: how many; the smallest possible p-value is 1 / (permutations + 1).
    """
    n = identity.size
    off = ~np.eye(n, dtype=bool)
    ranks = np.zeros((n, n))
    ranks[off] = rankdata(np.where(np.isnan(distance[off]), np.inf, distance[off]))
    one_hot = np.eye(int(identity.max()) + 1)[identity]
    counts = one_hot.sum(0)
    positives = float((counts * (counts - 1)).sum())
    negatives = n * (n - 1) - positives

    def statistic(labels: Floats) -> float:
        below = float(np.einsum("nk,nk->", labels, ranks @ labels)) - positives * (positives + 1) / 2
        return 1 - below / (positives * negatives)

    if positives == 0 or negatives == 0:
        return float("nan"), 1.0
    observed = statistic(one_hot)
    null = np.array([statistic(one_hot[rng.permutation(n)]) for _ in range(permutations)])
    extreme = int((np.abs(null - 0.5) >= abs(observed - 0.5) - 1e-12).sum())
    return observed, (extreme + 1) / (permutations + 1)
