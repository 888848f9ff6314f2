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
    so that the choice does not hang on a single pair. Where nothing separates it is the median distance.
    """
    order = np.argsort(distance, kind="stable")
    ordered, labels = distance[order], same[order]
    positives, negatives = labels.sum(), (~labels).sum()
    cuts = np.flatnonzero(ordered[1:] > ordered[:-1]) + 1
    if not positives or not negatives or not cuts.size:
        return float(np.median(distance)) if distance.size else 0.0
    gain = np.cumsum(labels)[cuts - 1] / positives - np.cumsum(~labels)[cuts - 1] / negatives
    ties = cuts[gain >= gain.max() - 1e-12]
    cut = ties[len(ties) // 2]
    return _midpoint(float(ordered[cut - 1]), float(ordered[cut]))


def _midpoint(low: float, high: float) -> float:
    """Strictly above `low` and at most `high`, also for neighbouring floats and infinities."""
    middle = low + (high - low) / 2 if np.isfinite(high) else low + abs(low) + 1.0
    return middle if middle > low else high


def cross_fitted(
    distance: Floats, same: Bools, half: NDArray[np.integer]
) -> tuple[Bools, tuple[float, float]]:
    """Decide each half by the threshold that the other half chose.

    Returns:
        predicted (p,) bool, and the two thresholds: the one chosen on half 0, then on half 1.
    """
    distance = finite_or_far(distance)
    chosen = tuple(best_threshold(distance[half == h], same[half == h]) for h in (0, 1))
    threshold = np.where(half == 0, chosen[1], chosen[0])
    return distance < threshold, (chosen[0], chosen[1])


def equal_error_rate(distance: Floats, same: Bools) -> float:
    """Where false non-matches and false matches are equally frequent, by linear interpolation."""
    false_match, true_match = roc_curve(distance, same)
    false_non_match = 1 - true_match
    crossing = int(np.argmax(false_match >= false_non_match))
    if crossing == 0:
        return float(false_match[0])
    a, b = crossing - 1, crossing
    gap_a, gap_b = false_non_match[a] - false_match[a], false_non_match[b] - false_match[b]
    share = gap_a / (gap_a - gap_b) if gap_a != gap_b else 0.0
    return float(false_match[a] + share * (false_match[b] - false_match[a]))


def roc_curve(distance: Floats, same: Bools) -> tuple[Floats, Floats]:
    """False-match and true-match rate at every distinct threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(finite_or_far(distance), kind="stable")
    ordered, labels = finite_or_far(distance)[order], same[order]
    last = np.append(np.flatnonzero(np.diff(ordered) > 0), ordered.size - 1)
    true_match = np.cumsum(labels)[last] / max(1, labels.sum())
    false_match = np.cumsum(~labels)[last] / max(1, (~labels).sum())
    return np.concatenate([[0.0], false_match]), np.concatenate([[0.0], true_match])
