"""Sets of augmentation compared by training with each."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from siamdoctor.data.pipeline import Pipeline
from siamdoctor.results import TransformDrift
from siamdoctor.trials.retraining_augmentation import augmentation_trial, wanted_transforms
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.usual_training import usual
from sklearn.datasets import load_digits
from small_twins import case_of, samples_of, save_model, settings_of


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
    result = augmentation_trial(shifted, Room(shifted, steps=2000))  # fewer leave the gain within its noise
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
