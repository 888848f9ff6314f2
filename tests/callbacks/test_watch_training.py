"""The callback in real trainings: healthy ones are left in peace, sick ones are spoken of and stopped."""

from __future__ import annotations

import io
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from siamdoctor.callbacks import Watch
from siamdoctor.callbacks import watch as module
from siamdoctor.data.history import read_history
from siamdoctor.settings import read_settings
from sklearn.datasets import load_digits

DIGITS = load_digits()


def pairs(count=1200, seed=0, positives=0.5):
    """Distinct digits in pairs, label 1 = same class."""
    rng = np.random.default_rng(seed)
    x = (DIGITS.images / 16).astype("float32")[..., None]
    by_class = [np.flatnonzero(DIGITS.target == k) for k in range(10)]
    left = rng.integers(0, len(x), count)
    labels = (rng.random(count) < positives).astype("float32")
    right = np.array(
        [
            rng.choice(by_class[DIGITS.target[a]] if same else by_class[(DIGITS.target[a] + 1 + rng.integers(9)) % 10])
            for a, same in zip(left, labels, strict=True)
        ]
    )
    return [x[left], x[right]], labels


PAIRS, LABELS = pairs()


def encoder():
    return keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(32, "relu"), keras.layers.Dense(8)],
        name="encoder",
    )


def twin(head="distance", seed=0):
    keras.utils.set_random_seed(seed)
    shared = encoder()
    left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    difference = keras.layers.Subtract()([shared(left), shared(right)])
    if head == "distance":
        squared = ops.sum(ops.square(difference), axis=1, keepdims=True)
        return keras.Model([left, right], ops.sqrt(ops.maximum(squared, 1e-7)))
    return keras.Model([left, right], keras.layers.Dense(1, head)(ops.absolute(difference)))


def contrastive(margin):
    def contrastive_loss(y_true, y_pred):
        apart = ops.square(ops.maximum(margin - y_pred, 0.0))
        return ops.mean(y_true * ops.square(y_pred) + (1.0 - y_true) * apart)

    return contrastive_loss


@pytest.fixture
def train(tmp_path):
    """Fit a model with a watch, and give the watch with what it said and the history."""

    def call(model, x=PAIRS, y=LABELS, *, epochs=6, rate=3e-3, loss="binary_crossentropy", fit=None, **watch):
        said = []
        watch = Watch(tmp_path / "model.keras", tell=said.append, **watch)
        model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
        history = model.fit(x, y, epochs=epochs, verbose=0, callbacks=[watch], **(fit or {}))
        watch.said, watch.history = said, history.history
        watch.settings = read_settings(tmp_path / "siamdoctor.yaml")
        return watch

    return call


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 37

    def __getitem__(self, index):
        rows = slice(32 * index, 32 * index + 32)
        return (PAIRS[0][rows], PAIRS[1][rows]), LABELS[rows]


def as_dataset():
    return tf.data.Dataset.from_tensor_slices(((PAIRS[0], PAIRS[1]), LABELS)).batch(32)


@pytest.mark.parametrize("kind", ["arrays", "PyDataset", "tf.data"])
def test_a_healthy_run_is_left_in_peace_and_written_down(train, tmp_path, kind):
    x = {"arrays": PAIRS, "PyDataset": Batches(), "tf.data": as_dataset()}[kind]
    labels, fit = (LABELS, {}) if kind == "arrays" else (None, {"shuffle": False})
    watch = train(twin(), x, labels, loss=contrastive(1.25), stop=True, fit=fit)
    assert watch.said == []
    assert (watch.cause, watch.findings) == (None, [])
    facts = watch.settings.training
    assert (facts.loss, facts.margin, facts.same_label) == ("contrastive", 1.25, 1)
    assert facts.fed.positives == pytest.approx(0.5, abs=0.1)
    assert (facts.fed.low, facts.fed.high) == (0.0, 1.0)
    assert facts.fed.identical < 0.01
    assert facts.history == tmp_path / "siamdoctor-history.csv"
    assert read_history(facts.history).column("loss") == pytest.approx(watch.history["loss"])
    assert watch.settings.model.path == tmp_path / "model.keras"


def test_a_plain_generator_is_passed_through_and_seen(tmp_path):
    def generate():
        while True:
            for index in range(37):
                rows = slice(32 * index, 32 * index + 32)
                yield (PAIRS[0][rows], PAIRS[1][rows]), LABELS[rows]

    watch = Watch(tmp_path / "model.keras", tell=pytest.fail)
    model = twin("sigmoid")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(watch.passing(generate()), steps_per_epoch=37, epochs=2, shuffle=False, verbose=0, callbacks=[watch])
    settings = read_settings(tmp_path / "siamdoctor.yaml")
    assert settings.training.loss == "binary_crossentropy"
    assert settings.training.fed.pairs == 256
    assert settings.training.same_label is None  # a learned head decides no convention, and nobody said


def test_a_generator_that_was_not_passed_through_is_not_touched(tmp_path):
    watch = Watch(tmp_path / "model.keras", tell=pytest.fail, same_label=1)
    model = twin("sigmoid")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    batches = iter([((PAIRS[0][:32], PAIRS[1][:32]), LABELS[:32])] * 4)
    model.fit((b for b in batches), steps_per_epoch=4, epochs=1, shuffle=False, verbose=0, callbacks=[watch])
    assert read_settings(tmp_path / "siamdoctor.yaml").training.fed.pairs is None


