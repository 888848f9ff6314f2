"""What is seen of the data: the first pairs of arrays, sequences, tf.data and generators, and their augmentation."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # where Keras 3 keeps it
from siamdoctor.callbacks import feeding
from siamdoctor.callbacks.feeding import Feed, as_feed, first_batch
from siamdoctor.callbacks.pair_statistics import count_pairs
from siamdoctor.callbacks.sources import examine_source
from siamdoctor.data.declared import declared_pipeline

RNG = np.random.default_rng(0)
LEFT, RIGHT = RNG.random((300, 4, 4, 1)), RNG.random((300, 4, 4, 1))
LABELS = (np.arange(300) % 3 == 0).astype("float32")


class Sequence(keras.utils.PyDataset):
    """Batches that draw from the global generators, as users' do."""

    def __init__(self, generator=None):
        super().__init__()
        self.datagen = generator

    def __len__(self):
        return 10

    def __getitem__(self, index):
        rows = slice(30 * index, 30 * index + 30)
        noise = np.random.random() * 0 + random.random() * 0  # noqa: NPY002, S311  (the user's own habit)
        return (LEFT[rows] + noise, RIGHT[rows]), LABELS[rows]


def as_dataset():
    return tf.data.Dataset.from_tensor_slices(((LEFT, RIGHT), LABELS)).batch(30)


@pytest.mark.parametrize(
    "feed",
    [
        as_feed(([LEFT, RIGHT], LABELS)),
        as_feed(({"a": LEFT, "b": RIGHT}, LABELS[:, None])),
        Feed(x=(LEFT, RIGHT), y=LABELS),
        as_feed(Sequence()),
        as_feed(as_dataset()),
    ],
    ids=["list", "mapping", "tuple", "PyDataset", "tf.data"],
)
def test_the_first_pairs_are_seen_whatever_they_come_in(feed):
    batch = first_batch(feed)
    assert len(batch.sides) == 2
    assert batch.sides[0].shape[1:] == (4, 4, 1)
    fed = count_pairs(batch)
    assert fed.pairs >= 240
    assert fed.ones == pytest.approx(1 / 3, abs=0.01)
    assert (fed.identical, fed.repeated, fed.whole) == (0.0, 0.0, False)
    assert 0 <= fed.low < fed.high <= 1


def test_looking_disturbs_no_generator_of_random_numbers():
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002  (that is the point)
    first_batch(as_feed(Sequence()))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_a_plain_generator_is_never_used_up():
    def generate():
        yield (LEFT[:8], RIGHT[:8]), LABELS[:8]

    batches = generate()
    assert feeding.one_shot(Feed(x=batches))
    assert first_batch(Feed(x=batches)) is None
    assert len(list(batches)) == 1


def test_large_arrays_are_sampled_evenly_and_not_from_the_front():
    x = np.arange(50_000, dtype="float32").reshape(-1, 1)
    y = (np.arange(50_000) >= 25_000).astype("float32")  # sorted by label
    fed = count_pairs(first_batch(Feed(x=[x, -x], y=y)))
    assert fed.pairs == feeding.ENOUGH
    assert fed.ones == pytest.approx(0.5, abs=0.01)


def test_one_image_twice_and_repeated_pairs_are_counted():
    left = RNG.random((40, 6))
    right = RNG.random((40, 6))
    right[:10] = left[:10]
    left[30:], right[30:] = right[20:30].copy(), left[20:30].copy()  # the same pairs, turned round
    labels = np.r_[np.ones(10), np.zeros(30)]
    fed = count_pairs(first_batch(Feed(x=[left, right], y=labels)))
    assert (fed.identical, fed.identical_by_label, fed.identical_label) == (0.25, (0.0, 1.0), 1)
    assert fed.repeated == 0.25
    assert count_pairs(first_batch(Feed(x=[left, right], y=1 - labels))).identical_label == 0


def test_labels_that_are_identities_have_no_share():
    fed = count_pairs(first_batch(Feed(x=LEFT, y=np.arange(300) % 10)))
    assert (fed.ones, fed.identical, fed.identical_label) == (None, None, None)


def image_generator():
    return ImageDataGenerator(
        rotation_range=20, width_shift_range=0.2, zoom_range=0.1, horizontal_flip=True, rescale=1 / 255
    )


@pytest.mark.parametrize("how", ["itself", "in a PyDataset", "in a generator", "its iterator"])
def test_an_image_generator_is_found_wherever_it_is_held(how):
    generator = image_generator()

    def yielding(datagen):
        yield datagen

    running = yielding(generator)
    next(running)
    source = {
        "itself": generator,
        "in a PyDataset": Sequence(generator),
        "in a generator": running,
        "its iterator": generator.flow(LEFT, LABELS, batch_size=8),
    }[how]
    found = examine_source(source)
    assert found.rescale == pytest.approx(1 / 255)
    assert found.augmentation == {
        "rotation_range": 20,
        "width_shift_range": 0.2,
        "zoom_range": [0.9, 1.1],
        "horizontal_flip": True,
    }
    assert declared_pipeline(found.augmentation, (8, 8, 1)).names


def test_a_function_that_is_applied_is_told_and_not_written():
    generator = image_generator()
    generator.preprocessing_function = np.negative
    assert examine_source(generator).missed == ("preprocessing_function is a function (negative)",)


def test_keras_layers_are_found_in_the_source_or_else_in_the_model():
    layers = [keras.layers.RandomRotation(0.1), keras.layers.RandomFlip("horizontal"), keras.layers.Dense(3)]
    augment = keras.Sequential(layers[:2])
    source = Sequence()
    source.augment = augment
    found = examine_source(source)
    assert [layer["class_name"] for layer in found.augmentation] == ["RandomRotation", "RandomFlip"]
    assert found.augmentation[1]["config"]["mode"] == "horizontal"
    assert examine_source(LEFT, layers).augmentation == found.augmentation
    assert declared_pipeline(found.augmentation, (8, 8, 1)).names == ("RandomRotation", "RandomFlip")


def test_plain_arrays_show_no_augmentation():
    found = examine_source(LEFT, [keras.layers.Dense(3), keras.layers.Dropout(0.5)])
    assert (found.augmentation, found.rescale, found.folder) == (None, None, None)
