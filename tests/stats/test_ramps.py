from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from siamdoctor.stats.ramps import ramp

NUMBERS = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("value", "certainty"),
    [(0.79, 0), (0.8, 0), (0.895, 0.5), (0.99, 1), (2, 1), (float("inf"), 1), (float("-inf"), 0)],
)
def test_a_ramp_rises_from_clear_to_sure(value: float, certainty: float):
    assert ramp(value, clear=0.8, sure=0.99) == pytest.approx(certainty)


@pytest.mark.parametrize(("value", "certainty"), [(3, 0), (2, 0), (1.5, 0.5), (1, 1), (0, 1), (float("-inf"), 1)])
def test_sure_may_lie_below_clear(value: float, certainty: float):
    assert ramp(value, clear=2, sure=1) == pytest.approx(certainty)


def test_what_nobody_could_measure_is_no_evidence():
    assert ramp(float("nan"), clear=0, sure=1) == 0


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_ramp_is_monotonous_and_symmetric(value: float, other: float, clear: float, sure: float):
    assume(abs(sure - clear) > 1e-3)
    here, there = (ramp(v, clear=clear, sure=sure) for v in (value, other))
    assert 0 <= here <= 1
    assert (there - here) * (other - value) * (sure - clear) >= 0
    assert ramp(value, clear=sure, sure=clear) == pytest.approx(1 - here, abs=1e-6)
