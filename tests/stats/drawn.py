"""What Hypothesis draws for the statistics: small enough for oracles that count everything one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

# Few distinct values, so that ties are the rule; and a pair without a distance, or infinitely far apart.
DISTANCES = st.one_of(st.integers(0, 6).map(float), st.sampled_from([0.25, 1e-7, 1e30, np.inf, np.nan]))
COORDINATES = st.floats(-8, 8, width=32).map(lambda x: 0.0 if abs(x) < 1e-3 else x)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPairs:
    """distance, same, predicted: (p,); left, right: (p,) clusters, equal for a part of the same-class pairs."""

    distance: NDArray[np.float64]
    same: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]


@st.composite
def scored_pairs(draw: st.DrawFn) -> ScoredPairs:
    """Same-class and different-class pairs with every kind of tie."""
    size = draw(st.integers(2, 24))
    same = draw(arrays(bool, size))
    same[:2] = [True, False]
    clusters = draw(st.integers(2, 6))
    left = draw(arrays(np.int64, size, elements=st.integers(0, clusters - 1)))
    step = draw(arrays(np.int64, size, elements=st.integers(1, clusters - 1)))
    within = same & draw(arrays(bool, size))
    return ScoredPairs(
        distance=draw(arrays(np.float64, size, elements=DISTANCES)),
        same=same,
        predicted=draw(arrays(bool, size)),
        left=left,
        right=np.where(within, left, (left + step) % clusters),
    )


@st.composite
def clouds(draw: st.DrawFn) -> NDArray[np.float32]:
    """Embeddings (n, d) with zeros, repeated rows and constant coordinates among them."""
    shape = draw(st.tuples(st.integers(2, 9), st.integers(1, 5)))
    cloud = draw(arrays(np.float32, shape, elements=COORDINATES))
    if draw(st.booleans()):
        cloud[:, 0] = cloud[0, 0]
    if draw(st.booleans()):
        cloud[-1] = cloud[0]
    return cloud
