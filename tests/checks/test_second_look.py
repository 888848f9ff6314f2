"""Two faults at once: what hides another is mended first, and what is found then is no symptom of it."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit
from siamdoctor.errors import Unavailable
from siamdoctor.ranking import rank
from siamdoctor.registry import find
from siamdoctor.results import Level
from siamdoctor.runner import run_checks
from siamdoctor.verdict import attainable
from stand_ins import StandInTwin, case, clouds, head, history, learned, pictures, samples, settings

SCALING, THRESHOLD, SOFTMAX = "preprocessing-mismatch", "wrong-threshold", "single-unit-softmax"


def named(patient, *checks):
    chosen = [find(name) for name in checks]
    causes = rank(run_checks(chosen, patient), chosen, attainable=0.95, accuracy_low=patient.accuracy.low)
    return {c.id: c for c in causes}


def taught_on_unit_pixels(x):
    """An encoder that stays near its linear part for pixels of 0..1, and winds around for those of 0..255."""
    return np.sin(2.0 * x.reshape(len(x), -1))


def fed_raw_pixels(*, threshold):
    x, who = pictures()
    return case(
        samples(x, who, kind="images"), head=head(), embed=taught_on_unit_pixels, facts=settings(threshold=threshold)
    )


def best_threshold():
    x, who = pictures()
    scaled = case(samples(x / 255, who), head=head(), embed=taught_on_unit_pixels, facts=settings(threshold=1.0))
    return float(scaled.trial("threshold").detail)


def test_a_threshold_that_fits_the_right_scaling_is_a_symptom_of_the_wrong_one():
    causes = named(fed_raw_pixels(threshold=best_threshold()), SCALING, THRESHOLD)
    assert causes[SCALING].level is Level.PROVEN
    assert THRESHOLD not in causes or causes[THRESHOLD].explained_by == SCALING


@pytest.mark.parametrize("factor", [0.2, 50.0])
def test_a_threshold_that_fits_no_scaling_is_a_fault_of_its_own(factor):
    threshold = factor * best_threshold()
    causes = named(fed_raw_pixels(threshold=threshold), SCALING, THRESHOLD)
    assert list(causes) == [SCALING, THRESHOLD]
    assert causes[THRESHOLD].explained_by is None
    assert causes[THRESHOLD].level is Level.PROVEN
    assert causes[THRESHOLD].summary.startswith("With pixels divided by 255: at the threshold")
    # the threshold that it advises is the one that fits once the scaling is mended
    [advised] = [m.value for m in causes[THRESHOLD].evidence if m.name == "tuned threshold"]
    assert advised == pytest.approx(best_threshold(), rel=0.3)


def test_a_second_look_begins_nothing_once_the_budget_is_used_up(monkeypatch):
    patient, checks = fed_raw_pixels(threshold=50 * best_threshold()), [find(THRESHOLD), find(SCALING)]
    assert [r.evidence.behind for r in run_checks(checks, patient, budget=60.0)] == [SCALING, None]
    moments = iter([0.0, 1.0, 2.0])  # the run begins, and each of both checks; then a minute has gone
    monkeypatch.setattr("siamdoctor.runner.time.monotonic", lambda: next(moments, 61.0))
    late = run_checks(checks, fed_raw_pixels(threshold=50 * best_threshold()), budget=60.0)
    assert [r.evidence.behind for r in late] == [None, None]


def behind_a_softmax(*, border, log=None, threshold=0.4):
    """A sound comparison whose sigmoid would have its border at `border`, behind a softmax over one unit."""
    x, who = clouds(noise=0.35)

    def likeness(a, b):
        return expit(4 * (border - np.abs(a - b).sum(1)))

    patient = case(
        samples(x, who),
        head=learned(activation="softmax"),
        compare=lambda a, _: np.ones(len(a)),
        facts=settings(loss="binary_crossentropy", same_label=1, threshold=threshold, history=log),
    )
    patient.twin.with_sigmoid = lambda: StandInTwin(patient.blueprint, lambda v: v.reshape(len(v), -1), likeness)
    return patient


def test_behind_a_constant_output_a_sound_threshold_is_not_blamed():
    assert list(named(behind_a_softmax(border=4.5), SOFTMAX, THRESHOLD)) == [SOFTMAX]


@pytest.mark.parametrize("threshold", [None, 0.5])
def test_nobody_chose_the_one_half_of_a_sigmoid_that_is_not_there_yet(threshold):
    assert list(named(behind_a_softmax(border=0.0, threshold=threshold), SOFTMAX, THRESHOLD)) == [SOFTMAX]


def test_behind_a_constant_output_another_fault_is_found_and_stays_second():
    causes = named(behind_a_softmax(border=0.0), SOFTMAX, THRESHOLD)
    assert list(causes) == [SOFTMAX, THRESHOLD]
    assert causes[THRESHOLD].explained_by is None
    assert causes[THRESHOLD].summary.startswith("With a sigmoid in place of the softmax: at the threshold 0.4")


@pytest.mark.parametrize(("share", "found"), [(0.03, True), (0.5, False)])
def test_the_training_accuracy_of_a_constant_is_the_share_of_pairs_that_were_the_same(tmp_path, share, found):
    log = history(tmp_path / "history.csv", loss=[0.25, 0.12, 0.07], accuracy=[share, share, share])
    causes = named(behind_a_softmax(border=1.5, log=log), SOFTMAX, THRESHOLD, "imbalanced-pairs")
    assert next(iter(causes)) == SOFTMAX
    assert ("imbalanced-pairs" in causes) == found
    if found:
        assert causes["imbalanced-pairs"].explained_by is None
        assert causes["imbalanced-pairs"].level is Level.PROVEN
        assert causes[THRESHOLD].explained_by == "imbalanced-pairs"


def test_what_is_attainable_counts_remedies_behind_the_constant_too():
    patient = behind_a_softmax(border=0.0)
    run_checks([find(THRESHOLD)], patient)
    best = attainable(patient)
    assert best.value > 0.9
    assert best.by == "sigmoid for softmax, and threshold tuned on the other half"
    assert attainable(behind_a_softmax(border=0.0)) is None  # nothing was measured


def test_a_constant_that_cannot_be_mended_is_examined_as_it_is():
    patient = behind_a_softmax(border=4.5)

    def refused():
        raise Unavailable("the head does not end in a softmax")

    patient.twin.with_sigmoid = refused
    results = {r.id: r for r in run_checks([find(SOFTMAX), find(THRESHOLD)], patient)}
    assert results[SOFTMAX].evidence.certainty == 1
    assert results[THRESHOLD].status in {"clear", "skipped"}


def test_a_model_without_either_is_its_own_mended_case():
    x, who = clouds()
    plain = case(samples(x, who), head=head(), facts=settings(threshold=2.0))
    assert plain.mended is plain
    assert dataclasses.asdict(plain.blueprint.head)["activation"] is None
