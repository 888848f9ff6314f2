"""The benchmark's arithmetic, on outcomes written out by hand."""

from __future__ import annotations

import pytest
import reliability
import summary
from outcome import Outcome, read
from siamdoctor.results import Level


@pytest.fixture
def outcome():
    def build(truth, named, *, ill=True, misleads=False, dataset="digits"):
        return Outcome(
            name=f"{truth}/euclidean/{dataset}/0",
            truth=truth,
            style="euclidean",
            dataset=dataset,
            seed=0,
            ill=ill,
            well=truth is None,
            misleads=misleads,
            accuracy=0.5,
            healthy_accuracy=0.9,
            verdict="chance",
            measured=0.5,
            named=[(cause, level, None) for cause, level in named],
            certainty={},
            crashed=[],
            seconds=1.0,
        )

    return build


def test_wilson_interval_by_the_textbook():
    # Agresti and Coull 1998, z = 1.96: 0 of 10 and 9 of 10.
    assert summary.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert summary.wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-3)
    assert summary.wilson(0, 0) == (0.0, 1.0)


def test_ranks_alarms_and_what_counts(outcome):
    first = outcome("wrong-threshold", [("wrong-threshold", "proven")])
    third = outcome("untied-towers", [("a", "likely"), ("b", "possible"), ("untied-towers", "possible")])
    harmless = outcome("easy-triplets", [], ill=False)
    misleading = outcome("leaky-evaluation", [("leaky-evaluation", "likely")], ill=False, misleads=True)
    accused = outcome(None, [("a", "likely")], ill=False)
    listed = outcome(None, [("a", "possible")], ill=False)
    assert (first.rank(), third.rank(), harmless.rank()) == (1, 3, None)
    assert (accused.right(), listed.right()) == (False, True)
    text = summary.summarise([first, third, harmless, misleading, accused, listed], calibrated={"digits"})
    assert "| true cause named first | 2/3 = 67% [21%, 94%] |" in text
    assert "| true cause among the first three | 3/3 = 100%" in text
    assert "| healthy control with a likely or proven cause | 1/2 = 50%" in text
    assert "| not counted: the fault did not hurt | 1 |" in text
    assert "| untied-towers | a | 1 |" in text


def test_precision_counts_other_patients_that_were_given_the_cause(outcome):
    right = outcome("wrong-threshold", [("wrong-threshold", "proven")])
    wrong = outcome("untied-towers", [("wrong-threshold", "proven")])
    text = summary.summarise([right, wrong], calibrated={"digits"})
    assert "| wrong-threshold | 1/1 = 100% [21%, 100%] | 1 | 1/2 = 50% [9%, 91%] |" in text


def test_of_two_faults_either_may_come_first_and_both_are_looked_for(outcome):
    one = outcome("a+b", [("b", "proven"), ("c", "likely")])
    both = outcome("a+b", [("c", "likely"), ("b", "possible"), ("a", "possible")])
    assert (one.rank(), both.rank()) == (1, 2)
    assert (one.all_listed(), both.all_listed()) == (False, True)
    assert "| both of two faults among the first three | 1/2 = 50%" in summary.summarise([one, both], calibrated=set())


def test_data_sets_that_calibration_never_saw_are_counted_apart(outcome):
    seen = outcome("wrong-threshold", [("wrong-threshold", "proven")])
    fresh = outcome("wrong-threshold", [], dataset="series")
    text = summary.summarise([seen, fresh], calibrated={"digits"})
    assert "never saw\n\n|  | 95 % Wilson interval |\n| --- | --- |\n| true cause named first | 0/1" in text


def test_an_outcome_survives_its_file(outcome, tmp_path):
    one = outcome("wrong-threshold", [("wrong-threshold", "proven")])
    path = tmp_path / "ward.jsonl"
    assert read(path) == []
    path.write_text(one.as_json() + "\n")
    assert read(path) == [one]


def test_a_standing_is_worth_the_share_of_true_causes_that_stood_so(outcome):
    right = [outcome("a", [("a", "proven"), ("b", "possible")])] * 30
    wrong = [outcome("a", [("b", "proven")])] * 10
    harmless = [outcome("a", [("b", "proven")], ill=False)] * 9
    healthy = [outcome(None, [("b", "possible")], ill=False)] * 20
    known = reliability.counted(right + wrong + harmless + healthy)
    assert known.shares == {"proven first": (30, 40), "possible later": (0, 30), "possible first": (0, 20)}
    assert known.probability("a", Level.PROVEN, first=True) == pytest.approx(0.74)
    assert known.probability("b", Level.PROVEN, first=True) is None  # no patient had it
    assert known.probability("a", Level.LIKELY, first=True) is None  # nobody stood so


def test_calibration_error_is_the_distance_between_shown_and_true(outcome):
    known = reliability.counted([outcome("a", [("a", "proven")])] * 49)
    assert reliability.expected_error([outcome("a", [("a", "proven")])] * 5, known) == (pytest.approx(0.01), 5)
    half = [outcome("a", [("a", "proven")]), outcome("b", [("a", "proven")])]
    assert reliability.expected_error(half, known) == (pytest.approx(0.49), 2)
