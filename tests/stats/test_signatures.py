"""Losses of a constant output, against the losses computed from their formulas, and curves that rest on them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siamdoctor.stats.signatures import chance_loss, constant_output_losses, matching

SHARES = st.floats(0.05, 0.95)
MARGINS = st.floats(0.1, 10)


def contrastive(distance, margin, p):
    return p * distance**2 + (1 - p) * max(margin - distance, 0) ** 2


@given(MARGINS, SHARES)
def test_contrastive_constants_are_those_of_the_formula(margin, p):
    constant, dead = constant_output_losses("contrastive", margin, p)
    grid = [contrastive(d, margin, p) for d in np.linspace(0, 2 * margin, 4001)]
    assert constant.value == pytest.approx(min(grid), rel=1e-3)
    assert dead.value == pytest.approx(contrastive(0, margin, p))
    assert dead.dead
    assert not constant.dead


@given(SHARES)
def test_cross_entropy_and_squared_error_of_a_constant(p):
    grid = np.linspace(0.001, 0.999, 9999)
    entropy = -(p * np.log(grid) + (1 - p) * np.log(1 - grid))
    assert constant_output_losses("binary_crossentropy", None, p)[0].value == pytest.approx(entropy.min(), rel=1e-4)
    assert constant_output_losses("mse", None, p)[0].value == pytest.approx(
        (p * (1 - grid) ** 2 + (1 - p) * grid**2).min(), rel=1e-4
    )


def test_the_catalogue_values():
    values = {
        loss: [round(s.value, 4) for s in constant_output_losses(loss, 1.0)]
        for loss in ("contrastive", "triplet", "binary_crossentropy", "mse")
    }
    assert values == {
        "contrastive": [0.25, 0.5],
        "triplet": [1.0, 0.6931],
        "binary_crossentropy": [0.6931, 7.88],
        "mse": [0.25, 0.5],
    }


@pytest.mark.parametrize("seen", [7.7, 7.9712, 8.06])
def test_public_saturated_cross_entropies_are_recognised(seen):
    found = matching([seen] * 6, constant_output_losses("binary_crossentropy", None))
    assert found is not None
    assert found.dead


def test_a_curve_that_passes_through_a_signature_does_not_rest_on_it():
    known = constant_output_losses("contrastive", 1.0)
    assert matching([0.5, 0.35, 0.25, 0.15, 0.1, 0.05], known) is None
    assert matching([0.9, 0.6, 0.26, 0.252, 0.25, 0.251], known) is known[0]


def test_a_single_wild_epoch_at_the_end_breaks_the_match():
    assert matching([0.25] * 8 + [0.31], constant_output_losses("contrastive", 1.0)) is None


def test_what_is_not_known_matches_nothing():
    assert constant_output_losses("other", 1.0) == ()
    assert constant_output_losses("contrastive", None) == ()
    assert chance_loss(None, None) is None
    assert matching([], constant_output_losses("mse", None)) is None
    assert matching([math.nan, math.nan], constant_output_losses("mse", None)) is None


def test_chance_is_the_best_constant_not_the_dead_one():
    assert chance_loss("contrastive", 2.0) == pytest.approx(1.0)
    assert chance_loss("binary_crossentropy", None) == pytest.approx(math.log(2))
    assert chance_loss("binary_crossentropy", None, 1.0) == pytest.approx(0.0)
