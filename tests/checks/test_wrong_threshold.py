"""SD102: a threshold off the scale of the score, one that another fault hides, and ones to leave alone."""

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.registry import find
from siamdoctor.runner import FOUND


def look(case):
    return find("wrong-threshold").run(case)


def sound(*, data=None, **more):
    x, identity = make.clouds(12, 20)
    return make.case(data or make.samples(x, identity), head=make.head("euclidean"), **more)


def blind(**facts):
    """An encoder that tells nothing apart, under a contrastive loss."""
    _, identity = make.clouds(12, 20)
    x = np.random.default_rng(3).normal(size=(identity.size, 8))
    return sound(data=make.samples(x, identity), facts=make.settings(metric="euclidean", **facts))


@pytest.mark.parametrize("scale", [0.01, 1, 100])
def test_a_threshold_off_the_scale_of_the_distances_is_found_at_any_scale(scale):
    x, identity = make.clouds(12, 20)
    data = make.samples(scale * x, identity)
    wrong = sound(data=data, facts=make.settings(metric="euclidean", threshold=50 * scale))
    evidence = look(wrong)
    assert evidence.certainty == 1
    assert evidence.recovers.points == pytest.approx(100 * (wrong.tuned_accuracy.value - 0.5))
    tuned = float(wrong.trial("threshold").detail)
    right = sound(data=data, facts=make.settings(metric="euclidean", threshold=tuned))
    assert look(right).certainty < FOUND


def test_without_a_declared_threshold_only_the_customary_one_is_warned_of():
    evidence = look(sound())
    assert evidence.certainty < 0.5
    assert evidence.recovers is None


def test_a_threshold_beyond_the_margin_is_told_of_though_no_threshold_helps_yet():
    evidence = look(blind(loss="contrastive", margin=0.2, threshold=0.5))
    assert FOUND <= evidence.certainty < 0.5
    assert evidence.hidden
    assert evidence.recovers is None
    assert "margin 0.2" in evidence.summary


@pytest.mark.parametrize(
    "facts",
    [
        {"loss": "contrastive", "margin": 1.0, "threshold": 0.5},
        {"loss": "contrastive", "margin": None, "threshold": 0.5},
        {"loss": "triplet", "margin": 0.2, "threshold": 0.5},
    ],
)
def test_where_no_threshold_helps_and_none_is_out_of_place_nothing_is_said(facts):
    assert look(blind(**facts)).certainty < FOUND


def test_a_threshold_beyond_the_margin_that_works_is_left_alone():
    tuned = float(sound(facts=make.settings(metric="euclidean", threshold=1.0)).trial("threshold").detail)
    facts = make.settings(metric="euclidean", threshold=tuned, loss="contrastive", margin=tuned / 2)
    assert look(sound(facts=facts)).certainty < FOUND


def of_cosines(threshold):
    return make.case(
        make.samples(*make.clouds(12, 20)),
        head=make.head("none"),
        facts=make.settings(metric="cosine", threshold=threshold),
    )


def test_a_cosine_threshold_that_fits_as_a_similarity_alone_is_read_as_one():
    tuned = float(of_cosines(0.9).trial("threshold").detail)
    assert tuned < 0.4
    case = of_cosines(1 - tuned)
    assert case.rule.threshold == pytest.approx(tuned)
    assert case.accuracy.value == pytest.approx(of_cosines(tuned).accuracy.value)
    assert any("is a cosine similarity" in sentence for sentence in case.rule.assumed)
    assert look(case).certainty < FOUND


def test_a_cosine_threshold_that_fits_neither_way_or_as_a_distance_stays_one():
    tuned = float(of_cosines(0.9).trial("threshold").detail)
    for written in (tuned, 1.9, -0.9, 0.5):
        assert of_cosines(written).rule.threshold == written
    assert look(of_cosines(1.9)).certainty == 1
