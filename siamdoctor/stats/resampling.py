"""Intervals over identities. Pairs share images and identities, so they are not independent draws.

A bootstrap draw gives each identity (cluster) a weight; a pair of clusters a, b counts w_a * w_b, a pair
within one cluster w_a. This is the pigeonhole bootstrap for dyadic data (Owen 2007, Annals of Applied
Statistics 1:386; Cameron and Miller 2014 on dyadic clustering). Sums over pairs are first gathered into a
clusters x clusters table, so the cost does not grow with the number of pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit
from scipy.stats import t as student

from siamdoctor.results import Interval, Recovery
from siamdoctor.stats.roc import auc, balanced_accuracy, finite_or_far

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
DRAWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dyads:
    """Pairs seen as pairs of clusters, with the bootstrap weights of the clusters.

    left, right: (p,) cluster index 0..k-1 of each side. same: (p,). weights: (draws, k).
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: Bools
    weights: Floats

    @property
    def clusters(self) -> int:
        """Number of independent units."""
        return int(self.weights.shape[1])

    @property
    def balanced_count(self) -> int:
        """Number of pairs that a balanced rate rests on: twice the rarer kind."""
        return 2 * min(int(self.same.sum()), int((~self.same).sum()))


def dyads(
    cluster_left: NDArray[np.integer],
    cluster_right: NDArray[np.integer],
    same: Bools,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Dyads:
    """Number the clusters that occur and draw the weights once, so that all intervals are comparable."""
    _, numbered = np.unique(np.concatenate([cluster_left, cluster_right]), return_inverse=True)
    clusters = int(numbered.max()) + 1 if numbered.size else 0
    weights = (
        rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws) if clusters else np.ones((draws, 0))
    )
    p = same.size
    return Dyads(left=numbered[:p], right=numbered[p:], same=same, weights=weights.astype(np.float64))


def accuracy_draws(correct: Bools | Floats, pairs: Dyads) -> Floats:
    """Balanced accuracy under each bootstrap draw, (draws,); NaN where a draw lacks one kind of pair.

    `correct` (p,) may be a share between 0 and 1.
    """
    values = np.asarray(correct, dtype=np.float64)
    kinds = [_weighted_mean(values, pairs, kind) for kind in (pairs.same, ~pairs.same)]
    return (kinds[0] + kinds[1]) / 2


def mean_draws(values: Floats, pairs: Dyads) -> Floats:
    """Mean of the values (p,) of all pairs under each bootstrap draw, (draws,); NaN where a draw has no pair."""
    return _weighted_mean(np.asarray(values, dtype=np.float64), pairs, np.ones(pairs.same.size, dtype=bool))


def _weighted_mean(values: Floats, pairs: Dyads, chosen: Bools) -> Floats:
    """Mean of the chosen pairs' values under each draw's pair weights."""
    left, right = pairs.left[chosen], pairs.right[chosen]
    within = left == right
    total, count = np.zeros(len(pairs.weights)), np.zeros(len(pairs.weights))
    for part, product in ((within, False), (~within, True)):
        shape = (pairs.clusters, pairs.clusters)
        where = (left[part], right[part])
        sums = sparse.coo_array((values[chosen][part], where), shape=shape).tocsr()
        ones = sparse.coo_array((np.ones(int(part.sum())), where), shape=shape).tocsr()
        total += _spread(pairs.weights, sums, product=product)
        count += _spread(pairs.weights, ones, product=product)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _spread(weights: Floats, table: sparse.csr_array, *, product: bool) -> Floats:
    """Sum of a clusters x clusters table under each draw: w' T w, or the diagonal with w alone."""
    if not product:
        return np.asarray(weights @ table.diagonal())
    return np.asarray(np.einsum("bk,bk->b", (table.T @ weights.T).T, weights))


def auc_draws(distance: Floats, pairs: Dyads, draws: int = 300) -> Floats:
    """AUC under the first `draws` bootstrap draws, (draws,), by weighted rank sums with ties counted half."""
    distance = finite_or_far(distance)
    order = np.argsort(distance, kind="stable")
    left, right, same, ordered = pairs.left[order], pairs.right[order], pairs.same[order], distance[order]
    starts = np.flatnonzero(np.append(np.ones(min(1, ordered.size), bool), ordered[1:] > ordered[:-1]))
    result = np.empty(min(draws, len(pairs.weights)))
    for i, w in enumerate(pairs.weights[: result.size]):
        weight = np.where(left == right, w[left], w[left] * w[right])
        positive = np.add.reduceat(weight * same, starts)
        negative = np.add.reduceat(weight * ~same, starts)
        farther = negative.sum() - np.cumsum(negative)
        total = positive.sum() * negative.sum()
        result[i] = (positive * (farther + negative / 2)).sum() / total if total > 0 else np.nan
    return result


