"""With and without a remedy, on networks small enough to train in a second."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.trials.handful import overfit_handful
from siamdoctor.trials.retraining import REMEDIES, retrain
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.training import OutOfTime
from siamdoctor.trials.treatments import recovery
from siamdoctor.trials.usual_training import usual
from small_twins import case_of, dense_encoder, save_model, settings_of

STEPS = 250


@pytest.fixture(scope="module")
def room(known_few):
    return Room(known_few, steps=STEPS)


def test_inverted_labels_cost_most_of_the_accuracy(known_few, room):
    compared = retrain(known_few, "inverted-labels", room)
    assert compared.recovers.low > 0
    assert compared.treated.value > 0.7
    assert compared.without.value < 0.6
    assert compared.held_out == "fresh samples"


def test_training_beats_no_training(known_few, room):
    assert retrain(known_few, "untrained-encoder", room).recovers.low > 0


def test_a_margin_that_is_far_too_small_is_seen(plain_model, known_few):
    case = case_of(plain_model, known_few.samples, settings_of(margin=0.01), training=known_few.training.samples)
    compared = retrain(case, "margin-too-small", Room(case, steps=STEPS))
    assert compared.recovers.low > 0
    assert compared.remedy.startswith("margin ")


def test_a_treatment_gains_nothing_over_itself(known_few, room):
    treatment = usual(known_few)
    gained = room.compare(treatment, treatment).recovers
    assert (gained.points, gained.low, gained.high) == (0, 0, 0)


def test_the_same_seed_trains_the_same_network(known_few, room):
    again = Room(known_few, steps=STEPS).judged(usual(known_few))
    np.testing.assert_array_equal(room.judged(usual(known_few)).correct, again.correct)


def test_untied_towers_are_two_networks(known_few, room):
    tied = usual(known_few)
    untied = dataclasses.replace(tied, name="two encoders", untied=True, steps=0.0)
    untrained = dataclasses.replace(tied, name="not trained", steps=0.0)
    # Two random networks put one sample in two places, so they cannot tell what one random network can.
    assert room.compare(untied, untrained).recovers.points > 3


def test_cross_entropy_on_a_distance_is_worse_than_contrastive_loss(plain_model, known_few):
    case = case_of(
        plain_model,
        known_few.samples,
        settings_of(margin=None, loss="binary_crossentropy"),
        training=known_few.training.samples,
    )
    assert retrain(case, "loss-head-mismatch", Room(case, steps=STEPS)).recovers.low > 0


@pytest.mark.parametrize("cause", ["untied-towers", "harmful-augmentation", "collapsed-embedding", "wrong-threshold"])
def test_what_does_not_apply_is_unavailable(known_few, room, cause):
    with pytest.raises(Unavailable):
        retrain(known_few, cause, room)


def test_every_remedy_differs_from_what_it_is_compared_with(known_few):
    for cause, remedy in REMEDIES.items():
        try:
            without, treated = remedy(known_few)
        except Unavailable:
            continue
        assert without.name != treated.name, cause
        assert dataclasses.replace(without, name="") != dataclasses.replace(treated, name=""), cause


def test_the_deadline_ends_a_training(known_few):
    with pytest.raises(OutOfTime):
        Room(known_few, steps=STEPS, deadline=time.monotonic()).judged(usual(known_few))


def test_the_interval_covers_what_trainings_differ_by(known_few, room):
    before = room.judged(usual(known_few))
    arena = room.arena
    lucky = dataclasses.replace(before, correct=np.where(arena.pair_fold == 0, 1.0, before.correct))
    gained = recovery(before, lucky, arena)
    assert gained.points > 0
    assert gained.low < 0  # one training of three gained, so the next may not


def test_an_encoder_that_was_frozen_as_a_whole_is_trained_anew(tmp_path, known_few):
    def frozen(keras):
        encoder = dense_encoder(keras)
        for layer in encoder.layers:
            layer.trainable = False
        return encoder

    model = save_model(tmp_path / "frozen.keras", frozen, (12,))
    case = case_of(model, known_few.samples, settings_of(margin=4.0), training=known_few.training.samples)
    assert overfit_handful(case).learned
    assert retrain(case, "untrained-encoder", Room(case, steps=STEPS)).recovers.low > 0
