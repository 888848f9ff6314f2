from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from drawn import ScoredPairs, scored_pairs
from hypothesis import given
from hypothesis import strategies as st
from siamdoctor.stats.resampling import (
    Dyads,
    accuracy_draws,
    accuracy_interval,
    auc_draws,
    auc_interval,
    dyads,
    interval,
    paired_auc_gain,
    paired_gain,
)
from siamdoctor.stats.roc import auc, balanced_accuracy, finite_or_far


def prepared(p: ScoredPairs, draws: int = 12, seed: int = 0) -> Dyads:
    return dyads(p.left, p.right, p.same, np.random.default_rng(seed), draws=draws)


def pair_weights(d: Dyads, draw: int) -> list[float]:
    """How often each pair occurs when each cluster occurs as often as the draw says."""
    w = d.weights[draw]
    return [w[a] if a == b else w[a] * w[b] for a, b in zip(d.left, d.right, strict=True)]


@given(scored_pairs(), st.integers(0, 99))
def test_dyads_number_the_clusters_and_draw_each_as_often_as_there_are(p: ScoredPairs, seed: int):
    d = prepared(p, seed=seed)
    names = np.unique(np.concatenate([p.left, p.right]))
    np.testing.assert_array_equal(names[d.left], p.left)
    np.testing.assert_array_equal(names[d.right], p.right)
    assert d.clusters == names.size
    assert (d.weights.sum(1) == names.size).all()


def test_dyads_of_no_pair_have_no_cluster():
    none = np.zeros(0, np.int64)
    d = dyads(none, none, none.astype(bool), np.random.default_rng(0))
    assert d.clusters == 0
    assert np.isnan(accuracy_draws(none.astype(bool), d)).all()
    assert np.isnan(auc_draws(none.astype(float), d)).all()
    assert (accuracy_interval(none.astype(bool), d).low, accuracy_interval(none.astype(bool), d).high) == (0, 1)


@given(scored_pairs())
def test_accuracy_draws_weigh_every_pair_by_its_clusters(p: ScoredPairs):
    d, correct = prepared(p), p.predicted == p.same
    for number, accuracy in enumerate(accuracy_draws(correct, d)):
        weights = pair_weights(d, number)
        rates = []
        for kind in (True, False):
            total = sum(w for w, s in zip(weights, p.same, strict=True) if s == kind)
            right = sum(w for w, s, c in zip(weights, p.same, correct, strict=True) if s == kind and c)
            rates.append(right / total if total else np.nan)
        assert accuracy == pytest.approx(sum(rates) / 2, nan_ok=True)


@given(scored_pairs())
def test_auc_draws_repeat_every_pair_as_often_as_its_clusters(p: ScoredPairs):
    d, far = prepared(p), finite_or_far(p.distance)
    for number, area in enumerate(auc_draws(p.distance, d)):
        times = np.array(pair_weights(d, number)).astype(int)
        assert area == pytest.approx(auc(np.repeat(far, times), np.repeat(p.same, times)), nan_ok=True)


@given(scored_pairs())
def test_drawing_each_cluster_once_gives_the_estimate_itself(p: ScoredPairs):
    d = prepared(p)
    d = dataclasses.replace(d, weights=np.ones((1, d.clusters)))
    assert accuracy_draws(p.predicted == p.same, d) == pytest.approx(balanced_accuracy(p.predicted, p.same))
    assert auc_draws(p.distance, d) == pytest.approx(auc(p.distance, p.same))


@given(scored_pairs())
def test_intervals_hold_their_estimate_and_stay_in_range(p: ScoredPairs):
    d = prepared(p, draws=40)
    for found, value in (
        (accuracy_interval(p.predicted, d), balanced_accuracy(p.predicted, p.same)),
        (auc_interval(p.distance, d), auc(p.distance, p.same)),
    ):
        assert found.value == pytest.approx(value)
        assert 0 <= found.low <= found.value <= found.high <= 1


