"""Where a training curve settled and whether it still moved."""

import math

import numpy as np
import pytest
from siamdoctor.stats.curves import fall_to_come, recent_fall, roughness, settled


def test_settled_is_the_mean_of_the_last_third():
    assert settled([9, 9, 9, 9, 2, 4]) == 3
    assert settled([5]) == 5
    assert settled([9, 9, math.nan]) != settled([9, 9, 1])
    assert math.isnan(settled([]))


def test_a_straight_fall_is_measured_per_third():
    assert recent_fall(np.linspace(1, 0, 12).tolist()) == pytest.approx(4 / 11)
    assert recent_fall(np.linspace(0, 1, 12).tolist()) == pytest.approx(-4 / 11)
    assert recent_fall([1, 0.5, 0.3] + [0.2] * 12) == 0


def test_short_or_broken_curves_have_no_fall():
    assert recent_fall([1, 0.9, 0.75]) == pytest.approx(0.15)
    assert math.isnan(recent_fall([1]))
    assert math.isnan(recent_fall([1, 0.9, math.nan, 0.7]))
    assert math.isnan(roughness([1, 2, 3]))


def test_roughness_is_the_noise_whatever_the_trend():
    noise = np.random.default_rng(0).normal(scale=0.05, size=4000)
    assert roughness(noise.tolist()) == pytest.approx(0.05, rel=0.05)
    assert roughness((noise + np.linspace(50, 0, 4000)).tolist()) == pytest.approx(0.05, rel=0.05)
    assert roughness(np.linspace(3, 1, 20).tolist()) == pytest.approx(0, abs=1e-9)


def test_what_is_to_come_is_the_rest_of_a_geometric_series():
    assert fall_to_come([10, 6, 4]) == pytest.approx(2)  # fell by 4, then by 2; by 1, by 1/2 ... are to come
    assert fall_to_come([10, 10, 6, 6, 5.6, 5.6]) == pytest.approx(0.4 * 0.1 / 0.9)
    levels = 3 + 0.8 ** np.arange(60)
    assert fall_to_come(levels.tolist()) == pytest.approx(0, abs=1e-4)


def test_a_straight_line_falls_nine_times_its_last_third_and_no_farther():
    assert fall_to_come(np.linspace(1, 0, 12).tolist()) == pytest.approx(9 * 4 / 11)
    assert fall_to_come([1.0, 1.0, 0.9]) == pytest.approx(0.9)  # it has only begun to fall


def test_nothing_is_to_come_of_a_curve_that_rises():
    assert fall_to_come([0.2, 0.3, 0.4, 0.5]) == 0
    assert fall_to_come([1.0, 0.75]) == pytest.approx(0.25)
    assert math.isnan(fall_to_come([1.0]))
