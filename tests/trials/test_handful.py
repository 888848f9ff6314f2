"""Eight pairs that every sound network learns by heart."""

from __future__ import annotations

import dataclasses

import pytest
from claimed_causes import definition, found
from siamdoctor.models.runtime import import_keras
from siamdoctor.trials import weighing
from siamdoctor.trials.handful import overfit_handful
from small_twins import case_of, dense_encoder, settings_of


def test_a_network_learns_eight_pairs(known_few):
    handful = overfit_handful(known_few)
    assert handful.learned
    assert handful.accuracy == 1.0


def test_a_dead_network_does_not_learn_eight_pairs(collapsed_model, known_few):
    handful = overfit_handful(case_of(collapsed_model, known_few.samples, settings_of()))
    assert not handful.learned
    assert handful.fails
    assert "not in data or tuning" in handful.sentence


def softmax_head(path, *, units):
    """A learned head that ends in a softmax over so many units."""
    import_keras()
    import keras  # noqa: PLC0415  (seconds that only these tests need)

    keras.utils.set_random_seed(5)
    encoder = dense_encoder(keras)
    left, right = keras.Input((12,)), keras.Input((12,))
    apart = keras.ops.abs(encoder(left) - encoder(right))
    keras.Model([left, right], keras.layers.Dense(units, activation="softmax")(apart)).save(path)
    return path


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_a_head_that_cannot_answer_is_told_from_an_encoder_that_cannot_learn(tmp_path, known_few):
    sick, sound = (
        overfit_handful(
            case_of(softmax_head(tmp_path / f"{n}.keras", units=n), known_few.samples, settings_of(margin=None))
        )
        for n in (1, 2)
    )
    assert sick.learned
    assert sick.through_head == 0.5
    assert "head or loss" in sick.sentence
    assert sound.through_head == 1.0
    assert not sound.fails
    blamed = weighing.after_failed_handful(found("single-unit-softmax", 0.4), sick, {})
    assert blamed.evidence.certainty == weighing.BLAMED
    data = {"leaky": dataclasses.replace(definition("leaky"), family="data")}
    assert weighing.after_failed_handful(found("leaky", 0.8), sick, data).evidence.certainty == 0.4
