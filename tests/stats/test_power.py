from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from siamdoctor.stats.power import detectable_accuracy, effective_pairs, exact_p_value, pairs_needed

CHANCES = st.sampled_from([0.5, 0.25, 0.8])


@given(st.integers(1, 60), st.data(), CHANCES)
def test_exact_p_value_adds_up_what_is_no_likelier(trials: int, data: st.DataObject, chance: float):
    hits = data.draw(st.integers(0, trials))
    likelihood = [math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1)]
    expected = sum(x for x in likelihood if x <= likelihood[hits] * (1 + 1e-7))
    assert exact_p_value(hits / trials, chance, trials) == pytest.approx(min(1, expected))


def test_exact_p_value_counts_effective_pairs_only():
    assert exact_p_value(0.6, 0.5, 1000) < 1e-9
    assert exact_p_value(0.6, 0.5, 50) > 0.1
    assert exact_p_value(1.0, 0.5, 0.2) == 1


@given(st.floats(0.1, 0.9), st.integers(20, 4000))
def test_effective_pairs_of_a_textbook_interval_are_the_pairs(accuracy: float, pairs: int):
    half_width = 1.959964 * math.sqrt(accuracy * (1 - accuracy) / pairs)
    assert effective_pairs(accuracy, half_width, 10 * pairs) == pytest.approx(pairs, rel=1e-6)
    assert effective_pairs(accuracy, 2 * half_width, 10 * pairs) == pytest.approx(pairs / 4, rel=1e-6)
    assert effective_pairs(accuracy, half_width / 10, pairs) == pairs


def test_effective_pairs_stay_within_one_and_all():
    assert effective_pairs(0.5, 0.0, 300) == 300
    assert effective_pairs(0.5, 5.0, 300) == 1
    assert effective_pairs(1.0, 0.01, 5000) < 5000


@given(st.floats(1, 1e5), CHANCES)
def test_detectable_accuracy_needs_the_pairs_at_hand(effective: float, chance: float):
    accuracy = detectable_accuracy(effective, chance)
    assert chance < accuracy <= 1
    if accuracy < 1:
        assert pairs_needed(accuracy, effective, 10**6, chance) == pytest.approx(10**6, rel=1e-5, abs=1)


@pytest.mark.parametrize("effective", [40, 100, 400, 1500])
def test_detectable_accuracy_has_the_power_that_it_claims(effective: int):
    """The exact test on so many independent pairs rejects in about four of five cases."""
    rejected = [exact_p_value(k / effective, 0.5, effective) < 0.05 for k in range(effective + 1)]
    power = binom.pmf(np.arange(effective + 1), effective, detectable_accuracy(effective))[rejected].sum()
    assert 0.72 < power < 0.84


def test_more_dependence_needs_more_pairs():
    independent = pairs_needed(0.6, 1000, 1000)
    assert independent == pytest.approx(194, abs=1)  # textbook: 194 tosses tell a 60 % coin from a fair one
    assert pairs_needed(0.6, 100, 1000) == pytest.approx(10 * independent, rel=0.01)
    assert pairs_needed(0.55, 1000, 1000) > 3.5 * independent


def test_no_number_of_pairs_tells_chance_from_chance():
    with pytest.raises(ValueError, match=r"Received: true_accuracy=0\.5"):
        pairs_needed(0.5, 100, 100)
