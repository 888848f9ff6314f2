"""Encoder and head trained together on a few pairs, by cross-entropy as a learned head is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray
from siamdoctor.models.runtime import silenced
from siamdoctor.trials.training import LEARNING_RATE
from siamdoctor.trials.training_backend import Adam, compiled, tensorflow

if TYPE_CHECKING:
    from tensorflow import Tensor

    from siamdoctor.models.runtime import Twin

CLIP = 1e-7  # Keras' own bound on a probability


def trained_whole(
    twin: Twin, sides: tuple[FloatArray, FloatArray], same: NDArray[np.bool_], *, steps: int
) -> FloatArray | None:
    """Train a model on pairs, all of them in every step.

    Args:
        twin: with one encoder and a head; its weights are changed.
        sides: two arrays (p, *sample shape).
        same: (p,) what the labels say, 1 = same.
        steps: of Adam.

    Returns:
        (p,) outputs after training, of two units the second; None where the head gives anything but one or two
        numbers, or nothing in it or in the encoder can be trained.
    """
    tf, head, encoder = tensorflow(), twin.head, twin.encoder
    assert head is not None
    variables = [v.value for model in (encoder, head) for v in model.trainable_variables]
    width = int(np.prod([axis or 1 for axis in head.output.shape[1:]]))
    if not variables or width not in {1, 2}:
        return None
    parts = twin.blueprint.parts
    if parts is not None and parts.same_input is not None:
        sides = (sides[parts.same_input], sides[parts.same_input])  # as the model is wired
    left, right = (tf.constant(side.astype(encoder.inputs[0].dtype, copy=False)) for side in sides)
    label = tf.constant(same.astype(np.float32))
    adam = Adam(variables, rate=LEARNING_RATE, steps=steps)

    def output(*, training: bool) -> Tensor:
        ends = [
            tf.reshape(encoder(x, training=training), (-1, *port.shape[1:]))
            for x, port in zip((left, right), head.inputs, strict=True)
        ]
        return tf.reshape(head(ends, training=training), (-1, width))[:, width - 1]

    @compiled
    def run(count: Tensor) -> None:
        for step in tf.range(count):
            with tf.GradientTape() as tape:
                likely = tf.clip_by_value(output(training=True), CLIP, 1.0 - CLIP)
                cost = -tf.reduce_mean(label * tf.math.log(likely) + (1.0 - label) * tf.math.log(1.0 - likely))
            adam.apply(tape.gradient(cost, adam.variables), step)

    with silenced():
        run(tf.constant(steps))
        return np.asarray(output(training=False), np.float32)
