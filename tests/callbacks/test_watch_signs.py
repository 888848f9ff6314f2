"""When the watch speaks: a sign must last, nothing may get better, and outputs that tell overrule it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from siamdoctor.callbacks.looks import Look
from siamdoctor.callbacks.losses import LossFacts
from siamdoctor.callbacks.objections import Head, object_to
from siamdoctor.callbacks.pair_statistics import Fed
from siamdoctor.callbacks.signs import Vigil
from siamdoctor.stats.signatures import constant_output_losses

LABELS = np.arange(40) % 2


def vigil(loss="binary_crossentropy", margin=None, **more):
    return Vigil(signatures=constant_output_losses(loss, margin), **more)


def run(watch, losses, looks=None):
    found = []
    for number, loss in enumerate(losses, start=1):
        found += watch.after_epoch(loss, looks[number - 1] if looks else None, number)
    return found


def look(values, *, probabilities=True, labels=LABELS):
    values = np.asarray(values, dtype=np.float32)
    return Look(outputs=values.reshape(len(values), -1), labels=labels, probabilities=probabilities)


RNG = np.random.default_rng(3)
NOISE = look(0.495 + 0.01 * RNG.random(40))
ONE_SIDED = look(0.45 + 0.01 * RNG.random(40))
CONSTANT = look(np.full(40, 0.5))
TELLING = look(0.3 + 0.4 * LABELS + 0.01 * RNG.random(40))


@pytest.mark.parametrize(
    ("loss", "margin", "value", "cause"),
    [
        ("binary_crossentropy", None, 0.6931, "misaligned-labels"),
        ("contrastive", 1.0, 0.25, "misaligned-labels"),
        ("contrastive", 1.0, 0.5, "collapsed-embedding"),
        ("contrastive", 2.0, 2.0, "collapsed-embedding"),
        ("triplet", 0.2, 0.2, "collapsed-embedding"),
        ("triplet", None, math.log(2), "collapsed-embedding"),
        ("mse", None, 0.25, "misaligned-labels"),
        ("binary_crossentropy", None, 7.97, "collapsed-embedding"),
    ],
)
def test_a_loss_that_rests_on_the_value_of_a_constant_output_is_named_once(loss, margin, value, cause):
    found = run(vigil(loss, margin), [value] * 20)
    assert [f.cause for f in found] == [cause]
    assert 4 <= found[0].epoch <= 7
    assert f"{value:.4g}" in found[0].says


def test_with_a_look_it_takes_four_epochs_and_without_one_seven():
    assert run(vigil(), [0.693] * 9, [NOISE] * 9)[0].epoch == 4
    assert run(vigil(), [0.693] * 9)[0].epoch == 7
    assert run(vigil(patience=5), [0.693] * 9, [NOISE] * 9)[0].epoch == 6


@pytest.mark.parametrize(
    "losses",
    [
        [0.693, 0.692, 0.689, 0.686, 0.682, 0.677, 0.670, 0.663, 0.651, 0.640],  # slow, and yet learning
        [0.70, 0.694, 0.693, 0.50, 0.3, 0.2],
        [0.693, 0.693, 0.66, 0.693, 0.693, 0.65],
        [0.1] * 10,
        [1.4, 1.2, 1.0, 0.8, 0.71, 0.69, 0.67, 0.65],
    ],
)
def test_a_loss_that_passes_by_a_signature_is_left_in_peace(losses):
    assert run(vigil(), losses) == []
    assert run(vigil(), losses, [NOISE] * len(losses)) == []


def test_outputs_that_tell_pairs_apart_overrule_the_loss():
    assert run(vigil(), [0.693] * 10, [TELLING] * 10) == []


def test_nothing_is_said_in_the_first_epoch_but_of_numbers():
    assert run(vigil(), [0.6931], [CONSTANT]) == []
    assert [f.cause for f in run(vigil(), [math.nan])] == ["non-finite-weights"]


def test_a_loss_that_is_no_number_is_noticed_within_the_epoch_and_said_once():
    watch = vigil()
    assert watch.after_batch(0.5, 1) is None
    assert watch.after_batch(math.nan, 1).symptom == "not a number"
    assert watch.after_batch(math.inf, 1) is None
    assert watch.after_epoch(math.nan, None, 1) == []


def test_outputs_that_are_no_numbers_are_noticed_under_a_calm_loss():
    assert [f.cause for f in run(vigil(), [0.7], [look(np.full(40, np.nan))])] == ["non-finite-weights"]


def test_one_value_for_every_pair_is_said_at_the_second_look():
    found = run(vigil(), [0.4, 0.4, 0.4], [CONSTANT] * 3)
    assert [(f.cause, f.epoch) for f in found] == [("collapsed-embedding", 2)]
    assert "0.5 for every pair" in found[0].says


def test_a_softmax_over_one_unit_is_suspected_where_every_output_is_1():
    assert run(vigil(), [0.4, 0.3], [look(np.ones(40))] * 2)[0].cause == "single-unit-softmax"


def test_embeddings_at_one_point_are_a_collapse_and_a_cloud_is_none():
    point = np.full((40, 8), 0.3) + 1e-5 * RNG.normal(size=(40, 8))
    cloud = RNG.normal(size=(40, 8))
    assert [f.symptom for f in run(vigil("other"), [1.0, 1.0], [look(point, labels=None)] * 2)] == ["collapse"]
    assert run(vigil("other"), [1.0] * 5, [look(cloud, labels=None)] * 5) == []


def test_a_triplet_loss_near_the_margin_is_no_collapse_while_embeddings_are_apart():
    cloud = look(RNG.normal(size=(40, 8)), labels=None, probabilities=False)
    assert run(vigil("triplet", 0.2), [0.2] * 12, [cloud] * 12) == []


def test_all_predictions_on_one_side_are_said_when_it_lasts_and_the_loss_stands():
    assert [(f.symptom, f.epoch) for f in run(vigil(), [0.6] * 3, [ONE_SIDED] * 3)] == [("one side", 3)]
    assert run(vigil(), [0.6, 0.55, 0.5, 0.45], [ONE_SIDED] * 4) == []


def test_one_side_with_order_is_a_matter_of_the_threshold_and_not_fatal():
    shifted = look(0.6 + 0.2 * LABELS)
    found = run(vigil(), [0.6] * 4, [shifted] * 4)
    assert [(f.cause, f.fatal) for f in found] == [("wrong-threshold", False)]


def test_rare_labels_and_distances_make_no_side():
    rare = np.array([1] * 4 + [0] * 36)
    assert run(vigil(), [0.3] * 6, [look(0.1 + 0.1 * RNG.random(40), labels=rare)] * 6) == []
    assert run(vigil("other"), [0.3] * 6, [look(0.6 + 0.1 * RNG.random(40), probabilities=False)] * 6) == []


def fed(**changes):
    plain = {
        "pairs": 1000,
        "ones": 0.5,
        "identical": 0.0,
        "identical_by_label": (0.0, 0.0),
        "identical_label": None,
        "repeated": 0.0,
        "low": 0.0,
        "high": 1.0,
        "whole": False,
    }
    return Fed(**plain | changes)


CONTRASTIVE = LossFacts(name="contrastive", kind="contrastive", similar=1)
BCE = LossFacts(name="binary_crossentropy", kind="binary_crossentropy")
SIGMOID = Head(activation="sigmoid", units=1)


@pytest.mark.parametrize(
    ("loss", "pairs", "given", "causes"),
    [
        (CONTRASTIVE, fed(), (1, Head(), ()), []),
        (BCE, fed(), (None, SIGMOID, ("accuracy",)), []),
        (CONTRASTIVE, fed(), (0, Head(), ()), ["inverted-labels"]),
        (CONTRASTIVE, fed(identical_label=0), (None, Head(), ()), ["inverted-labels"]),
        (CONTRASTIVE, fed(), (0, SIGMOID, ()), []),  # a learned head learns the sign
        (CONTRASTIVE, None, (None, Head(), ("accuracy",)), ["inverted-metric"]),
        (BCE, fed(ones=0.03), (None, SIGMOID, ()), ["imbalanced-pairs"]),
        (BCE, fed(ones=0.95), (None, SIGMOID, ()), ["imbalanced-pairs"]),
        (BCE, fed(ones=0.03, pairs=20), (None, SIGMOID, ()), []),
        (BCE, fed(identical_by_label=(0.0, 1.0)), (1, SIGMOID, ()), ["identical-positive-pairs"]),
        (BCE, fed(identical_by_label=(0.0, 0.1)), (1, SIGMOID, ()), []),
        (BCE, fed(), (None, Head(activation="softmax", units=1), ()), ["single-unit-softmax"]),
    ],
)
def test_what_is_said_before_the_first_step(loss, pairs, given, causes):
    declared, head, metrics = given
    said = list(object_to(loss, pairs, declared=declared, head=head, metrics=metrics))
    assert [finding.cause for finding in said] == causes
    assert not any(finding.fatal for finding in said)
    assert all("siamdoctor explain" in str(finding) for finding in said)
