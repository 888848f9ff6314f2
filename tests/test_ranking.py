"""The order of causes: by what is recovered, symptoms below what explains them, small things never alarming."""

from dataclasses import replace
from itertools import permutations

import pytest
from siamdoctor.calibration import ENOUGH, Calibration, calibration
from siamdoctor.ranking import closed_under_explanation, rank
from siamdoctor.registry import Check, Impact
from siamdoctor.results import CheckResult, Evidence, Level, Recovery


def a_check(name, *, code=None, impact=Impact.MAJOR, explains=()):
    return Check(
        code=code or f"SD{abs(hash(name)) % 900 + 100}",
        id=name,
        title=name,
        page=name,
        family="scoring",
        impact=impact,
        explains=frozenset(explains),
        run=lambda _: Evidence(certainty=0.0, summary="", fix=""),
    )


def found(check, certainty=1.0, *, points=None, low=None, proof=False, at_stake=None):
    recovers = None
    if points is not None:
        recovers = Recovery(points=points, low=points - 3 if low is None else low, high=points + 3)
    evidence = Evidence(certainty=certainty, summary="", fix="", recovers=recovers, proof=proof, at_stake=at_stake)
    return CheckResult(id=check.id, code=check.code, status="found", seconds=0.0, evidence=evidence)


def ranked(checks, results, attainable=0.6):
    return [c.id for c in rank(results, checks, attainable=attainable)]


A = a_check("first-fault", code="SD101")
B = a_check("second-fault", code="SD102")
C = a_check("third-fault", code="SD103")


def test_what_recovers_more_comes_first_whatever_the_order_of_checking():
    results = [found(A, points=8), found(B, points=30), found(C, points=20)]
    for order in permutations(results):
        assert ranked((A, B, C), order) == ["second-fault", "third-fault", "first-fault"]


def test_a_measured_remedy_beats_a_claim_on_what_it_leaves_over():
    # The remedy brings 40 points and leaves 5 to be had: certainty alone cannot claim more than those.
    results = [found(A, certainty=1.0), found(B, certainty=0.5, points=40)]
    assert ranked((A, B), results, attainable=0.90) == ["second-fault", "first-fault"]


def test_a_claim_outranks_a_small_measured_gain_when_much_is_missing():
    results = [found(A, certainty=1.0), found(B, certainty=1.0, points=6)]
    assert ranked((A, B), results, attainable=0.55) == ["first-fault", "second-fault"]


def test_what_is_at_stake_caps_the_claim():
    results = [found(A, certainty=1.0, at_stake=2.0), found(B, certainty=0.6)]
    causes = rank(results, (A, B), attainable=0.6)
    assert [c.id for c in causes] == ["second-fault", "first-fault"]
    assert causes[1].level is Level.POSSIBLE


def test_a_graver_impact_claims_more_at_equal_certainty():
    grave, light = a_check("grave", impact=Impact.FATAL), a_check("light", impact=Impact.MINOR)
    assert ranked((light, grave), [found(light), found(grave)]) == ["grave", "light"]


def test_a_symptom_waits_below_its_cause_although_it_recovers_as_much():
    cause = a_check("the-cause", explains={"first-fault"})
    causes = rank([found(A, points=31), found(cause, points=30)], (A, cause), attainable=0.9)
    assert [(c.id, c.explained_by) for c in causes] == [("the-cause", None), ("first-fault", "the-cause")]


def test_a_cause_that_recovers_clearly_less_explains_nothing():
    cause = a_check("the-cause", explains={"first-fault"})
    causes = rank([found(A, points=40), found(cause, points=12)], (A, cause), attainable=0.9)
    assert [(c.id, c.explained_by) for c in causes] == [("first-fault", None), ("the-cause", None)]


def test_an_unsure_cause_explains_nothing():
    cause = a_check("the-cause", explains={"first-fault"})
    causes = rank([found(A, points=20), found(cause, certainty=0.4)], (A, cause), attainable=0.6)
    assert [c.explained_by for c in causes] == [None, None]


def test_a_fault_that_another_hides_is_no_symptom_of_it():
    cause, behind = a_check("the-cause", explains={"first-fault"}), found(A, certainty=0.4)
    behind = replace(behind, evidence=replace(behind.evidence, hidden=True))
    causes = rank([behind, found(cause)], (A, cause), attainable=0.5)
    assert [(c.id, c.explained_by, c.level) for c in causes] == [
        ("the-cause", None, Level.LIKELY),
        ("first-fault", None, Level.POSSIBLE),
    ]


def behind(result, of):
    return replace(result, evidence=replace(result.evidence, behind=of.id))


def test_what_was_found_after_another_was_mended_is_no_symptom_of_it_and_comes_next():
    cause = a_check("the-cause", explains={"first-fault", "second-fault"})
    results = [behind(found(A, points=40), cause), found(B, points=30), found(cause, points=35)]
    causes = rank(results, (A, B, cause), attainable=0.9)
    assert [(c.id, c.explained_by) for c in causes] == [
        ("the-cause", None),
        ("first-fault", None),
        ("second-fault", "the-cause"),
    ]


