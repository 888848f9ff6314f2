"""Every check ends as a result: gaps, crashes and a spent budget too."""

import pytest
from siamdoctor.case import Case
from siamdoctor.errors import Unavailable, UnreadableData
from siamdoctor.registry import Check, Impact
from siamdoctor.results import Evidence
from siamdoctor.runner import run_check, run_checks


def a_check(run, name="some-fault"):
    return Check(
        code="SD999", id=name, title="", page="", family="scoring", impact=Impact.MAJOR, explains=frozenset(), run=run
    )


def evidence(certainty):
    return lambda _case: Evidence(certainty=certainty, summary="", fix="")


@pytest.mark.parametrize(("certainty", "status"), [(0.0, "clear"), (0.24, "clear"), (0.25, "found"), (1.0, "found")])
def test_certainty_decides_between_clear_and_found_and_evidence_is_kept(certainty, status):
    result = run_check(a_check(evidence(certainty)), Case())
    assert result.status == status
    assert result.evidence.certainty == certainty


def test_a_gap_is_skipped_with_its_reason():
    def run(_case):
        raise Unavailable("no history was given")

    result = run_check(a_check(run), Case())
    assert (result.status, result.reason) == ("skipped", "no history was given")


def test_a_crash_is_reported_and_hides_no_other_check():
    def run(_case):
        raise ZeroDivisionError("by zero")

    results = run_checks([a_check(run, "first"), a_check(evidence(1.0), "second")], Case())
    assert [r.status for r in results] == ["crashed", "found"]
    assert "ZeroDivisionError: by zero" in results[0].reason


def test_bad_input_ends_the_run():
    def run(_case):
        raise UnreadableData("nothing to read")

    with pytest.raises(UnreadableData):
        run_checks([a_check(run)], Case())


def test_what_would_begin_after_the_budget_is_skipped_and_says_so():
    results = run_checks([a_check(evidence(1.0))], Case(), budget=-1.0)
    assert results[0].status == "skipped"
    assert "budget" in results[0].reason


def test_progress_names_every_check():
    told = []
    run_checks([a_check(evidence(0.0))], Case(progress=lambda what, share: told.append((what, share))))
    assert told[0][0] == "checking: some-fault"
    assert 0 <= told[0][1] <= 1
