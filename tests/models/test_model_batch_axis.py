"""Lambdas that mix the samples of a batch are named, and normalise as their code does."""

from __future__ import annotations

import marshal

import numpy as np
import pytest
from graph_pieces import lambda_layer
from siamdoctor.models.batch_axis import batch_axes
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin

import_keras()

import keras  # noqa: E402  (after the environment is set)
import zoo  # noqa: E402  (the same)

OVER_THE_BATCH = {
    "lambda t: K.l2_normalize(t, axis=0)": (0,),
    "lambda t: tf.nn.l2_normalize(t, 0)": (0,),
    "lambda t: tf.math.l2_normalize(t)": (0, -1),
    "lambda t: (t - K.mean(t, axis=0)) / (K.std(t, axis=0) + 1e-7)": (0,),
    "lambda t: t / tf.reduce_max(t, axis=0, keepdims=True)": (0,),
    "lambda t: K.l2_normalize(t, axis=1)": (),
    "lambda t: K.l2_normalize(t, axis=-1)": (),
    "lambda t: tf.nn.l2_normalize(t, 1)": (),
    "lambda t: K.l2_normalize(t, axis=AXIS)": (),
    "lambda t: K.mean(t, axis=[1, 2])": (),
    "lambda t: K.mean(t, axis=1)": (),
    "lambda t: (t - K.mean(t, axis=1, keepdims=True)) / 255.0": (),
    "lambda t: K.abs(t[0] - t[1])": (),
    "lambda t: t * 0": (),
    "lambda t: keras.utils.normalize(t)": (),
}


@pytest.mark.parametrize("source", OVER_THE_BATCH)
def test_the_axis_is_read_from_the_numbers_of_the_code(source):
    code = marshal.dumps(eval(source, {}).__code__)  # noqa: S307  (a literal of this file)
    assert batch_axes(lambda_layer(code)) == OVER_THE_BATCH[source]


def tower(last):
    given = keras.layers.Input((8, 8, 1))
    x = keras.layers.Dense(6)(keras.layers.Flatten()(given))
    return keras.Model(given, keras.layers.Lambda(last, name="scaled", output_shape=(6,))(x))


def test_a_normalisation_over_the_batch_is_done_over_the_batch(tmp_path):
    import tensorflow as tf  # noqa: PLC0415  (as the program of a user)

    model = zoo.twin(zoo.euclidean, lambda: tower(lambda t: tf.math.l2_normalize(t, axis=0)))
    model.save(tmp_path / "model.keras")
    blueprint = read_blueprint(tmp_path / "model.keras")
    assert blueprint.batch_coupled == ("scaled",)
    assert any("'scaled' was recognised as l2norm, over the whole batch" in said for said in blueprint.assumed)
    left, right = zoo.samples_for(model)
    wanted = np.ravel(model([left, right], training=False))
    found = load_twin(blueprint).predict(left, right, batch_size=len(left))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-6)