def test_what_is_gone_once_the_cause_is_mended_does_not_explain_what_stayed():
    cause = a_check("the-cause", explains={"first-fault", "gone"})
    gone = a_check("gone", explains={"first-fault"})
    results = [behind(found(A, points=30), cause), found(gone, points=35), found(cause, points=35)]
    assert {c.id: c.explained_by for c in rank(results, (A, gone, cause), attainable=0.9)} == {
        "the-cause": None,
        "first-fault": None,
        "gone": "the-cause",
    }


def test_a_proven_fault_that_lets_nothing_be_seen_counts_with_what_lies_behind_it():
    results = [found(A, points=2, proof=True), found(B, points=25), behind(found(C, points=40), A)]
    causes = rank(results, (A, B, C), attainable=0.95)
    assert [(c.id, c.level) for c in causes] == [
        ("first-fault", Level.PROVEN),
        ("third-fault", Level.PROVEN),
        ("second-fault", Level.PROVEN),
    ]


def test_symptoms_wait_below_every_cause_that_stands_on_its_own():
    cause = a_check("the-cause", explains={"first-fault"})
    results = [found(cause, points=30), found(A, points=29), found(B, points=8)]
    assert ranked((A, B, cause), results) == ["the-cause", "second-fault", "first-fault"]


def test_explanations_chain():
    middle = a_check("middle", explains={"first-fault"})
    root = a_check("root", explains={"middle"})
    results = [found(A, points=30), found(middle, points=30), found(root, points=30)]
    for order in permutations(results):
        assert ranked((A, middle, root), order) == ["root", "middle", "first-fault"]


@pytest.mark.parametrize("proof", [True, False])
@pytest.mark.parametrize("points", [0.0, 2.0, 4.9])
def test_below_five_points_nothing_is_more_than_possible(points, proof):
    (cause,) = rank([found(A, points=points, low=points - 0.1, proof=proof)], (A,), attainable=0.9)
    assert cause.level is Level.POSSIBLE


def test_levels():
    def level(result, attainable=0.5):
        return rank([result], (A,), attainable=attainable)[0].level

    assert level(found(A, points=9, low=2)) is Level.PROVEN
    assert level(found(A, points=9, low=-2)) is Level.POSSIBLE
    assert level(found(A, certainty=0.9)) is Level.LIKELY
    assert level(found(A, certainty=0.9, proof=True)) is Level.PROVEN
    assert level(found(A, certainty=0.4)) is Level.POSSIBLE
    assert level(found(A, certainty=1.0, proof=True), attainable=0.99) is Level.POSSIBLE


def test_what_is_possible_comes_after_what_is_not():
    results = [found(A, certainty=0.45), found(B, points=6, low=1)]
    assert ranked((A, B), results, attainable=0.5) == ["second-fault", "first-fault"]


def test_equal_causes_keep_the_order_of_their_codes():
    results = [found(C), found(A), found(B)]
    for order in permutations(results):
        assert ranked((C, B, A), order) == ["first-fault", "second-fault", "third-fault"]


def test_what_was_not_found_is_not_listed_and_ranks_count_from_one():
    clear = CheckResult(
        id=A.id, code=A.code, status="clear", seconds=0.0, evidence=Evidence(certainty=0.1, summary="", fix="")
    )
    skipped = CheckResult(id=B.id, code=B.code, status="skipped", seconds=0.0, reason="no data")
    causes = rank([clear, skipped, found(C)], (A, B, C), attainable=None)
    assert [(c.rank, c.id) for c in causes] == [(1, "third-fault")]


def test_a_circle_of_explanations_is_refused():
    one, two = a_check("one", explains={"two"}), a_check("two", explains={"one"})
    with pytest.raises(ValueError, match="one explains two explains one"):
        closed_under_explanation({"one": one, "two": two})


def test_the_closure_holds_what_is_explained_indirectly():
    one, two = a_check("one", explains={"two"}), a_check("two", explains={"three"})
    assert closed_under_explanation({"one": one, "two": two})["one"] == {"two", "three"}


def test_a_probability_is_a_counted_share_and_absent_where_little_was_counted():
    known = Calibration(shares={"proven first": (59, 59), "likely later": (5, 10)}, patients={"wrong-threshold": 9})
    assert known.probability("wrong-threshold", Level.PROVEN, first=True) == pytest.approx(0.99)
    assert known.probability("wrong-threshold", Level.LIKELY, first=False) is None  # ten places say little
    assert known.probability("untied-towers", Level.PROVEN, first=True) is None  # no patient had it
    assert known.probability("wrong-threshold", Level.POSSIBLE, first=True) is None  # nobody stood so


def test_the_shares_that_came_with_the_package_agree_with_the_levels():
    for name, (right, of) in calibration().shares.items():
        assert 0 <= right <= of
        if of >= ENOUGH and name.endswith("first"):
            assert (right / of >= 0.5) == (not name.startswith("possible"))
