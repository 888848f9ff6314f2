"""With and without a remedy, on networks small enough to train in a second."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from siamdoctor.data.pipeline import Pipeline
from siamdoctor.errors import Unavailable
from siamdoctor.models.runtime import import_keras
from siamdoctor.registry import Check, Impact
from siamdoctor.results import CheckResult, Evidence, Interval, Recovery, TransformDrift
from siamdoctor.trials import weighing
from siamdoctor.trials.handful import overfit_handful
from siamdoctor.trials.retraining import REMEDIES, retrain, usual
from siamdoctor.trials.retraining_augmentation import augmentation_trial, wanted_transforms
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.thorough import thorough
from siamdoctor.trials.training import OutOfTime
from siamdoctor.trials.treatments import Comparison, recovery
from sklearn.datasets import load_digits
from small_twins import case_of, clouds, dense_encoder, samples_of, save_model, settings_of

STEPS = 250


@pytest.fixture(scope="module")
def known_few(plain_model):
    """Ten identities that train, and fresh samples of them."""
    whole = clouds(10, 40, 1)
    rows = np.arange(400)
    x = whole.load(rows, (12,))
    train = rows % 2 == 0
    halves = [samples_of(x[part], whole.identity[part]) for part in (train, ~train)]
    return case_of(plain_model, halves[1], settings_of(margin=4.0), training=halves[0])


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


def test_a_network_learns_eight_pairs(known_few):
    handful = overfit_handful(known_few)
    assert handful.learned
    assert handful.accuracy == 1.0


def test_a_dead_network_does_not_learn_eight_pairs(collapsed_model, known_few):
    handful = overfit_handful(case_of(collapsed_model, known_few.samples, settings_of()))
    assert not handful.learned
    assert handful.fails
    assert "not in data or tuning" in handful.sentence


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


# Augmentation ---------------------------------------------------------------------------------------------


def image_encoder(keras):
    layers = keras.layers
    stack = [layers.Flatten(), layers.Dense(48, activation="relu"), layers.Dense(8)]
    return keras.Sequential([keras.Input((8, 8, 1)), *stack], name="encoder")


@pytest.fixture(scope="module")
def shifted(tmp_path_factory):
    """Digits that train where they are, and that are judged up to a pixel beside it."""
    model = save_model(tmp_path_factory.mktemp("images") / "model.keras", image_encoder, (8, 8, 1))
    digits = load_digits()
    x, y = digits.images[..., None].astype(np.float32) / 16, digits.target
    rng = np.random.default_rng(0)
    moved = np.stack([np.roll(image, rng.integers(-1, 2, size=2), axis=(0, 1)) for image in x[:700]])
    judging = samples_of(moved, y[:700], kind="images")
    training = samples_of(x[700:1100], y[700:1100], kind="images")
    harmful = {"rotation_range": 180, "width_shift_range": 0.6, "height_shift_range": 0.6}
    return case_of(model, judging, settings_of(margin=2.0, augmentation=harmful), training=training)


def test_the_augmentation_that_pays_is_named(shifted):
    result = augmentation_trial(shifted, Room(shifted, steps=400))
    gains = {s.name: s.over_none for s in result.sets}
    assert gains["none"] is None
    assert set(gains) >= {"none", "article's", "article's without flips", "declared", "flips alone"}
    assert gains["article's without flips"].points > gains["declared"].points
    assert gains["article's without flips"].low > 0
    assert result.pays in {"article's", "article's without flips", "tailored"}
    assert result.pays in result.sentence
    assert not result.partial
    assert result.trainings == 3


def test_flips_of_digits_are_warned_of(shifted):
    result = augmentation_trial(shifted, Room(shifted, steps=2))
    assert "vertical_flip" in result.destroys
    assert "WARNING" in result.sentence


def test_an_interrupted_trial_keeps_the_sets_that_it_has(shifted, monkeypatch):
    compare, names = Room.compare, []

    def counted(self, without, treated):
        names.append(treated.name)
        if len(names) > 2:
            raise KeyboardInterrupt
        return compare(self, without, treated)

    monkeypatch.setattr(Room, "compare", counted)
    result = augmentation_trial(shifted, Room(shifted, steps=2))
    assert [s.name for s in result.sets] == ["none", "article's"]
    assert result.partial
    assert result.interrupted


def test_an_augmentation_that_leaves_nothing_is_worse_than_none(shifted):
    room = Room(shifted, steps=200)
    plain = dataclasses.replace(usual(shifted), name="plain", augmentation=None)
    blank = Pipeline(apply=lambda images, _rng: np.zeros_like(images), parts=())
    blanked = dataclasses.replace(plain, name="blank", augmentation=blank)
    assert room.compare(plain, blanked).recovers.points < -2


def test_the_tailored_set_leaves_out_flips_and_what_is_tolerated():
    profile = tuple(
        TransformDrift(name=name, strength=0.2, drift=drift, tolerance=0.5)
        for name, drift in (("rotation", 0.9), ("zoom", 0.2), ("horizontal_flip", 2.0), ("brightness", 0.8))
    )
    assert wanted_transforms(profile) == {"rotation_range": 20.0, "brightness_range": [0.8, 1.2]}


# Thorough -------------------------------------------------------------------------------------------------


def found(cause: str, certainty: float = 0.9) -> CheckResult:
    evidence = Evidence(certainty=certainty, summary="s", fix="f")
    return CheckResult(id=cause, code="SD000", status="found", seconds=0.0, evidence=evidence)


def definition(cause: str) -> Check:
    return Check(
        code="SD000",
        id=cause,
        title=cause,
        page=cause,
        family="objective",
        impact=Impact.MAJOR,
        explains=frozenset(),
        run=lambda _case: Evidence(certainty=0, summary="", fix=""),
    )


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr("siamdoctor.trials.thorough.STEPS", 200)


def test_thorough_measures_what_was_only_claimed(known_few):
    results = (found("inverted-labels"), found("wrong-threshold"))
    work = thorough(known_few, results, tuple(definition(r.id) for r in results))
    told = work.results
    assert not work.partial
    assert [t.id for t in work.trials] == ["handful", "differential", "retraining"]
    # The saved network is untrained: labels are only supposed to be inverted, so their cost is at stake.
    assert told[0].evidence.recovers is None
    assert told[0].evidence.at_stake > 10
    assert "labels as the loss expects them" in told[0].evidence.measurements[-1].name
    assert told[1] == results[1]


def test_thorough_without_time_leaves_everything_as_it_was(known_few):
    results = (found("inverted-labels"),)
    work = thorough(known_few, results, (definition("inverted-labels"),), budget=0.0)
    assert work.results == results
    assert work.partial
    assert not work.interrupted


def test_an_interrupted_thorough_run_keeps_what_it_has(known_few, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("siamdoctor.trials.thorough.retrain", interrupt)
    results = (found("margin-too-small"),)
    work = thorough(known_few, results, (definition("margin-too-small"),))
    assert work.interrupted
    assert work.partial
    assert [t.id for t in work.trials] == ["handful", "differential"]


def test_retraining_recovers_what_was_declared_wrongly():
    gained = Comparison(
        remedy="margin 1",
        held_out="fresh samples",
        without=Interval(value=0.5, low=0.4, high=0.6),
        treated=Interval(value=0.9, low=0.8, high=1.0),
        recovers=Recovery(points=40.0, low=30.0, high=50.0),
    )
    margin = weighing.after_retraining(found("margin-too-small"), gained, settled=None)
    assert margin.evidence.recovers == gained.recovers
    supposed = weighing.after_retraining(found("inverted-labels"), gained, settled=None)
    assert (supposed.evidence.recovers, supposed.evidence.at_stake) == (None, 40.0)
    seen = weighing.after_retraining(found("inverted-labels"), gained, settled="inverted-labels")
    assert seen.evidence.recovers == gained.recovers


def test_an_uncertain_measurement_acquits_nobody(known_few, monkeypatch):
    unsure = dataclasses.replace(
        retrain(known_few, "untrained-encoder", Room(known_few, steps=30)),
        recovers=dataclasses.replace(
            recovery(*[Room(known_few, steps=5).judged(usual(known_few))] * 2, Room(known_few, steps=5).arena),
            low=-10.0,
            high=20.0,
        ),
    )
    monkeypatch.setattr("siamdoctor.trials.thorough.retrain", lambda *_: unsure)
    (told,) = thorough(known_few, (found("inverted-labels"),), (definition("inverted-labels"),)).results
    assert told.evidence.recovers is None
    assert told.evidence.measurements[-1].low == -10.0
