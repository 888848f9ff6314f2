"""The checks of scoring: the fault, a near miss that stays clear, an invariance."""

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.ranking import LIKELY
from siamdoctor.runner import FOUND
from sound_cases import look, sound


def test_keras_accuracy_on_a_distance_is_inverted():
    evidence = look("inverted-metric", sound(metrics=("accuracy",)))
    assert evidence.certainty == 1
    assert evidence.recovers.low > 30


@pytest.mark.parametrize("metrics", [("accuracy (custom function)",), ("auc",), ()])
def test_a_metric_of_ones_own_is_not_taken_for_keras_accuracy(metrics):
    assert look("inverted-metric", sound(metrics=metrics)).certainty == 0


def test_an_accuracy_that_keras_or_the_user_may_have_written_is_a_possible_cause_with_both_readings():
    evidence = look("inverted-metric", sound(metrics=("accuracy",), accuracy_may_be_own=True))
    assert FOUND <= evidence.certainty < LIKELY
    assert evidence.recovers is None
    assert not evidence.proof
    assert "is a function of your own, nothing is wrong" in evidence.summary


@pytest.mark.parametrize(("shown", "certainty"), [(0.04, 1), (0.97, 0)])
def test_a_history_tells_whose_accuracy_it_is(tmp_path, shown, certainty):
    facts = make.settings(history=make.history(tmp_path / "h.csv", accuracy=[0.5, shown], loss=[0.5, 0.1]))
    patient = sound(metrics=("accuracy",), accuracy_may_be_own=True, facts=facts)
    assert look("inverted-metric", patient).certainty == certainty


def test_keras_accuracy_with_label_1_for_different_pairs_reads_a_distance_rightly():
    facts = make.settings(same_label=0)
    assert look("inverted-metric", sound(metrics=("accuracy",), facts=facts)).certainty == 0


def test_directions_under_wandering_lengths_want_cosine():
    x, identity = make.clouds(12, 30, noise=0.2)
    lengths = np.exp(1.5 * np.random.default_rng(1).normal(size=(len(x), 1)))
    directions = x / np.linalg.norm(x, axis=1, keepdims=True)
    evidence = look("mismatched-metric", sound(data=make.samples(lengths * directions, identity)))
    assert evidence.certainty == 1
    assert evidence.recovers.low > 5
    assert look("mismatched-metric", sound(data=make.samples(directions, identity))).certainty < FOUND
