"""How much of a score s(a, b) is a sum f(a) + g(b), which cannot say whether a and b are equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
CONSTANT = 1e-6  # spread, in units of the largest score, below which a table of scores is one number


def interaction_share(scores: Floats) -> float:
    """Share of the variance of a table of scores (k, l) that no sum of a row and a column effect explains.

    The interaction of a two-way analysis of variance (Fisher 1925): 0 exactly where s(a,b) + s(c,d) =
    s(a,d) + s(c,b) for all a, b, c, d; near 1 for a distance between points scattered alike on both sides.
    NaN where all scores are one number or one of them is not finite.
    """
    table = scores.astype(np.float64)
    if not np.isfinite(table).all():
        return float("nan")
    centred = table - table.mean()
    total = (centred**2).sum()
    if np.sqrt(total / table.size) <= CONSTANT * max(float(np.abs(table).max(initial=0)), 1e-30):
        return float("nan")
    rest = centred - centred.mean(1, keepdims=True) - centred.mean(0, keepdims=True)
    return float((rest**2).sum() / total)