def test_a_loss_that_is_no_number_stops_the_run_within_the_first_epoch(train):
    def broken(y_true, y_pred):
        return ops.mean(ops.log(-ops.square(y_pred)) * y_true)

    watch = train(twin(), loss=broken, epochs=5, stop=True)
    assert watch.cause == "non-finite-weights"
    assert len(watch.history["loss"]) == 1
    assert any(said == "stopped, because of non-finite-weights." for said in watch.said)


def test_a_collapse_is_named_and_without_stop_the_training_goes_on(train):
    watch = train(twin(), loss=contrastive(1.0), rate=30.0, epochs=8)
    assert watch.cause == "collapsed-embedding"
    assert len(watch.history["loss"]) == 8
    assert sum("collapsed-embedding" in said for said in watch.said) == 1
    assert "siamdoctor explain collapsed-embedding" in watch.said[0]


def test_a_collapse_stops_the_run_if_asked(train):
    watch = train(twin(), loss=contrastive(1.0), rate=30.0, epochs=40, stop=True)
    assert watch.cause == "collapsed-embedding"
    assert len(watch.history["loss"]) < 6


def test_what_is_seen_only_when_all_is_over_stops_nothing(train):
    watch = train(twin(), loss=contrastive(1.0), rate=30.0, epochs=1, stop=True)
    assert watch.cause == "collapsed-embedding"
    assert not any("stopped" in said for said in watch.said)


def test_the_same_image_on_both_sides_rests_at_ln_2(train):
    watch = train(twin("sigmoid"), [PAIRS[0], PAIRS[0]], epochs=12, stop=True)
    assert watch.cause in {"misaligned-labels", "collapsed-embedding"}
    assert len(watch.history["loss"]) < 12
    assert any("0.693" in said or "for every pair" in said for said in watch.said)


def test_labels_that_contradict_the_loss_are_told_before_the_first_step(train):
    watch = train(twin(), PAIRS, 1 - LABELS, loss=contrastive(1.0), epochs=1, same_label=0)
    assert watch.findings[0].cause == "inverted-labels"
    assert watch.findings[0].epoch == 0
    assert watch.settings.training.same_label == 0


def test_lopsided_pairs_are_told_and_do_not_stop(train):
    x, y = pairs(positives=0.1, seed=1)
    watch = train(twin("sigmoid"), x, y, epochs=2, stop=True)
    assert [f.cause for f in watch.findings] == ["imbalanced-pairs"]
    assert len(watch.history["loss"]) == 2


def test_what_is_given_outranks_what_is_found(train, tmp_path):
    (tmp_path / "val").mkdir()
    watch = train(
        twin(),
        loss=contrastive(1.0),
        epochs=1,
        margin=0.5,
        rescale=1 / 16,
        augmentation={"rotation_range": 5},
        validation=tmp_path / "val",
    )
    settings = watch.settings
    assert (settings.training.margin, settings.data.rescale) == (0.5, 1 / 16)
    assert settings.training.augmentation == {"rotation_range": 5}
    assert settings.data.path == tmp_path / "val"


def test_a_model_with_a_training_step_of_its_own_tells_its_margin(tmp_path):
    class Triplets(keras.Model):
        def __init__(self):
            super().__init__()
            self.margin, self.encoder = 0.35, encoder()

        def call(self, x):
            return self.encoder(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: FBT002
            del x, y, sample_weight, training
            return ops.maximum(ops.mean(ops.square(y_pred)) + self.margin, 0.0)

    model = Triplets()
    model.compile(optimizer="adam")
    watch = Watch(tmp_path / "model.keras", loss="triplet", tell=pytest.fail)
    model.fit(PAIRS[0][:64], epochs=1, verbose=0, callbacks=[watch])
    facts = read_settings(tmp_path / "siamdoctor.yaml").training
    assert (facts.loss, facts.margin) == ("triplet", 0.35)


def test_a_defect_of_the_watch_never_ends_a_training(train, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("a defect")

    for name in ("examine_loss", "count_pairs", "examine_source"):
        monkeypatch.setattr(module, name, fail)
    monkeypatch.setattr(module.Probe, "look", fail)
    watch = train(twin("sigmoid"), epochs=2)
    assert len(watch.history["loss"]) == 2
    assert any("a defect" in said and "training goes on" in said for said in watch.said)


def test_a_folder_that_cannot_be_written_never_ends_a_training(tmp_path):
    (tmp_path / "file").write_text("x")
    said = []
    model = twin("sigmoid")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    watch = Watch(tmp_path / "file" / "model.keras", tell=said.append)
    assert len(model.fit(PAIRS, LABELS, epochs=2, verbose=0, callbacks=[watch]).history["loss"]) == 2
    assert any("siamdoctor.yaml" in line for line in said)


def test_sentences_go_to_standard_error_and_nowhere_else(tmp_path, monkeypatch, capsys):
    model = twin("sigmoid")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    model.fit(PAIRS, 0 * LABELS, epochs=1, verbose=0, callbacks=[Watch(tmp_path / "model.keras")])
    assert "siamdoctor: 0% of the first" in stream.getvalue()
    assert capsys.readouterr().out == ""


def test_the_result_is_the_same_with_and_without_the_watch(tmp_path):
    def weights(callbacks):
        model = twin("sigmoid", seed=4)
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(PAIRS, LABELS, epochs=2, verbose=0, callbacks=callbacks)
        return model.get_weights()

    for mine, other in zip(weights([Watch(tmp_path / "m.keras")]), weights([]), strict=True):
        np.testing.assert_array_equal(mine, other)
