from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from drawn import clouds
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from siamdoctor.stats.geometry import (
    METRICS,
    Metric,
    dead_unit_share,
    distance_matrix,
    effective_rank,
    mean_pairwise_cosine,
    pair_distance,
    relative_spread,
    unit,
)

Row = list[float]


def dot(a: Row, b: Row) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def cosine(a: Row, b: Row) -> float:
    lengths = math.sqrt(dot(a, a)) * math.sqrt(dot(b, b))
    return dot(a, b) / lengths if lengths else 0.0


def by_definition(metric: Metric, a: Row, b: Row) -> float:
    difference = [x - y for x, y in zip(a, b, strict=True)]
    return {
        "euclidean": math.sqrt(dot(difference, difference)),
        "squared_euclidean": dot(difference, difference),
        "cosine": 1 - cosine(a, b),
        "manhattan": sum(abs(x) for x in difference),
        "dot": -dot(a, b),
    }[metric]


@pytest.mark.parametrize("metric", METRICS)
@given(cloud=clouds())
def test_pair_distance_follows_its_definition(metric: Metric, cloud: np.ndarray):
    left, right = cloud, cloud[::-1]
    expected = [by_definition(metric, a, b) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    np.testing.assert_allclose(pair_distance(metric, left, right), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("metric", METRICS)
@given(cloud=clouds())
def test_distance_is_the_same_both_ways_and_small_for_the_same(metric: Metric, cloud: np.ndarray):
    other = cloud[::-1]
    np.testing.assert_array_equal(pair_distance(metric, cloud, other), pair_distance(metric, other, cloud))
    if metric != "dot":
        to_itself = pair_distance(metric, cloud, cloud)
        assert (to_itself <= pair_distance(metric, cloud, other) + 1e-5).all()


@given(clouds())
def test_unit_rows_have_length_one_and_keep_their_direction(cloud: np.ndarray):
    for row, scaled in zip(cloud.tolist(), unit(cloud).tolist(), strict=True):
        length = math.sqrt(dot(row, row))
        assert scaled == pytest.approx([x / length for x in row] if length else row, abs=1e-6)


@given(clouds())
def test_distance_matrix_measures_every_pair_of_rows(cloud: np.ndarray):
    found = distance_matrix(cloud)
    np.testing.assert_allclose(found, cdist(cloud, cloud), atol=1e-6)
    assert (np.diag(found) == 0).all()


def test_distance_matrix_sees_a_narrow_cloud_far_from_the_origin():
    cloud = 1000 + np.random.default_rng(0).normal(0, 1e-3, (20, 64)).astype(np.float32)
    np.testing.assert_allclose(distance_matrix(cloud), cdist(cloud, cloud), rtol=1e-6)


@given(st.floats(0, math.pi / 2), st.integers(3, 40))
def test_effective_rank_follows_from_an_angle(angle: float, points: int):
    """Two orthogonal directions whose singular values are cos and sin of the angle."""
    along = np.tile([1.0, -1.0], points)
    across = np.repeat([1.0, -1.0], points)
    if points % 2:
        across = np.repeat([1.0, -1.0, 0.0], [points - 1, points - 1, 2])  # stays orthogonal and centred
    columns = [math.cos(angle) * along / np.linalg.norm(along), math.sin(angle) * across / np.linalg.norm(across)]
    share = [v / (math.cos(angle) + math.sin(angle)) for v in (math.cos(angle), math.sin(angle))]
    entropy = -sum(s * math.log(s) for s in share if s > 0)
    assert effective_rank(np.column_stack(columns) + 5) == pytest.approx(math.exp(entropy), abs=1e-6)


@given(clouds())
def test_effective_rank_is_free_of_scale_place_and_rotation(cloud: np.ndarray):
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(cloud.shape[1],) * 2))
    moved = 3 * cloud.astype(np.float64) @ rotation + 1
    assert effective_rank(moved) == pytest.approx(effective_rank(cloud), abs=1e-5)
    assert effective_rank(cloud) <= min(len(cloud) - 1, cloud.shape[1]) + 1e-9


def test_effective_rank_of_a_point_a_line_and_a_ball():
    rng = np.random.default_rng(0)
    direction = rng.normal(size=8)
    assert effective_rank(np.tile(direction.astype(np.float32), (50, 1))) == 0
    assert effective_rank(np.full((7, 3), 0.1) * [1, 2, 3]) == 0  # whose mean is not exact
    assert effective_rank(np.zeros((5, 3))) == 0
    assert effective_rank(np.outer(rng.normal(size=50), direction) + 4) == pytest.approx(1)
    assert effective_rank(rng.normal(size=(20_000, 8))) == pytest.approx(8, rel=1e-3)


@given(clouds())
def test_mean_pairwise_cosine_averages_over_distinct_rows(cloud: np.ndarray):
    cosines = [cosine(a, b) for a, b in itertools.combinations(cloud.tolist(), 2)]
    assert mean_pairwise_cosine(cloud) == pytest.approx(np.mean(cosines), abs=1e-6)


def test_mean_pairwise_cosine_of_a_dead_embedding_is_zero():
    assert mean_pairwise_cosine(np.zeros((6, 4))) == 0
    assert np.isnan(mean_pairwise_cosine(np.ones((1, 4))))


@given(clouds())
def test_relative_spread_compares_spread_with_length(cloud: np.ndarray):
    rows = cloud.tolist()
    centre = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    moved = [[x - c for x, c in zip(row, centre, strict=True)] for row in rows]
    length, spread = (math.sqrt(sum(dot(r, r) for r in of) / len(rows)) for of in (rows, moved))
    assert relative_spread(cloud) == pytest.approx(spread / length if length else 0, abs=1e-6)


@given(clouds(), st.integers(1, 4))
def test_dead_units_are_those_that_never_change(cloud: np.ndarray, dead: int):
    changing = [len(set(column)) > 1 for column in zip(*cloud.tolist(), strict=True)]
    assert dead_unit_share(cloud) == pytest.approx(1 - sum(changing) / len(changing))
    largest = np.abs(cloud).max()
    padded = np.hstack([cloud, np.full((len(cloud), dead), largest)])
    padded[0, -1] *= 1 + 1e-7  # rounding is no change
    assert dead_unit_share(padded) == pytest.approx(1 - sum(changing) / (len(changing) + dead))


def test_a_unit_that_moves_barely_but_really_is_alive():
    cloud = np.array([[100.0, 5.0], [100.0, 5.001]])
    assert dead_unit_share(cloud) == 0.5


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("measure", [effective_rank, mean_pairwise_cosine, relative_spread, dead_unit_share])
def test_an_embedding_that_is_not_finite_has_no_shape(hole: float, measure):
    cloud = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    cloud[2, 1] = hole
    assert np.isnan(measure(cloud))
