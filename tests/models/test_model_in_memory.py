"""Models that are handed over in memory, without a file."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.runtime import import_keras, load_twin, read_live

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)

CLOSE = {"rtol": 0, "atol": 2e-6}


def test_model_in_memory_is_read_without_leaving_a_file():
    model = zoo.twin(zoo.euclidean)
    blueprint = read_live(model)
    left, right = zoo.samples_for(model)
    got = load_twin(blueprint).predict(left, right)
    np.testing.assert_allclose(got, np.ravel(model([left, right], training=False)), **CLOSE)
    assert str(blueprint.path) == model.name


def test_model_that_cannot_be_saved_says_so():
    class Odd(keras.Model):
        def __init__(self, part):
            super().__init__()
            self.part = part

        def call(self, x):
            return x

    odd = Odd(object())
    odd(np.zeros((1, 2), np.float32))
    with pytest.raises(UnreadableModel, match="cannot be saved"):
        read_live(odd)
