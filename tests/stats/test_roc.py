from __future__ import annotations

import itertools

import numpy as np
import pytest
from drawn import ScoredPairs, scored_pairs
from hypothesis import given
from hypothesis import strategies as st
from siamdoctor.stats.roc import (
    auc,
    balanced_accuracy,
    best_threshold,
    cross_fitted,
    equal_error_rate,
    finite_or_far,
    roc_curve,
)
from sklearn.metrics import roc_auc_score


def rates(distance: np.ndarray, same: np.ndarray, threshold: float) -> tuple[float, float]:
    """False-match and true-match rate, counted pair by pair."""
    called_same = [float("inf") if d != d else d for d in distance]  # noqa: PLR0124  (only NaN differs from itself)
    false_match = sum(d < threshold for d, s in zip(called_same, same, strict=True) if not s)
    true_match = sum(d < threshold for d, s in zip(called_same, same, strict=True) if s)
    return false_match / max(1, int((~same).sum())), true_match / max(1, int(same.sum()))


def every_cut(distance: np.ndarray) -> list[float]:
    """A threshold below all distances, one at each, and one above all."""
    finite = finite_or_far(distance)
    return [*np.unique(finite), np.inf, *np.nextafter(np.unique(finite), np.inf)]


@given(scored_pairs())
def test_balanced_accuracy_counts_each_kind_by_itself(p: ScoredPairs):
    hits = [[a == b for a, b in zip(p.predicted, p.same, strict=True) if b == kind] for kind in (True, False)]
    assert balanced_accuracy(p.predicted, p.same) == pytest.approx(sum(sum(h) / len(h) for h in hits) / 2)


def test_balanced_accuracy_needs_both_kinds():
    assert np.isnan(balanced_accuracy(np.array([True]), np.array([True])))
    assert np.isnan(balanced_accuracy(np.array([False]), np.array([False])))


@given(scored_pairs())
def test_auc_counts_nearer_positives_with_ties_half(p: ScoredPairs):
    far = finite_or_far(p.distance)
    wins = [(a < b) + 0.5 * (a == b) for a, b in itertools.product(far[p.same], far[~p.same])]
    assert auc(p.distance, p.same) == pytest.approx(np.mean(wins), abs=1e-12)


@given(scored_pairs())
def test_auc_read_backwards_is_its_complement(p: ScoredPairs):
    distance = np.where(np.isfinite(p.distance), p.distance, 7.0)
    assert auc(-distance, p.same) == pytest.approx(1 - auc(distance, p.same), abs=1e-12)


def test_auc_agrees_with_scikit_learn():
    rng = np.random.default_rng(5)
    same, distance = rng.random(400) < 0.3, rng.integers(0, 50, 400) / 7
    assert auc(distance, same) == pytest.approx(roc_auc_score(same, -distance))


@pytest.mark.parametrize("same", [np.ones(4, bool), np.zeros(4, bool)])
def test_one_kind_of_pair_has_no_auc_and_no_error_rate(same: np.ndarray):
    assert np.isnan(auc(np.arange(4.0), same))
    assert np.isnan(equal_error_rate(np.arange(4.0), same))


@given(scored_pairs())
def test_best_threshold_beats_every_other_cut(p: ScoredPairs):
    def gain(threshold: float) -> float:
        false_match, true_match = rates(p.distance, p.same, threshold)
        return true_match - false_match

    chosen = best_threshold(p.distance, p.same)
    assert gain(chosen) == pytest.approx(max(gain(t) for t in every_cut(p.distance)), abs=1e-12)


@given(scored_pairs(), st.sampled_from([np.float32, np.float64]))
def test_best_threshold_means_the_same_in_the_precision_of_the_distances(p: ScoredPairs, kind: type):
    distance = p.distance.astype(kind)
    distance[0] = np.nextafter(kind(1), kind(2))  # a neighbour of the value 1, with nothing in between
    chosen = best_threshold(distance, p.same)
    far = finite_or_far(distance)
    np.testing.assert_array_equal(far < chosen, far.astype(np.float64) < chosen)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("near", [1, 1 + 2**-23])  # the midpoint of neighbours is rounded to the even one
def test_best_threshold_separates_neighbouring_numbers(kind: type, near: float):
    distance = np.array([near, np.nextafter(kind(near), kind(2))], dtype=kind)
    threshold = best_threshold(distance, np.array([True, False]))
    assert (distance < threshold).tolist() == [True, False]


def test_best_threshold_lies_midway_and_in_the_middle_of_equals():
    same = np.array([True, True, False, False])
    assert best_threshold(np.array([0.0, 1.0, 3.0, 4.0]), same) == 2.0
    # Cutting after the first, the third or the fifth pair is equally good.
    assert best_threshold(np.arange(6.0), np.array([True, False] * 3)) == 2.5


