"""What a gate lets through because it is known: a baseline, and suppressions with a reason and a last day."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

QUICK = ("--pairs", "300", "--select", "wrong-threshold", "--select", "single-unit-softmax")
TODAY = datetime.now(tz=UTC).date()


@pytest.fixture
def report(gate):
    """The JSON report of a folder's network, to be altered."""

    def make(folder):
        return json.loads(gate(folder, *QUICK, "--format", "json").out)

    return make


@pytest.fixture
def against(gate, tmp_path):
    """The gate's answer for a folder against an earlier report."""

    def call(folder, earlier):
        path = tmp_path / "baseline.json"
        path.write_text(json.dumps(earlier), encoding="utf-8")
        done = gate(folder, *QUICK, "--baseline", path, "--format", "json")
        return done.code, json.loads(done.out)["gate"] if done.out else {}, done.err

    return call


@pytest.fixture
def suppressing(gate, sick, tmp_path):
    """The gate's answer for the sick network where its settings hold this suppression."""

    def call(*lines):
        folder = Path(shutil.copytree(sick, tmp_path / "suppressed"))
        settings = folder / "siamdoctor.yaml"
        suppress = "".join(f"    - {line}\n" for line in lines)
        settings.write_text(f"{settings.read_text()}\nreport:\n  suppress:\n{suppress}", encoding="utf-8")
        return gate(folder, *QUICK)

    return call


def test_what_the_baseline_knew_passes_and_is_named(against, report, sick):
    code, ruling, _ = against(sick, report(sick))
    assert (code, ruling["failing"]) == (0, [])
    assert [(a["id"], a["why"]) for a in ruling["accepted"]] == [("single-unit-softmax", "known in the baseline")]


def test_a_cause_that_is_new_fails(against, report, sound, sick):
    code, ruling, _ = against(sick, report(sound))
    assert (code, ruling["failing"]) == (1, ["single-unit-softmax"])
    assert "single-unit-softmax is new since the baseline." in ruling["notes"]


def test_a_cause_that_is_worse_fails(against, report, sick):
    earlier = report(sick)
    earlier["causes"][0]["level"] = "possible"
    assert against(sick, earlier)[0] == 1
    earlier = report(sick)
    earlier["causes"][0]["recovers"] = {"points": 6.0, "low": 5.0, "high": 7.0}
    code, ruling, _ = against(sick, earlier)
    assert (code, ruling["failing"]) == (1, ["single-unit-softmax"])
    assert "single-unit-softmax is worse than in the baseline." in ruling["notes"]


def test_accuracy_below_the_baselines_interval_fails_and_within_it_passes(against, report, sound):
    earlier = report(sound)
    value = earlier["accuracy"]["value"]
    earlier["accuracy"] |= {"value": value + 0.02, "low": value - 0.01, "high": value + 0.03}
    assert against(sound, earlier)[0] == 0
    earlier["accuracy"] |= {"low": value + 0.01}
    code, ruling, _ = against(sound, earlier)
    assert code == 1
    assert "below the baseline's interval" in ruling["sentence"]


def test_a_baseline_without_accuracy_is_told(against, report, sound):
    earlier = report(sound)
    earlier["accuracy"] |= {"pairs": 0}
    code, ruling, _ = against(sound, earlier)
    assert code == 0
    assert "The baseline holds no accuracy, so the accuracy was not compared." in ruling["notes"]


def test_a_baseline_whose_numbers_are_none_is_refused(against, report, sound):
    earlier = report(sound)
    earlier["accuracy"] |= {"low": float("nan")}
    code, _, said = against(sound, earlier)
    assert code == 2
    assert "accuracy.low is not a finite number" in said


def day(offset):
    return (TODAY + timedelta(days=offset)).isoformat()


def test_a_suppressed_cause_passes_until_its_day_is_over_and_is_named(suppressing):
    done = suppressing(f"{{cause: single-unit-softmax, reason: retrained on Monday, expires: {day(30)}}}")
    assert done.code == 0
    assert "retrained on Monday" in done.out


def test_a_suppression_by_code_holds_on_its_last_day(suppressing):
    done = suppressing(f"{{cause: SD204, reason: retrained tomorrow, expires: {day(0)}}}")
    assert done.code == 0


def test_an_expired_suppression_fails_and_is_told(suppressing):
    done = suppressing(f"{{cause: single-unit-softmax, reason: retrained on Monday, expires: {day(-2)}}}")
    assert done.code == 1
    assert f"single-unit-softmax expired on {day(-2)}" in " ".join(done.out.split())


def test_a_suppression_that_nothing_needed_is_told(suppressing):
    done = suppressing(
        f"{{cause: single-unit-softmax, reason: known, expires: {day(9)}}}",
        f"{{cause: inverted-metric, reason: known, expires: {day(9)}}}",
    )
    assert done.code == 0
    assert "The suppression of inverted-metric was not needed" in " ".join(done.out.split())


def test_a_suppression_without_a_last_day_is_told(suppressing):
    done = suppressing("{cause: single-unit-softmax, reason: known}")
    assert done.code == 0
    assert "has no last day" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{cause: single-unit-softmax}", "report.suppress[0].reason is missing"),
        ("{cause: single-unit-softmax, reason: ''}", "needs a reason"),
        ("{cause: single-unit-softmax, reason: '  '}", "needs a reason"),
        ("{cause: single-unit-softmax, reason: known, expires: soon}", "expires on a day such as"),
        ("{cause: single-unit-softmax, reason: known, until: 2030-01-01}", "Unknown key"),
        ("{cause: single-unit-sofmax, reason: known}", "Did you mean 'single-unit-softmax'"),
    ],
)
def test_a_suppression_that_is_not_complete_is_refused(suppressing, line, message):
    done = suppressing(line)
    assert done.code == 2
    assert message in " ".join(done.err.split())
