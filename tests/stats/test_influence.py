"""Influences are what a measure moves by when one pair or sample counts a little more."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import ScoredPairs, clouds, scored_pairs
from hypothesis import given
from siamdoctor.stats.geometry import effective_rank, relative_spread
from siamdoctor.stats.influence import placements, rank_influence
from siamdoctor.stats.resampling import accuracy_draws, auc_draws, dyads, spread_draws
from siamdoctor.stats.roc import auc, finite_or_far


@given(scored_pairs())
def test_placements_count_the_pairs_of_the_other_kind_one_by_one(p: ScoredPairs):
    far = finite_or_far(p.distance)
    for pair, placed in enumerate(placements(p.distance, p.same)):
        others = far[p.same != p.same[pair]]
        beaten = (others > far[pair]) if p.same[pair] else (others < far[pair])
        assert placed == pytest.approx((beaten + (others == far[pair]) / 2).mean())
    for kind in (p.same, ~p.same):
        assert placements(p.distance, p.same)[kind].mean() == pytest.approx(auc(p.distance, p.same))


def test_placements_need_both_kinds():
    assert np.isnan(placements(np.arange(4.0), np.ones(4, dtype=bool))).all()


def test_draws_by_placements_spread_like_those_of_an_auc_computed_anew():
    rng = np.random.default_rng(0)
    same = np.arange(1200) % 2 == 0
    left = rng.integers(0, 30, 1200)
    right = np.where(same, left, (left + rng.integers(1, 30, 1200)) % 30)
    hard = rng.normal(size=30)  # identities differ, which is what resampling them must show
    distance = rng.normal(size=1200) - 1.2 * same + 0.7 * (hard[left] + hard[right])
    pairs = dyads(left, right, same, rng, draws=300)
    anew, moved = auc_draws(distance, pairs), 2 * accuracy_draws(placements(distance, same), pairs)
    assert moved.std() == pytest.approx(anew.std(), rel=0.1)
    assert np.corrcoef(anew, moved)[0, 1] > 0.95


def test_an_influence_on_the_rank_is_its_slope():
    rng = np.random.default_rng(1)
    cloud = rng.normal(size=(40, 5)) * [3, 1, 0.5, 0.2, 0.1] + [1, 2, 0, 0, 0]
    often = 400  # times each sample; one of them a tenth more
    for number in (0, 7, 23):
        times = np.full(40, often)
        times[number] += often // 10
        moved = effective_rank(np.repeat(cloud, times, axis=0)) - effective_rank(cloud)
        assert moved == pytest.approx(rank_influence(cloud)[number] / 40 / 10, rel=0.15, abs=1e-5)
    assert rank_influence(cloud).mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("cloud", [np.full((6, 3), 0.1), np.zeros((4, 2)), np.full((5, 2), np.nan)])
def test_a_point_and_what_is_not_finite_have_no_influence(cloud):
    np.testing.assert_allclose(rank_influence(cloud), 0, atol=1e-6)


@given(clouds())
def test_spread_draws_repeat_every_sample_as_often_as_its_weight(cloud: np.ndarray):
    weights = np.random.default_rng(0).integers(0, 3, (8, len(cloud)))
    for draw, spread in zip(weights, spread_draws(cloud, weights.astype(float)), strict=True):
        if draw.any():
            assert spread == pytest.approx(relative_spread(np.repeat(cloud, draw, axis=0)), abs=1e-6)
        else:
            assert np.isnan(spread)
