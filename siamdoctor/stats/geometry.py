"""Shape of a cloud of embeddings (n, d), and distances between paired rows (p, d)."""

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
        return -np.einsum("pd,pd->p", left, right)
    if metric == "cosine":
        return 1 - np.einsum("pd,pd->p", unit(left), unit(right))
    difference = left - right
    if metric == "manhattan":
        return np.abs(difference).sum(1)
    squared = np.einsum("pd,pd->p", difference, difference)
    return squared if metric == "squared_euclidean" else np.sqrt(squared)


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def distance_matrix(embeddings: Floats) -> Floats:
    """Euclidean distances (n, n) between all rows."""
    squares = np.einsum("nd,nd->n", embeddings, embeddings)
    squared = squares[:, None] + squares[None, :] - 2 * embeddings @ embeddings.T
    return np.sqrt(np.maximum(squared, 0))


def effective_rank(embeddings: Floats) -> float:
    """exp of the entropy of the centred cloud's singular values (Roy and Vetterli 2007, EUSIPCO).

    1 for points on a line, d for a ball in d dimensions, 0 for a single point.
    """
    centred = embeddings.astype(np.float64) - embeddings.mean(0, dtype=np.float64)
    values = np.linalg.svd(centred, compute_uv=False)
    total = values.sum()
    if not np.isfinite(total) or total <= 1e-12 * max(1.0, float(np.abs(embeddings).max(initial=0))):
        return 0.0
    share = values[values > 0] / total
    return float(np.exp(-(share * np.log(share)).sum()))


def mean_pairwise_cosine(embeddings: Floats) -> float:
    """Mean cosine over all pairs of distinct rows, in closed form from the sum of unit vectors."""
    n = len(embeddings)
    if n < 2:  # noqa: PLR2004  (a pair needs two)
        return float("nan")
    total = unit(embeddings.astype(np.float64)).sum(0)
    return float((total @ total - n) / (n * (n - 1)))


def relative_spread(embeddings: Floats) -> float:
    """Root mean squared distance from the centre over the root mean squared length of an embedding.

    0 for one point, about 1 for a cloud around the origin; free of scale.
    """
    points = embeddings.astype(np.float64)
    length = np.sqrt((points**2).sum(1).mean())
    spread = np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean())
    return float(spread / length) if length > 0 else 0.0


def dead_unit_share(embeddings: Floats) -> float:
    """Share of coordinates that are the same for every sample (to a millionth of the largest one)."""
    reach = np.ptp(embeddings, axis=0)
    return float((reach <= 1e-6 * max(float(np.abs(embeddings).max(initial=0)), 1e-30)).mean())
