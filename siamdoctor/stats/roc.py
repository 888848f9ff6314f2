"""Verification accuracy, thresholds and ROC on distances (small = alike).

Throughout: `distance` (p,), `same` (p,) bool, `half` (p,) 0 or 1. Verification by a threshold chosen on one
part and scored on another follows the LFW protocol (Huang et al. 2007, UMass TR 07-49).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
ROUNDING = 1e-12  # two gains that differ by less are one gain, computed twice


def balanced_accuracy(predicted: Bools, same: Bools) -> float:
    """Mean of the accuracies on same-class and on different-class pairs; chance is 0.5 whatever the balance.

    Returns NaN where one of the two kinds is missing.
    """
    if not same.any() or same.all():
        return float("nan")
    return float((predicted[same].mean() + (~predicted[~same]).mean()) / 2)


def auc(distance: Floats, same: Bools) -> float:
    """Area under the ROC curve: the probability that a positive pair is nearer than a negative one.

    The Mann-Whitney U statistic with ties counted half (Hanley and McNeil 1982). NaN distances rank as
    farthest. Returns NaN where one kind of pair is missing.
    """
    positives = int(same.sum())
    negatives = same.size - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(finite_or_far(distance))
    below = ranks[same].sum() - positives * (positives + 1) / 2
    return float(1 - below / (positives * negatives))


def finite_or_far(distance: Floats) -> Floats:
    """NaN as plus infinity: a pair without a distance is never called the same."""
    return np.where(np.isnan(distance), np.inf, distance)


def best_threshold(distance: Floats, same: Bools) -> float:
    """The threshold of greatest balanced accuracy (Youden's index); "same" is `distance < threshold`.

    It lies midway between two neighbouring distances; of several equally good cuts the middle one is taken,
    so that the choice does not hang on a single pair. Where no cut beats chance (the distances are all
    alike, or far means same) it is the smallest distance, below which nothing lies: every pair is different.
    With one kind of pair alone it is the median, without any pair 0.
    """
    distance = finite_or_far(distance)
    if same.all() or not same.any():
        return float(np.median(distance)) if distance.size else 0.0
    order = np.argsort(distance, kind="stable")
    ordered, labels = distance[order], same[order]
    cuts = np.flatnonzero(ordered[1:] > ordered[:-1]) + 1
    if not cuts.size:
        return float(ordered[0])
    gain = (np.cumsum(labels) / labels.sum() - np.cumsum(~labels) / (~labels).sum())[cuts - 1]
    if gain.max() < ROUNDING:
        return float(ordered[0])
    ties = cuts[gain > gain.max() - ROUNDING]
    cut = ties[len(ties) // 2]
    return _midpoint(ordered[cut - 1], ordered[cut])


def _midpoint(low: np.floating, high: np.floating) -> float:
    """Strictly above `low` and at most `high`, also for neighbouring floats and infinities.

    It is a number of the distances' own type, so that comparing with it never rounds it onto `low`.
    """
    with np.errstate(over="ignore"):
        middle = low / 2 + high / 2 if np.isfinite(high) else low + np.abs(low) + 1
    return float(middle if middle > low else high)


def cross_fitted(distance: Floats, same: Bools, half: NDArray[np.integer]) -> tuple[Bools, tuple[float, float]]:
    """Decide each half by the threshold that the other half chose.

    Returns:
        predicted (p,) bool, and the two thresholds: the one chosen on half 0, then on half 1.
    """
    distance = finite_or_far(distance)
    chosen = tuple(best_threshold(distance[half == h], same[half == h]) for h in (0, 1))
    threshold = np.where(half == 0, chosen[1], chosen[0])
    return distance < threshold, (chosen[0], chosen[1])


def equal_error_rate(distance: Floats, same: Bools) -> float:
    """Where false non-matches and false matches are equally frequent, by linear interpolation.

    Returns NaN where one kind of pair is missing.
    """
    if same.all() or not same.any():
        return float("nan")
    false_match, true_match = roc_curve(distance, same)
    excess = false_match + true_match - 1  # false matches less false non-matches: from -1 at (0, 0) to 1
    b = int(np.argmax(excess >= 0))
    a = b - 1
    share = excess[a] / (excess[a] - excess[b])
    return float(false_match[a] + share * (false_match[b] - false_match[a]))


def roc_curve(distance: Floats, same: Bools) -> tuple[Floats, Floats]:
    """False-match and true-match rate at every distinct threshold, from (0, 0) to (1, 1).

    A kind of pair that is missing has the rate 0 throughout. NaN distances rank as farthest.
    """
    distance = finite_or_far(distance)
    order = np.argsort(distance, kind="stable")
    ordered, labels = distance[order], same[order]
    last = np.flatnonzero(np.append(ordered[1:] > ordered[:-1], np.ones(min(1, ordered.size), bool)))
    true_match = np.cumsum(labels)[last] / max(1, labels.sum())
    false_match = np.cumsum(~labels)[last] / max(1, (~labels).sum())
    return np.concatenate([[0.0], false_match]), np.concatenate([[0.0], true_match])
