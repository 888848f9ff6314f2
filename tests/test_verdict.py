"""From an accuracy and ranked causes to the contract's four words and one sentence."""

import pytest
from siamdoctor.results import Accuracy, Attainable, Cause, CheckResult, Level, Recovery
from siamdoctor.verdict import headline, verdict

RAN = (CheckResult(id="wrong-threshold", code="SD102", status="clear", seconds=0.0),)


def accuracy(value, low, high):
    return Accuracy(value=value, low=low, high=high, chance=0.5, pairs=2000, identities=10)


def cause(name="wrong-threshold", level=Level.PROVEN, recovers=None):
    return Cause(
        rank=1,
        id=name,
        code="SD102",
        level=level,
        probability=None,
        title="The threshold does not fit",
        summary="",
        fix="",
        recovers=recovers,
        evidence=(),
        explained_by=None,
    )


@pytest.mark.parametrize(
    ("measured", "causes", "expected"),
    [
        (accuracy(0.51, 0.47, 0.54), (), "chance"),
        (accuracy(0.03, 0.01, 0.06), (cause(),), "chance"),
        (accuracy(0.93, 0.90, 0.95), (), "healthy"),
        (accuracy(0.93, 0.90, 0.95), (cause(level=Level.POSSIBLE),), "healthy"),
        (accuracy(0.70, 0.64, 0.75), (cause(),), "impaired"),
        (accuracy(0.60, 0.40, 0.80), (), "inconclusive"),
        (accuracy(0.60, 0.40, 0.80), (cause("underpowered-evaluation", Level.LIKELY),), "inconclusive"),
        (accuracy(0.60, 0.40, 0.80), (cause("non-finite-weights"),), "impaired"),
        (None, (), "inconclusive"),
    ],
)
def test_verdict(measured, causes, expected):
    assert verdict(measured, causes, RAN) == expected


def test_nothing_that_ran_is_inconclusive():
    skipped = (CheckResult(id="wrong-threshold", code="SD102", status="skipped", seconds=0.0, reason="no data"),)
    assert verdict(accuracy(0.9, 0.85, 0.95), (), skipped) == "inconclusive"


def test_the_headline_names_the_first_cause_and_what_its_cure_brings():
    recovers = Recovery(points=42.0, low=38.0, high=46.0)
    sentence = headline(
        "chance",
        accuracy(0.5, 0.48, 0.52),
        Attainable(value=0.92, low=0.9, high=0.94, by="threshold"),
        (cause(recovers=recovers),),
    )
    assert "50 %" in sentence
    assert "the threshold does not fit" in sentence
    assert "+42 points" in sentence


def test_nobody_is_told_that_a_weak_model_works():
    weak = headline("healthy", accuracy(0.58, 0.51, 0.65), None, (cause(level=Level.POSSIBLE),))
    assert "works" not in weak
    assert "weak, 58 %" in weak
    assert "Look first at: the threshold does not fit." in weak
    assert "Look first" not in headline("healthy", accuracy(0.58, 0.51, 0.65), None, ())
    assert headline("healthy", accuracy(0.9, 0.88, 0.92), None, ()).startswith("The model works: 90 %")
