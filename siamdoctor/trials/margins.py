"""What a margin asks of an embedding: reach, share of active negatives, share of easy and hard triplets.

Contrastive loss y d^2 + (1-y) max(m-d, 0)^2 (Hadsell, Chopra and LeCun 2006, CVPR); triplet loss and its
easy, semi-hard and hard triplets (Schroff, Kalenichenko and Philbin 2015, CVPR).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable
from siamdoctor.results import Interval, MarginPoint
from siamdoctor.stats.geometry import distance_matrix
from siamdoctor.stats.resampling import Dyads, accuracy_interval, auc_interval, mean_draws, rate_interval
from siamdoctor.stats.roc import auc

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.models.blueprint import Encoder

TRIPLET_ANCHORS = 400
GRID = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class TripletShares:
    """Shares of easy (no loss), semi-hard and hard (negative nearer than positive) triplets at a margin."""

    easy: float
    semi_hard: float
    hard: float


def reach(encoder: Encoder) -> float:
    """Largest Euclidean distance that two embeddings can have, infinite where nothing bounds it.

    2 between unit vectors (sqrt 2 where coordinates cannot be negative), sqrt(d) for sigmoid, 2 sqrt(d) for tanh.
    """
    dimension = encoder.dimension or 0
    if encoder.unit_norm:
        return float(np.sqrt(2)) if encoder.activation in {"relu", "sigmoid", "softmax"} else 2.0
    bounds = {"sigmoid": np.sqrt(dimension), "tanh": 2 * np.sqrt(dimension), "softmax": np.sqrt(2)}
    bound = bounds.get(encoder.activation)
    return float(bound) if bound is not None and dimension else float("inf")


def active_share(distance: NDArray[np.floating], same: NDArray[np.bool_], margin: float) -> float:
    """Share of negative pairs nearer than the margin: the ones that contrastive loss still pushes."""
    return float((distance[~same] < margin).mean())


def initial_distances(case: Case) -> NDArray[np.floating]:
    """Euclidean distances (p,) of the same pairs by the same encoder with fresh weights."""
    return case.untrained.metric_distance("euclidean")


def triplet_shares(case: Case, margin: float) -> TripletShares:
    """All triplets among up to 400 samples, by squared Euclidean distance as the loss takes it."""
    chosen = np.sort(case.rng("triplets").permutation(len(case.embeddings))[:TRIPLET_ANCHORS])
    identity = case.identity[chosen]
    squared = distance_matrix(case.embeddings[chosen]).astype(np.float64) ** 2
    easy = semi = hard = 0
    for anchor in range(len(chosen)):
        positive = squared[anchor][(identity == identity[anchor]) & (np.arange(len(chosen)) != anchor)]
        negative = np.sort(squared[anchor][identity != identity[anchor]])
        beyond_margin = negative.size - np.searchsorted(negative, positive + margin, side="left")
        beyond = negative.size - np.searchsorted(negative, positive, side="left")
        easy += int(beyond_margin.sum())
        semi += int((beyond - beyond_margin).sum())
        hard += int((negative.size - beyond).sum())
    total = easy + semi + hard
    if not total:
        raise Unavailable("no identity has two samples, so there are no triplets")
    return TripletShares(easy=easy / total, semi_hard=semi / total, hard=hard / total)


def margin_points(case: Case, margins: tuple[float, ...]) -> tuple[MarginPoint, ...]:
    """For each margin the accuracy if its half were the decision threshold, and the share of active negatives.

    Contrastive loss leaves positives below and negatives above the margin, so half of it is where the loss
    puts the decision. No training: this reads the present embedding.
    """
    distance, same = case.deployed.metric_distance("euclidean"), case.pairs.same
    area = auc_interval(distance, case.dyads)
    return tuple(
        MarginPoint(
            margin=margin,
            accuracy=accuracy_interval(distance < margin / 2, case.dyads),
            auc=auc(distance, same),
            active=active_share(distance, same, margin),
            auc_interval=area,
            active_interval=_active_interval(distance, case.dyads, margin),
        )
        for margin in margins
    )


def _active_interval(distance: NDArray[np.floating], pairs: Dyads, margin: float) -> Interval:
    """The share of active negatives with its interval over identities."""
    different = ~pairs.same
    apart = replace(pairs, left=pairs.left[different], right=pairs.right[different], same=pairs.same[different])
    within = (distance[different] < margin).astype(np.float64)
    return rate_interval(float(within.mean()), mean_draws(within, apart), apart.clusters, within.size)


def margin_grid(case: Case) -> tuple[float, ...]:
    """Margins worth trying: geometric, from a tenth of the usual negative distance to what can be reached."""
    distance = case.deployed.metric_distance("euclidean")
    typical = float(np.median(distance[~case.pairs.same]))
    if not np.isfinite(typical) or typical <= 0:
        raise Unavailable("all embeddings lie at one point, so no margin can be read off them")
    top = min(4 * typical, reach(case.encoder))
    return tuple(float(f"{m:.4g}") for m in np.geomspace(0.1 * typical, max(top, 0.2 * typical), GRID))