def spread_draws(embeddings: Floats, weights: Floats) -> Floats:
    """Relative spread (draws,) of embeddings (n, d) under weights (draws, n) of the samples.

    0 where a draw leaves nothing but zeros, NaN where it leaves nothing or an embedding is not finite.
    """
    points = embeddings.astype(np.float64)
    if not np.isfinite(points).all():
        return np.full(len(weights), np.nan)
    total = weights.sum(1)
    share = weights / np.where(total > 0, total, np.nan)[:, None]
    length = share @ (points**2).sum(1)
    around = np.maximum(length - ((share @ points) ** 2).sum(1), 0)
    shared = np.divide(around, length, out=np.where(np.isnan(length), np.nan, 0.0), where=length > 0)
    return np.asarray(np.sqrt(shared))


def interval(value: float, draws: Floats, clusters: int, *, low: float = 0.0, high: float = 1.0) -> Interval:
    """A 95 % interval within [low, high] from the spread of bootstrap draws, widened for few clusters.

    Student's t with clusters - 1 degrees of freedom (Cameron and Miller 2015, Journal of Human Resources
    50:317) times the draws' standard deviation, which is sqrt(k / (k - 1)) too small (Hesterberg 2015, The
    American Statistician 69:371), on the logit scale: near a bound an estimate errs further inwards, which
    percentiles of the draws do not see. All of [low, high] where there is nothing to estimate from.
    """
    kept = draws[np.isfinite(draws)]
    if not np.isfinite(value):
        return Interval(value=(low + high) / 2, low=low, high=high)
    if not kept.size:
        return Interval(value=value, low=low, high=high)
    width = high - low
    share = min(1.0, max(0.0, (value - low) / width))
    if share in {0.0, 1.0}:
        return Interval(value=low + share * width, low=low + share * width, high=low + share * width)
    reach = _quantile(clusters) * float(kept.std()) / width / (share * (1 - share))
    bounds = low + width * expit(logit(share) + np.array([-reach, reach]))
    return Interval(value=value, low=min(value, float(bounds[0])), high=max(value, float(bounds[1])))


def _quantile(clusters: int) -> float:
    """How many standard deviations of the draws a 95 % interval reaches on either side."""
    k = max(2, clusters)
    return float(student.ppf(0.975, k - 1)) * math.sqrt(k / (k - 1))


def rate_interval(value: float, draws: Floats, clusters: int, count: int) -> Interval:
    """The interval of a rate over `count` pairs, also where no pair (or every pair) is wrong.

    The draws then do not vary; Wilson's score bound (Wilson 1927) on the number of pairs, with the same
    quantile, says how much could have gone unseen.
    """
    if value not in {0.0, 1.0}:
        return interval(value, draws, clusters)
    unseen = 1 / (1 + count / _quantile(clusters) ** 2)
    return Interval(value=value, low=max(0.0, value - unseen), high=min(1.0, value + unseen))


def accuracy_interval(predicted: Bools, pairs: Dyads) -> Interval:
    """Balanced accuracy of decisions (p,) with its interval over clusters."""
    correct = predicted == pairs.same
    value = balanced_accuracy(predicted, pairs.same)
    return rate_interval(value, accuracy_draws(correct, pairs), pairs.clusters, pairs.balanced_count)


def auc_interval(distance: Floats, pairs: Dyads) -> Interval:
    """AUC with its interval over clusters."""
    value = auc(distance, pairs.same)
    return rate_interval(value, auc_draws(distance, pairs), pairs.clusters, pairs.balanced_count)


def paired_gain(before: Bools, after: Bools, pairs: Dyads) -> Recovery:
    """What decisions `after` gain over decisions `before` on the same pairs, in percentage points.

    Both are resampled with the same weights, so what they share cancels out.
    """
    difference = accuracy_draws(after == pairs.same, pairs) - accuracy_draws(before == pairs.same, pairs)
    value = balanced_accuracy(after, pairs.same) - balanced_accuracy(before, pairs.same)
    bounds = interval(value, difference, pairs.clusters, low=-1.0, high=1.0)
    return Recovery(points=100 * bounds.value, low=100 * bounds.low, high=100 * bounds.high)


def paired_auc_gain(before: Floats, after: Floats, pairs: Dyads) -> Recovery:
    """What distances `after` gain over distances `before` in AUC, in hundredths, resampled with the same weights."""
    difference = auc_draws(after, pairs) - auc_draws(before, pairs)
    value = auc(after, pairs.same) - auc(before, pairs.same)
    bounds = interval(value, difference, pairs.clusters, low=-1.0, high=1.0)
    return Recovery(points=100 * bounds.value, low=100 * bounds.low, high=100 * bounds.high)