@pytest.mark.parametrize("distance", [np.full(6, 0.3), np.arange(6.0)[::-1]])
def test_where_nothing_separates_every_pair_is_different(distance: np.ndarray):
    same = np.array([True, True, True, False, False, False])
    threshold = best_threshold(distance, same)
    assert np.isfinite(threshold)
    assert not (distance < threshold).any()


def test_best_threshold_of_one_kind_or_none_is_a_number():
    assert best_threshold(np.array([1.0, 2.0, 6.0]), np.ones(3, bool)) == 2.0
    assert best_threshold(np.array([]), np.zeros(0, bool)) == 0.0


def test_best_threshold_separates_a_number_from_a_missing_one():
    threshold = best_threshold(np.array([1e38, np.nan], dtype=np.float32), np.array([True, False]))
    assert threshold > 1e38
    assert np.isfinite(threshold)


@given(scored_pairs(), st.integers(0, 2**16))
def test_cross_fitted_decides_each_half_by_the_other(p: ScoredPairs, seed: int):
    half = np.random.default_rng(seed).integers(0, 2, p.same.size)
    predicted, thresholds = cross_fitted(p.distance, p.same, half)
    for here in (0, 1):
        there = half != here
        expected = best_threshold(p.distance[there], p.same[there])
        assert thresholds[1 - here] == expected
        np.testing.assert_array_equal(predicted[half == here], finite_or_far(p.distance)[half == here] < expected)


def test_a_pair_without_a_distance_is_never_the_same():
    distance = np.array([0.0, 2.0, np.nan, 0.0, 2.0, np.nan])
    same = np.array([True, False, True, True, False, True])
    predicted, _ = cross_fitted(distance, same, np.array([0, 0, 0, 1, 1, 1]))
    assert predicted.tolist() == [True, False, False, True, False, False]


@given(scored_pairs())
def test_roc_curve_holds_the_rates_at_every_threshold(p: ScoredPairs):
    false_match, true_match = roc_curve(p.distance, p.same)
    counted = sorted({rates(p.distance, p.same, t) for t in every_cut(p.distance)} | {(1.0, 1.0)})
    np.testing.assert_allclose(np.column_stack([false_match, true_match]), counted, atol=1e-12)
    assert np.trapezoid(true_match, false_match) == pytest.approx(auc(p.distance, p.same), abs=1e-12)


def test_roc_curve_of_no_pair_is_its_origin():
    false_match, true_match = roc_curve(np.array([]), np.zeros(0, bool))
    assert (false_match.tolist(), true_match.tolist()) == ([0.0], [0.0])


@given(scored_pairs())
def test_equal_error_rate_is_where_the_interpolated_curve_meets_the_diagonal(p: ScoredPairs):
    rate = equal_error_rate(p.distance, p.same)
    false_match, true_match = roc_curve(p.distance, p.same)
    # The curve may run straight up where it crosses, so the error rate lies between its two ends there.
    at = [np.interp(rate, false_match, true_match), np.interp(-rate, -false_match[::-1], true_match[::-1])]
    assert min(at) - 1e-9 <= 1 - rate <= max(at) + 1e-9


def test_equal_error_rate_of_known_cases():
    same = np.array([True, True, False, False])
    assert equal_error_rate(np.array([0.0, 1.0, 2.0, 3.0]), same) == 0.0
    assert equal_error_rate(np.array([2.0, 3.0, 0.0, 1.0]), same) == 1.0
    assert equal_error_rate(np.array([0.0, 2.0, 1.0, 3.0]), same) == 0.5
    assert equal_error_rate(np.full(4, 0.7), same) == 0.5


def test_a_threshold_tuned_on_noise_gains_nothing_on_the_other_half():
    rng = np.random.default_rng(11)
    reached = []
    for _ in range(400):
        distance, same, half = rng.random(80), rng.random(80) < 0.5, np.arange(80) % 2
        reached.append(balanced_accuracy(cross_fitted(distance, same, half)[0], same))
    standard_error = np.std(reached) / np.sqrt(len(reached))
    assert abs(np.mean(reached) - 0.5) < 3 * standard_error
    assert standard_error < 0.005


def test_a_threshold_scored_where_it_was_tuned_flatters():
    rng = np.random.default_rng(11)
    reached = []
    for _ in range(100):
        distance, same = rng.random(80), rng.random(80) < 0.5
        reached.append(balanced_accuracy(distance < best_threshold(distance, same), same))
    assert np.mean(reached) > 0.56
