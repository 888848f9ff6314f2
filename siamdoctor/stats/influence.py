"""How much each pair or sample moves a measure, so that it can be resampled without being computed anew.

A measure under weights near one is its value plus the weighted mean of its influences: the infinitesimal
jackknife (Jaeckel 1972; Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6). One
pass over the data then serves every draw of a bootstrap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siamdoctor.stats.roc import finite_or_far

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
NOTHING = 1e-9  # a singular value below this share of the largest is rounding


def placements(distance: Floats, same: Bools) -> Floats:
    """Share of the pairs of the other kind that each pair (p,) is on the right side of, ties counted half.

    Their mean over either kind is the AUC (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837). NaN
    where the other kind is missing.
    """
    far = finite_or_far(distance)
    placed = np.full(far.size, np.nan)
    for kind, right_when_farther in ((same, True), (~same, False)):
        others = np.sort(far[~kind])
        if others.size:
            farther = (
                others.size
                - (np.searchsorted(others, far[kind], side="left") + np.searchsorted(others, far[kind], side="right"))
                / 2
            )
            placed[kind] = (farther if right_when_farther else others.size - farther) / others.size
    return placed


def rank_influence(embeddings: Floats) -> Floats:
    """Influence (n,) of each embedding (n, d) on the cloud's effective rank; zero where it has none.

    Of a singular value s along the direction u, the square is n times the mean of (u.x)^2 around the centre, so
    a sample's influence on s / sqrt(n) is half of its (u.x)^2 less that mean, over s / sqrt(n).
    """
    n = len(embeddings)
    centred = embeddings.astype(np.float64) - embeddings.mean(0, dtype=np.float64)
    if not np.isfinite(centred).all():
        return np.zeros(n)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    kept = values > NOTHING * float(np.abs(embeddings).max(initial=0))
    if not kept.any():
        return np.zeros(n)
    size = values[kept] / np.sqrt(n)
    along = (left[:, kept] * values[kept]) ** 2  # (u.x)^2
    share = size / size.sum()
    entropy = -(share * np.log(share)).sum()
    moved = (along - size**2) / (2 * size)
    return np.asarray(-np.exp(entropy) / size.sum() * moved @ (np.log(share) + entropy))
