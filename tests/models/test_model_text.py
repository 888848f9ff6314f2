"""Texts through models: the numbers are those that the program gave which saved the model."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.api import open_case
from siamdoctor.errors import UnreadableData, UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras
from siamdoctor.settings import DataSettings, ModelSettings, Settings

import_keras()

import keras  # noqa: E402  (after the environment is set)
import tensorflow as tf  # noqa: E402  (the same)
import zoo  # noqa: E402  (the same)
from keras import layers  # noqa: E402  (the same)

TEXTS = ["Big red, really?", "small old blue", "green", "old big RED", "blue", "small green ümlaut", "big big"]
CLASSES = [0, 1, 0, 1, 0, 1, 0]
OWN = """
import tensorflow as tf

def tidy(text):
    return tf.strings.regex_replace(text, "[aeiou]", "")
"""


def adapted(**settings):
    """A layer that learned its words from texts, as most programs have it."""
    layer = layers.TextVectorization(**{"max_tokens": 40, "output_sequence_length": 5, **settings})
    layer.adapt(TEXTS)
    return layer


def saved(folder, first, *, tower=None, shape=(1,), dtype="string"):
    """A twin that begins with a layer, saved; and its encoder."""
    given = layers.Input(shape, dtype=dtype)
    x = first(given)
    encoder = keras.Model(given, (tower or _bidirectional)(x), name="text")
    sides = [layers.Input(shape, dtype=dtype, name=name) for name in ("left", "right")]
    keras.Model(sides, zoo.sigmoid(abs(encoder(sides[0]) - encoder(sides[1])))).save(folder / "model.keras")
    return encoder


def _bidirectional(x):
    return layers.Bidirectional(layers.LSTM(4))(layers.Embedding(40, 6, mask_zero=True)(x))


def _averaged(x):
    return layers.Dense(4)(layers.GlobalAveragePooling1D()(layers.Embedding(40, 6, mask_zero=True)(x)))


def embedded(folder, texts=TEXTS, *, vocabulary=None, padding=None, custom_objects=None):
    """Embeddings of texts, and what was assumed to get them."""
    np.savez(folder / "data.npz", x=np.array(texts), y=CLASSES)
    data = DataSettings(path=folder / "data.npz", vocabulary=vocabulary, padding=padding)
    model = ModelSettings(path=folder / "model.keras", custom_objects=custom_objects)
    case = open_case(Settings(model=model, data=data))
    values = case.samples.load(np.arange(len(texts)), case.sample_shape)
    return case.twin.embed(values), case.samples.assumed


def wanted(encoder, texts=TEXTS):
    column = [[text] for text in texts] if isinstance(texts[0], str) else texts
    return np.asarray(encoder(tf.constant(column), training=False))


@pytest.mark.parametrize("tower", [_bidirectional, _averaged])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"standardize": None, "split": "character", "output_sequence_length": 9},
        {"ngrams": 2, "standardize": "lower"},
    ],
)
def test_embeddings_are_bit_equal(tmp_path, settings, tower):
    encoder = saved(tmp_path, adapted(**settings), tower=tower)
    found, _ = embedded(tmp_path)
    np.testing.assert_array_equal(found, wanted(encoder))


def test_model_that_takes_texts_of_any_length(tmp_path):
    encoder = saved(tmp_path, adapted(output_sequence_length=None))
    found, assumed = embedded(tmp_path)
    np.testing.assert_allclose(found, wanted(encoder), atol=1e-6)
    assert any("to 3 numbers" in sentence for sentence in assumed)


def test_counts_of_words(tmp_path):
    encoder = saved(tmp_path, adapted(output_mode="count", output_sequence_length=None), tower=layers.Dense(4))
    np.testing.assert_array_equal(embedded(tmp_path)[0], wanted(encoder))


def test_rows_of_words_through_a_lookup(tmp_path):
    lookup = layers.StringLookup(vocabulary=["big", "red", "blue"], mask_token="")
    encoder = saved(tmp_path, lookup, shape=(3,))
    rows = [[*text.split(), "", ""][:3] for text in TEXTS]
    np.testing.assert_array_equal(embedded(tmp_path, rows)[0], wanted(encoder, rows))
    with pytest.raises(UnreadableData, match="3 words of a text, one by one"):
        embedded(tmp_path)


def test_function_that_prepares_texts_is_asked_for(tmp_path):
    (tmp_path / "mine.py").write_text(OWN, encoding="utf-8")
    space: dict[str, object] = {}
    exec(OWN, space)  # noqa: S102  (defined above)
    encoder = saved(tmp_path, adapted(standardize=space["tidy"]))
    with pytest.raises(UnreadableData, match=r"'tidy'.*--custom-objects"):
        embedded(tmp_path)
    np.testing.assert_array_equal(embedded(tmp_path, custom_objects=str(tmp_path / "mine.py"))[0], wanted(encoder))


def test_words_that_the_file_lost_are_given(tmp_path):
    layer = adapted()
    encoder = saved(tmp_path, layer)
    given = layers.Input((1,), dtype="string")
    keras.Model(given, encoder(given)).save(tmp_path / "model.h5")
    (tmp_path / "model.keras").unlink()
    (tmp_path / "model.h5").rename(tmp_path / "model.keras")
    with pytest.raises(UnreadableData, match=r"does not hold the words.*--vocabulary"):
        embedded(tmp_path)
    (tmp_path / "words.txt").write_text("\n".join(layer.get_vocabulary()), encoding="utf-8")
    np.testing.assert_array_equal(embedded(tmp_path, vocabulary=tmp_path / "words.txt")[0], wanted(encoder))


def test_words_in_a_list_for_a_model_of_numbers(tmp_path):
    layer = adapted()
    encoder = saved(tmp_path, layers.Identity(), shape=(5,), dtype="int32")
    with pytest.raises(UnreadableData, match="--vocabulary"):
        embedded(tmp_path)
    (tmp_path / "words.txt").write_text("\n".join(layer.get_vocabulary()), encoding="utf-8")
    found, assumed = embedded(tmp_path, vocabulary=tmp_path / "words.txt")
    np.testing.assert_array_equal(found, np.asarray(encoder(layer(tf.constant(TEXTS)), training=False)))
    assert any("TextVectorization(standardize='lower_and_strip_punctuation'" in sentence for sentence in assumed)


@pytest.mark.parametrize("side", ["pre", "post"])
def test_tokenizer_and_padding(tmp_path, side):
    encoder = saved(tmp_path, layers.Identity(), shape=(4,), dtype="int32")
    (tmp_path / "index.json").write_text('{"big": 1, "red": 2, "old": 3, "blue": 4, "small": 99}', encoding="utf-8")
    rows = [[1, 2], [3, 4], [], [3, 1, 2], [4], [], [1, 1]]
    filled = np.array([[0] * (4 - len(r)) + r if side == "pre" else r + [0] * (4 - len(r)) for r in rows])
    found, assumed = embedded(tmp_path, vocabulary=tmp_path / "index.json", padding=side)
    np.testing.assert_array_equal(found, np.asarray(encoder(filled, training=False)))
    assert any("from 40 on count as unknown" in sentence for sentence in assumed)


def test_vocabulary_of_another_model_is_refused(tmp_path):
    words = [f"{letter}word" for letter in "abcdefghijklmnopqrstuvwxyz"] * 2
    listed = [f"{word}{k}" for k, word in enumerate(words)]
    saved(tmp_path, layers.Identity(), shape=(4,), dtype="int32")
    (tmp_path / "words.txt").write_text("\n".join(["", "[UNK]", *listed]), encoding="utf-8")
    with pytest.raises(UnreadableData, match="another model's vocabulary"):
        embedded(tmp_path, [listed[-1]] * 7, vocabulary=tmp_path / "words.txt")


def test_towers_that_read_texts_differently_take_no_texts(tmp_path):
    sides = [layers.Input((1,), dtype="string", name=name) for name in ("left", "right")]
    towers = [_averaged(adapted(standardize=way)(side)) for side, way in zip(sides, ("lower", None), strict=True)]
    keras.Model(sides, zoo.euclidean(*towers)).save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert blueprint.text is not None
    assert "different ways" in str(blueprint.text.refusal)
    with pytest.raises(UnreadableData, match="different ways"):
        embedded(tmp_path)


def test_weighted_counts_say_what_is_in_the_way(tmp_path):
    words = layers.TextVectorization(output_mode="tf_idf", vocabulary=["big", "red"], idf_weights=[1.0, 2.0])
    saved(tmp_path, words, tower=layers.Dense(4))
    with pytest.raises(UnreadableModel, match="TextVectorization"):
        embedded(tmp_path)


def test_numbers_of_another_vocabulary_are_refused_as_well(tmp_path):
    saved(tmp_path, layers.Identity(), shape=(4,), dtype="int32")
    with pytest.raises(UnreadableData, match="numbers up to 77, and the model's Embedding has 40 rows"):
        embedded(tmp_path, [[1, 2, 77, 0]] * 7)
