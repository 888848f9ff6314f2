import dataclasses
from datetime import date

import pytest
from example_reports import CRASHED, FEW, HEALTHY, ILL, SOFTMAX, THRESHOLD, UNJUDGED
from siamdoctor.changes import compare_reports
from siamdoctor.errors import BadSettings
from siamdoctor.gate import judge
from siamdoctor.results import Accuracy, Level, Recovery
from siamdoctor.settings import Suppression

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("fail_on", "failing"),
    [
        ("proven", ("single-unit-softmax",)),
        ("likely", ("single-unit-softmax", "wrong-threshold")),
        ("possible", ("single-unit-softmax", "wrong-threshold", "too-few-identities")),
        ("never", ()),
    ],
)
def test_the_bar_decides_which_causes_fail(fail_on, failing):
    ruling = judge(ILL, fail_on=fail_on)
    assert ruling.failing == failing
    assert ruling.exit_code == int(bool(failing))


def test_a_healthy_report_passes_at_every_bar():
    assert {judge(HEALTHY, fail_on=f).exit_code for f in ("proven", "likely", "possible", "never")} == {0}


@pytest.mark.parametrize("fail_on", ["proven", "likely", "possible", "never"])
def test_a_crash_outranks_causes(fail_on):
    ruling = judge(CRASHED, fail_on=fail_on)
    assert ruling.exit_code == 3
    assert "narrow-embedding" in ruling.sentence


def test_an_inconclusive_verdict_is_no_pass():
    assert judge(UNJUDGED).exit_code == 3
    assert judge(UNJUDGED, fail_on="never").exit_code == 3


UNEXPLAINED = dataclasses.replace(ILL, verdict="chance", causes=(FEW,))


def test_a_model_at_chance_that_no_check_explains_is_no_pass():
    ruling = judge(UNEXPLAINED, complete=True)
    assert (ruling.exit_code, ruling.failing) == (3, ())
    assert "at chance, and no check is sure why" in ruling.sentence
    assert judge(UNEXPLAINED, complete=True, fail_on="possible").exit_code == 1
    assert judge(dataclasses.replace(ILL, verdict="chance"), complete=True, fail_on="proven").exit_code == 1


def test_a_model_at_chance_passes_where_that_is_known_or_less_was_asked_for():
    assert judge(UNEXPLAINED, complete=False).exit_code == 0
    assert judge(UNEXPLAINED, complete=True, fail_on="never").exit_code == 0
    assert judge(UNEXPLAINED, complete=True, baseline=UNEXPLAINED).exit_code == 0
    every = suppressed("single-unit-softmax", "wrong-threshold", "too-few-identities")
    assert judge(dataclasses.replace(ILL, verdict="chance"), complete=True, suppressions=every).exit_code == 0


def test_when_nothing_ran_nothing_was_judged():
    skipped = tuple(c for c in HEALTHY.checks if c.status == "skipped")
    for checks in ((), skipped):
        ruling = judge(dataclasses.replace(HEALTHY, checks=checks))
        assert ruling.exit_code == 3
        assert "no check could run" in ruling.sentence


def suppressed(*causes, expires=None):
    return tuple(Suppression(cause=c, reason="known since May", expires=expires) for c in causes)


def test_a_suppressed_cause_is_let_through_with_its_reason():
    ruling = judge(ILL, suppressions=suppressed("single-unit-softmax"), today=TODAY)
    assert ruling.failing == ("wrong-threshold",)
    assert [(a.cause, a.why) for a in ruling.accepted] == [("single-unit-softmax", "known since May")]
    both = suppressed("single-unit-softmax", "wrong-threshold")
    assert judge(ILL, suppressions=both, today=TODAY).exit_code == 0


def test_a_suppression_holds_through_its_last_day_and_then_fails():
    causes = ("single-unit-softmax", "wrong-threshold")
    assert judge(ILL, suppressions=suppressed(*causes, expires="2026-11-24"), today=TODAY).exit_code == 0
    late = judge(ILL, suppressions=suppressed(*causes, expires="2026-11-23"), today=TODAY)
    assert late.exit_code == 1
    assert "The suppression of single-unit-softmax expired on 2026-11-23." in late.notes


def test_an_unused_suppression_is_reported():
    ruling = judge(HEALTHY, suppressions=suppressed("wrong-threshold"), today=TODAY)
    assert ruling.exit_code == 0
    assert ruling.notes == ("The suppression of wrong-threshold was not needed: the cause was not found.",)


def test_a_suppression_never_turns_a_crash_into_a_pass():
    causes = suppressed("single-unit-softmax", "wrong-threshold")
    assert judge(CRASHED, suppressions=causes, today=TODAY).exit_code == 3


def test_an_expiry_that_is_no_date_is_refused():
    with pytest.raises(BadSettings, match="expires='soon'"):
        judge(ILL, suppressions=suppressed("wrong-threshold", expires="soon"), today=TODAY)


def test_what_the_baseline_knew_passes():
    assert judge(ILL, baseline=ILL).exit_code == 0
    assert {a.why for a in judge(ILL, baseline=ILL).accepted} == {"known in the baseline"}


def test_a_cause_that_the_baseline_did_not_know_fails():
    baseline = dataclasses.replace(ILL, causes=(SOFTMAX, FEW))
    ruling = judge(ILL, baseline=baseline)
    assert ruling.failing == ("wrong-threshold",)
    assert "wrong-threshold is new since the baseline." in ruling.notes


def test_a_cause_at_a_higher_level_than_in_the_baseline_fails():
    was = dataclasses.replace(THRESHOLD, level=Level.POSSIBLE)
    ruling = judge(ILL, baseline=dataclasses.replace(ILL, causes=(SOFTMAX, was, FEW)))
    assert ruling.failing == ("wrong-threshold",)


def test_a_new_cause_below_the_bar_does_not_fail():
    baseline = dataclasses.replace(ILL, causes=(SOFTMAX, THRESHOLD))
    assert judge(ILL, baseline=baseline).exit_code == 0


def test_accuracy_below_the_baselines_interval_fails_and_within_it_passes():
    def at(value):
        measured = Accuracy(value=value, low=value - 0.03, high=value + 0.03, chance=0.5, pairs=2000, identities=20)
        return dataclasses.replace(HEALTHY, accuracy=measured)

    assert judge(at(0.91), baseline=at(0.93)).exit_code == 0
    fell = judge(at(0.89), baseline=at(0.93))
    assert fell.exit_code == 1
    assert "below the baseline" in fell.sentence
    assert judge(at(0.89), baseline=at(0.93), fail_on="never").exit_code == 0


def test_changes_are_named_from_new_to_gone():
    grown = dataclasses.replace(SOFTMAX, recovers=Recovery(points=60.0, low=50.0, high=70.0))
    before = dataclasses.replace(ILL, causes=(SOFTMAX, FEW))
    after = dataclasses.replace(ILL, causes=(grown, THRESHOLD))
    changed = compare_reports(before, after)
    assert [(c.id, c.kind) for c in changed.causes] == [
        ("wrong-threshold", "new"),
        ("single-unit-softmax", "worse"),
        ("too-few-identities", "gone"),
    ]
    back = compare_reports(after, before)
    assert {c.id: c.kind for c in back.causes}["single-unit-softmax"] == "better"


def test_overlapping_recoveries_are_the_same():
    slightly = dataclasses.replace(SOFTMAX, recovers=Recovery(points=44.0, low=37.0, high=50.0))
    changed = compare_reports(ILL, dataclasses.replace(ILL, causes=(slightly, THRESHOLD, FEW)))
    assert {c.kind for c in changed.causes} == {"same"}
