"""How much a number of pairs can tell: exact test, effective sample size, power."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binomtest, norm

POWER = 0.8
POWER_QUANTILE = float(norm.ppf(POWER))
SIDES = float(norm.ppf(0.975))  # quantile of a two-sided test at 5 %


def exact_p_value(accuracy: float, chance: float, effective_pairs: float) -> float:
    """Two-sided exact binomial test of an accuracy against chance (Clopper and Pearson 1934).

    `effective_pairs` is the number of independent pairs that the interval over identities corresponds to,
    since the textbook test on the raw count of overlapping pairs claims far too much.
    """
    trials = max(1, round(effective_pairs))
    hits = min(trials, max(0, round(accuracy * trials)))
    return float(binomtest(hits, trials, chance).pvalue)


def effective_pairs(accuracy: float, half_width: float, pairs: int) -> float:
    """Independent pairs that would give the same 95 % half-width as was measured, at most `pairs`."""
    spread = max(accuracy * (1 - accuracy), 0.05)
    if half_width <= 0:
        return float(pairs)
    return float(np.clip(spread * (SIDES / half_width) ** 2, 1, pairs))


def detectable_accuracy(effective: float, chance: float = 0.5) -> float:
    """Smallest true accuracy told from chance with power 0.8 at 5 % two-sided, given the effective pairs.

    Solves p - chance = z(.975) sqrt(chance (1 - chance) / n) + z(.8) sqrt(p (1 - p) / n) for p, so that
    `pairs_needed` of the answer are the pairs at hand. At most 1.
    """
    n = max(effective, 1)
    critical = chance + SIDES * math.sqrt(chance * (1 - chance) / n)
    if critical >= 1:
        return 1.0
    spread = POWER_QUANTILE**2 / n
    root = math.sqrt(spread * (4 * critical * (1 - critical) + spread))
    return min(1.0, (2 * critical + spread + root) / (2 * (1 + spread)))


def pairs_needed(true_accuracy: float, effective: float, pairs: int, chance: float = 0.5) -> int:
    """Pairs needed to tell `true_accuracy` from chance with power 0.8.

    The ratio of pairs to effective pairs is taken to stay what it is, that is, new pairs come with new
    identities in the present proportion.

    Raises:
        ValueError: the accuracy is chance itself, which no number of pairs tells from chance.
    """
    gap = abs(true_accuracy - chance)
    if gap == 0:
        raise ValueError(f"Chance cannot be told from chance. Received: true_accuracy={true_accuracy}")
    reach = SIDES * math.sqrt(chance * (1 - chance))
    reach += POWER_QUANTILE * math.sqrt(true_accuracy * (1 - true_accuracy))
    independent = (reach / gap) ** 2
    return math.ceil(independent * max(1.0, pairs / max(effective, 1)))
