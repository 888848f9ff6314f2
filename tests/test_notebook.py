"""From Python, as in a notebook: a model and arrays in memory, and a report that shows itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import siamdoctor
from siamdoctor.data.given import given_samples
from siamdoctor.errors import UnreadableData
from siamdoctor.models.runtime import import_keras
from siamdoctor.settings import DataSettings, DecisionSettings, Settings
from sklearn.datasets import load_digits

DIGITS = load_digits()
X = (DIGITS.images / 16).astype("float32")[..., None]
Y = DIGITS.target
RNG = np.random.default_rng(1)
LEFT = RNG.permutation(1200)
RIGHT = np.array([RNG.choice(np.flatnonzero((Y[:1200] == Y[a]) == (k % 2))) for k, a in enumerate(LEFT)])
SAME = (Y[LEFT] == Y[RIGHT]).astype("float32")
SETTINGS = Settings(data=DataSettings(pairs=400))


@pytest.fixture(scope="module")
def model():
    """A twin that works, with a sigmoid head."""
    import_keras()
    import keras  # noqa: PLC0415  (silently, after import_keras)

    keras.utils.set_random_seed(1)
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(32, "relu"), keras.layers.Dense(16)])
    left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    apart = keras.ops.absolute(encoder(left) - encoder(right))
    twin = keras.Model([left, right], keras.layers.Dense(1, "sigmoid")(apart))
    twin.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy")
    twin.fit([X[LEFT], X[RIGHT]], SAME, epochs=14, verbose=0)
    return twin


@pytest.fixture(scope="module")
def report(model):
    return siamdoctor.diagnose(model, (X[1200:], Y[1200:]), train=(X[:1200], Y[:1200]), settings=SETTINGS)


def test_a_model_and_samples_in_memory_are_diagnosed(report):
    assert report.verdict == "healthy"
    assert report.accuracy.value > 0.75
    assert (report.subject.data, report.subject.identities) == ("data in memory", 10)
    assert not [c.id for c in report.checks if c.status == "crashed"]
    leaks = next(c for c in report.checks if c.id == "leaky-evaluation")
    assert leaks.status == "clear"  # the training data were looked at


def test_training_data_that_are_judged_on_are_noticed(model):
    leaky = siamdoctor.diagnose(model, (X[:400], Y[:400]), train=(X[:1200], Y[:1200]), settings=SETTINGS)
    assert next(c for c in leaky.checks if c.id == "leaky-evaluation").status == "found"


@pytest.mark.parametrize(
    "data",
    [
        ((X[LEFT], X[RIGHT]), SAME),
        ([X[LEFT], X[RIGHT]], SAME[:, None]),
        {"left": X[LEFT], "right": X[RIGHT], "label": SAME},
    ],
)
def test_pairs_in_memory_keep_their_labels(data):
    samples = given_samples(data, same_label=1)
    assert samples.pairs.same.tolist() == (SAME == 1).tolist()
    assert samples.sample_shape == (8, 8, 1)


def test_settings_hold_for_data_in_memory_too(model):
    settings = Settings(data=DataSettings(pairs=400, rescale=1.0), decision=DecisionSettings(threshold=0.999))
    report = siamdoctor.diagnose(model, (X[1200:], Y[1200:]), settings=settings)
    assert report.accuracy.value < 0.7
    assert report.causes[0].id == "wrong-threshold"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (5, "data=int"),
        ((X,), "data=tuple"),
        (X, "data=ndarray of shape (1797, 8, 8, 1)"),
        ((X[:5], Y), "Samples and labels differ in number"),
        ((X, None), "y is no array of numbers"),
        ((np.array([{}, {}]), Y), "x is no array of numbers"),
        (([[1, 2], [3], [4]], [0, 1, 1]), "x is no array of numbers"),
    ],
)
def test_what_are_no_data_is_refused_in_words(data, says):
    with pytest.raises(UnreadableData, match=re.escape(says)):
        given_samples(data)


class Frames(HTMLParser):
    """Collects the elements of a page, and of the page within its frame."""

    def __init__(self):
        super().__init__()
        self.tags, self.frames = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "iframe":
            self.frames.append(dict(attrs))


def test_a_report_shows_itself_in_a_frame_that_nothing_gets_out_of(report):
    outer = Frames()
    outer.feed(report._repr_html_())
    assert outer.tags == ["iframe"]
    (frame,) = outer.frames
    assert frame["sandbox"] == ""
    page = frame["srcdoc"]
    assert page.startswith("<!DOCTYPE html>")
    assert report.headline in page
    inner = Frames()
    inner.feed(page)
    assert "script" not in inner.tags
    assert {"h1", "h2", "details", "svg"} <= set(inner.tags)
