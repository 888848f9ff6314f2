"""The share of a score that compares, against the four-corner sums that define it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from siamdoctor.stats.additivity import interaction_share

TABLES = arrays(np.float64, st.tuples(st.integers(2, 7), st.integers(2, 7)), elements=st.floats(-100, 100))


def corners(table):
    """Mean square of s(a,b) + s(c,d) - s(a,d) - s(c,b) over all a, c and b, d."""
    rows, columns = table.shape
    squares = [
        (table[a, b] + table[c, d] - table[a, d] - table[c, b]) ** 2
        for a in range(rows)
        for c in range(rows)
        for b in range(columns)
        for d in range(columns)
    ]
    return sum(squares) / len(squares)


@given(TABLES)
def test_it_is_a_quarter_of_the_mean_squared_corner_over_the_variance(table):
    share = interaction_share(table)
    if math.isnan(share):
        assert table.std() <= 1e-6 * max(np.abs(table).max(), 1e-30)
    else:
        assert share == pytest.approx(corners(table) / 4 / table.var(), rel=1e-6, abs=1e-6)


@given(arrays(np.float64, 5, elements=st.floats(-50, 50)), arrays(np.float64, 4, elements=st.floats(-50, 50)))
def test_a_sum_of_two_functions_has_none(rows, columns):
    share = interaction_share(rows[:, None] + columns[None, :])
    assert math.isnan(share) or share < 1e-9


@given(TABLES, st.floats(0.01, 100), st.floats(-10, 10))
def test_scale_and_offset_make_no_difference(table, scale, offset):
    before, after = interaction_share(table), interaction_share(scale * table + offset)
    if not (math.isnan(before) or math.isnan(after)):
        assert after == pytest.approx(before, abs=1e-6)


def test_a_distance_is_mostly_interaction_and_nan_or_a_constant_tells_nothing():
    points = np.random.default_rng(0).normal(size=(60, 4))
    distance = np.linalg.norm(points[:30, None] - points[None, 30:], axis=2)
    assert interaction_share(distance) > 0.3
    assert math.isnan(interaction_share(np.full((3, 3), 2.0)))
    assert math.isnan(interaction_share(np.array([[0.0, np.nan], [1.0, 2.0]])))
