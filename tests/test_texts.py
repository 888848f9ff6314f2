"""Whole runs on texts: a twin whose words are arranged by meaning, without a training."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
from siamdoctor import answers, api
from siamdoctor.errors import Unavailable
from siamdoctor.models.runtime import import_keras
from siamdoctor.render.html import render as as_html
from siamdoctor.settings import DataSettings, DecisionSettings, ModelSettings, Settings, TrainingSettings

import_keras()

import keras  # noqa: E402  (after the environment is set)
from keras import layers  # noqa: E402  (the same)

VERBS = (
    ("buy", "purchase", "order"),
    ("find", "locate", "spot"),
    ("mend", "repair", "fix"),
    ("paint", "colour", "dye"),
)
THINGS = (
    ("car", "vehicle", "auto"),
    ("house", "home", "flat"),
    ("bike", "bicycle", "cycle"),
    ("coat", "jacket", "parka"),
)
STARTS = ("how do I", "I want to", "where can I", "please help me to")
PAIRS = 300
HTML = "<script>alert(1)</script>"


def question(meaning, rng):
    """One of many ways to ask for one of sixteen things."""
    verb, thing = divmod(meaning, 4)
    return f"{rng.choice(STARTS)} {rng.choice(VERBS[verb])} my {rng.choice(THINGS[thing])}?"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with a twin, which compares what words mean, a list of pairs, and texts with classes."""
    folder = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(0)
    words = [*(w for group in VERBS + THINGS for w in group), *" ".join(STARTS).lower().split(), "my"]
    words = list(dict.fromkeys(words))
    directions = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    place = {word: k for k, group in enumerate(VERBS + THINGS) for word in group}
    vectors = np.stack([directions[place[word]] if word in place else 0 * directions[0] for word in words])
    vectors += 0.02 * rng.normal(size=vectors.shape)
    given = layers.Input((1,), dtype="string")
    tokens = layers.TextVectorization(output_sequence_length=9, vocabulary=words)(given)
    embedding = layers.Embedding(len(words) + 2, 12, mask_zero=True)
    x = layers.UnitNormalization()(layers.GlobalAveragePooling1D()(embedding(tokens)))
    encoder = keras.Model(given, x, name="text")
    embedding.set_weights([np.vstack([np.zeros((2, 12)), vectors]).astype("float32")])
    sides = [layers.Input((1,), dtype="string", name=name) for name in ("left", "right")]
    squared = keras.ops.sum(keras.ops.square(encoder(sides[0]) - encoder(sides[1])), axis=-1, keepdims=True)
    keras.Model(sides, keras.ops.sqrt(keras.ops.maximum(squared, 1e-7))).save(folder / "model.keras")
    _write(folder, rng)
    return folder


def _write(folder, rng):
    meanings = rng.integers(0, 16, PAIRS)
    others = np.where(np.arange(PAIRS) % 2 == 0, meanings, (meanings + rng.integers(1, 16, PAIRS)) % 16)
    with (folder / "questions.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "question1", "question2", "is_duplicate"])
        for number, (one, other) in enumerate(zip(meanings, others, strict=True)):
            marked = f"{HTML}{number} {question(one, rng)}"
            rows.writerow([number, marked, f"{number} {question(other, rng)}", int(one == other)])
    with (folder / "texts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "intent"])
        rows.writerows([question(k % 16, rng), f"intent {k % 16}"] for k in range(320))


def settings(project, data="questions.csv", **more):
    paths = {"model": ModelSettings(path=project / "model.keras"), "data": DataSettings(path=project / data, pairs=600)}
    return Settings(**{**paths, **more})


@pytest.mark.parametrize("data", ["questions.csv", "texts.csv"])
def test_nothing_is_raised_on_a_healthy_model(project, data):
    report = api.diagnose(settings=settings(project, data))
    assert report.verdict == "healthy"
    assert report.causes == ()
    assert not [c for c in report.checks if c.status == "crashed"]
    skipped = {c.id: c.reason for c in report.checks if c.status == "skipped"}
    assert skipped["preprocessing-mismatch"] == "the data are numbers of words, which are not scaled"
    assert not any("pixels" in sentence for sentence in report.assumed)


def test_wrong_threshold_is_named_first_and_its_mistakes_show_the_texts(project):
    wrong = settings(project, decision=DecisionSettings(metric="euclidean", threshold=1.9))
    report = api.diagnose(settings=wrong)
    assert report.causes[0].id == "wrong-threshold"
    shown = dataclasses.replace(report, pictures=dataclasses.replace(report.pictures, mistakes=_some(report)))
    page = as_html(shown)
    assert "my " in page
    assert HTML not in page
    assert "&lt;script&gt;" in page


def _some(report):
    """The mistakes; where the tuned threshold makes none, the test brings its own."""
    from siamdoctor.results import Mistake  # noqa: PLC0415  (used here only)

    own = Mistake(kind="false match", left=f"text 1: {HTML} my car", right="text 2", distance=0.1)
    return report.pictures.mistakes or (own,)


def test_other_questions_have_answers_and_no_transforms(project):
    case = api.open_case(settings(project))
    level = answers.chance_level(case, api.measured_accuracy(case))
    assert level.p_value < 0.01
    assert level.verdict == "healthy"
    answer, said = answers.check_augmentation(case)
    assert answer.transforms == ()
    assert any("the transforms are of images" in sentence for sentence in said)
    assert answers.compare_metrics(case).metrics[0].auc > 0.95


def test_texts_without_training_are_compared_by_their_words(project):
    from siamdoctor.trials.baselines import raw_inputs  # noqa: PLC0415  (scikit-learn)

    case = api.open_case(settings(project, "texts.csv", training=TrainingSettings(loss="contrastive")))
    assert 0.55 < raw_inputs(case).auc < 0.95
    with pytest.raises(Unavailable):
        case.training  # noqa: B018  (asking is the need)