@given(scored_pairs())
def test_a_gain_is_the_difference_of_accuracies_in_points(p: ScoredPairs):
    d, nothing = prepared(p, draws=40), np.zeros(p.same.size, bool)
    gain = paired_gain(nothing, p.predicted, d)
    assert gain.points == pytest.approx(100 * (balanced_accuracy(p.predicted, p.same) - 0.5))
    assert -100 <= gain.low <= gain.points <= gain.high <= 100
    loss = paired_gain(p.predicted, nothing, d)
    assert (loss.points, loss.low, loss.high) == pytest.approx((-gain.points, -gain.high, -gain.low))


@given(scored_pairs())
def test_decisions_gain_nothing_over_themselves(p: ScoredPairs):
    gain = paired_gain(p.predicted, p.predicted, prepared(p))
    assert (gain.points, gain.low, gain.high) == pytest.approx((0, 0, 0), abs=1e-12)


@given(p=scored_pairs())
def test_a_gain_of_auc_is_the_difference_and_nothing_over_itself(p: ScoredPairs):
    d = prepared(p)
    gain = paired_auc_gain(np.zeros_like(p.distance), p.distance, d)
    if np.isfinite(auc(p.distance, p.same)):
        assert gain.points == pytest.approx(100 * (auc(p.distance, p.same) - 0.5))
        itself = paired_auc_gain(p.distance, p.distance, d)
        assert itself.points == 0


def test_constant_decisions_are_exactly_chance():
    same = np.arange(40) % 2 == 0
    pairs = dyads(np.arange(40) % 7, np.arange(40) % 5, same, np.random.default_rng(3))
    found = accuracy_interval(np.ones(40, bool), pairs)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(("clusters", "count", "low"), [(3, 8, 0.15), (10, 1000, 0.99), (50, 1000, 0.995)])
def test_no_mistake_seen_is_not_no_mistake_possible(clusters: int, count: int, low: float):
    rng = np.random.default_rng(1)
    left, same = np.arange(count) % clusters, np.arange(count) < count // 2
    right = np.where(same, left, (left + 1) % clusters)
    pairs = dyads(left, right, same, rng)
    for found in (accuracy_interval(same, pairs), auc_interval(np.where(same, 0.0, 1.0), pairs)):
        assert found.value == found.high == 1
        assert low < found.low < 1
    reversed_ = accuracy_interval(~same, pairs)
    assert reversed_.value == reversed_.low == 0
    assert reversed_.high == pytest.approx(1 - found.low)


def test_fewer_clusters_make_a_wider_interval_of_the_same_draws():
    draws = np.random.default_rng(2).normal(0.7, 0.02, 500)
    widths = [i.high - i.low for i in (interval(0.7, draws, k) for k in (2, 5, 10, 30, 1000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(2 * 1.96 * 0.02, rel=0.1)


def test_an_interval_is_students_with_the_small_sample_correction_in_logits():
    draws = np.random.default_rng(2).normal(0.5, 0.02, 500)
    found = interval(0.5, draws, 5)
    reach = 2.776445 * np.sqrt(5 / 4) * draws.std() / 0.25  # t(.975, 4)
    assert (found.low, found.high) == pytest.approx((1 / (1 + np.exp(reach)), 1 / (1 + np.exp(-reach))))


def test_near_a_bound_an_interval_reaches_farther_inwards():
    found = interval(0.97, np.random.default_rng(2).normal(0.97, 0.01, 500), 20)
    assert found.value - found.low > 1.5 * (found.high - found.value)
    assert found.high < 1


def test_an_interval_without_an_estimate_or_draws_says_nothing():
    nothing = interval(float("nan"), np.array([0.5]), 9)
    assert (nothing.value, nothing.low, nothing.high) == (0.5, 0, 1)
    unknown = interval(0.8, np.array([np.nan]), 2)
    assert (unknown.value, unknown.low, unknown.high) == (0.8, 0, 1)
