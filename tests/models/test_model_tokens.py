"""Models that take text: they are read from the numbers on that their own layers make of it."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin

import_keras()

import keras  # noqa: E402  (after the environment is set)
import tensorflow as tf  # noqa: E402  (the same)
import zoo  # noqa: E402  (the same)
from keras import layers  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}
WORDS = ["red", "green", "blue", "big", "small", "old"]
TEXTS = ["big red", "small old blue", "green", "old big red", "blue", "small green"]


def vectorizer() -> layers.TextVectorization:
    return layers.TextVectorization(output_sequence_length=5, vocabulary=WORDS, name="words")


def within_the_tower():
    words = vectorizer()
    given = layers.Input((1,), dtype="string")
    x = layers.Embedding(len(WORDS) + 2, 8, mask_zero=True)(words(given))
    tower = keras.Model(given, layers.LSTM(6)(x), name="text")
    sides = [layers.Input((1,), dtype="string", name=name) for name in ("left", "right")]
    return words, keras.Model(sides, zoo.sigmoid(abs(tower(sides[0]) - tower(sides[1]))))


def before_the_tower():
    words = vectorizer()
    given = layers.Input((5,), dtype="int32")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(len(WORDS) + 2, 8)(given))
    tower = keras.Model(given, layers.Dense(6)(x), name="text")
    sides = [layers.Input((1,), dtype="string", name=name) for name in ("left", "right")]
    return words, keras.Model(sides, zoo.euclidean(*[tower(words(side)) for side in sides]))


@pytest.mark.parametrize("build", [within_the_tower, before_the_tower])
def test_model_is_read_from_the_tokens_on(tmp_path, build):
    words, model = build()
    path = tmp_path / "model.keras"
    model.save(path)
    blueprint = read_blueprint(path)
    assert (blueprint.twins, blueprint.unreadable, blueprint.encoder.input_shape) == ("shared", (), (5,))
    assert [port.dtype for port in blueprint.inputs] == ["string", "string"]
    assert any("'words', which turns text into numbers" in sentence for sentence in blueprint.assumed)

    left, right = tf.constant(TEXTS)[:, None], tf.constant(TEXTS[::-1])[:, None]
    wanted = np.ravel(model([left, right], training=False))
    tokens = [np.asarray(words(side)).astype("int32") for side in (left, right)]
    np.testing.assert_allclose(load_twin(blueprint).predict(*tokens), wanted, **CLOSE)


def test_weighted_counts_of_words_are_not_made(tmp_path):
    words = layers.TextVectorization(
        output_mode="tf_idf", vocabulary=WORDS, idf_weights=[1.0] * len(WORDS), name="words"
    )
    given = layers.Input((1,), dtype="string")
    tower = keras.Model(given, layers.Dense(6)(words(given)), name="text")
    sides = [layers.Input((1,), dtype="string", name=name) for name in ("left", "right")]
    path = tmp_path / "model.keras"
    keras.Model(sides, zoo.euclidean(tower(sides[0]), tower(sides[1]))).save(path)
    blueprint = read_blueprint(path)
    assert "'words'" in blueprint.unreadable[0]
    assert "behind it" in blueprint.advice[0]
    assert not any("--custom-objects" in sentence for sentence in blueprint.advice)
