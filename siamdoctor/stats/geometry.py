"""Shape of a cloud of embeddings (n, d), and distances between paired rows (p, d).

The shape is computed in float64: a narrow or collapsed cloud is a small difference between large numbers.
Where an embedding is not finite the cloud has no shape, and its measures are NaN.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Metric = Literal["euclidean", "squared_euclidean", "cosine", "manhattan", "dot"]
METRICS: tuple[Metric, ...] = ("euclidean", "squared_euclidean", "cosine", "manhattan", "dot")
FLOOR = 1e-7  # Keras' epsilon, under the root of every Euclidean head: distances end at sqrt(1e-7) = .000316


def pair_distance(metric: Metric, left: Floats, right: Floats) -> Floats:
    """Distance (p,) between paired rows, small = alike; `cosine` is 1 - cosine, `dot` the negated product."""
    if metric == "dot":
        return -_products(left, right)
    if metric == "cosine":
        return 1 - _products(unit(left), unit(right))
    if metric == "manhattan":
        return np.asarray(np.abs(left - right).sum(1))
    squared = _products(left - right, left - right)
    return squared if metric == "squared_euclidean" else np.sqrt(squared)


def _products(left: Floats, right: Floats) -> Floats:
    """Dot product (p,) of paired rows."""
    return np.asarray(np.einsum("pd,pd->p", left, right))


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1))


def distance_matrix(embeddings: Floats) -> Floats:
    """Euclidean distances (n, n) between all rows, exactly 0 on the diagonal.

    The cloud is centred first, which moves no distance but keeps |a|^2 + |b|^2 - 2ab from cancelling where
    all embeddings lie close together and far from the origin.
    """
    points = embeddings.astype(np.float64)
    points -= points.mean(0)
    squares = _products(points, points)
    squared = squares[:, None] + squares[None, :] - 2 * points @ points.T
    np.fill_diagonal(squared, 0)
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def effective_rank(embeddings: Floats) -> float:
    """The exponential of the entropy of the centred cloud's singular values (Roy and Vetterli 2007, EUSIPCO).

    1 for points on a line, d for a ball in d dimensions, 0 for a single point.
    """
    if not np.isfinite(embeddings).all():
        return float("nan")
    centred = embeddings.astype(np.float64) - embeddings.mean(0, dtype=np.float64)
    values = np.linalg.svd(centred, compute_uv=False)
    total = values.sum()
    if total <= 1e-12 * float(np.abs(embeddings).max(initial=0)):
        return 0.0
    share = values[values > 0] / total
    return float(np.exp(-(share * np.log(share)).sum()))


def mean_pairwise_cosine(embeddings: Floats) -> float:
    """Mean cosine over all pairs of distinct rows, in closed form from the sum of unit vectors.

    A row of zeros has cosine 0 with every other. NaN where there are fewer than two rows.
    """
    n = len(embeddings)
    if n < 2 or not np.isfinite(embeddings).all():  # noqa: PLR2004  (a pair needs two)
        return float("nan")
    directions = unit(embeddings.astype(np.float64))
    total = directions.sum(0)
    with_itself = (directions**2).sum()
    return float((total @ total - with_itself) / (n * (n - 1)))


def relative_spread(embeddings: Floats) -> float:
    """Root mean squared distance from the centre over the root mean squared length of an embedding.

    0 for one point, about 1 for a cloud around the origin; free of scale.
    """
    if not np.isfinite(embeddings).all():
        return float("nan")
    points = embeddings.astype(np.float64)
    length = np.sqrt((points**2).sum(1).mean())
    if length == 0:
        return 0.0
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()) / length)


def dead_unit_share(embeddings: Floats) -> float:
    """Share of coordinates that are the same for every sample (to a millionth of the largest one)."""
    if not np.isfinite(embeddings).all():
        return float("nan")
    reach = np.ptp(embeddings, axis=0)
    return float((reach <= 1e-6 * float(np.abs(embeddings).max(initial=0))).mean())
