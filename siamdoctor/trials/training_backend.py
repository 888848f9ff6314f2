"""TensorFlow for the trials that train, imported late and silently by way of the runtime."""

from __future__ import annotations

import math
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, ParamSpec

from siamdoctor.models.runtime import import_keras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tensorflow import Tensor, Variable

Given = ParamSpec("Given")
FINAL_SHARE = 0.05  # of the learning rate, at the last step
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


@cache
def tensorflow() -> ModuleType:
    """The TensorFlow module; the first call takes seconds."""
    import_keras()
    return import_module("tensorflow")


def compiled(function: Callable[Given, None]) -> Callable[Given, None]:
    """The function as one graph, traced anew only where ranks or types change."""
    graph: Callable[Given, None] = tensorflow().function(function, reduce_retracing=True)
    return graph


class Adam:
    """Adam (Kingma and Ba 2015, ICLR) with a rate that falls along a cosine (Loshchilov and Hutter 2017, ICLR).

    Written out because it runs inside one graph of many steps and must start again from nothing for the next
    trial without being traced anew. A short training has to end with a small rate, or its last steps decide.
    """

    def __init__(self, variables: Sequence[Variable], *, rate: float, steps: int) -> None:
        """Keep the variables, with moments of zero."""
        tf = tensorflow()
        self.variables = list(variables)
        self.rate, self.steps = tf.Variable(float(rate)), tf.Variable(float(steps))
        self._first = [tf.Variable(tf.zeros_like(v)) for v in self.variables]
        self._second = [tf.Variable(tf.zeros_like(v)) for v in self.variables]

    def restart(self, *, rate: float, steps: int) -> None:
        """Forget everything, for a training of so many steps."""
        self.rate.assign(float(rate))
        self.steps.assign(float(steps))
        for moment in (*self._first, *self._second):
            moment.assign(tensorflow().zeros_like(moment))

    def apply(self, gradients: Sequence[Tensor | None], step: Tensor) -> None:
        """One step; `step` counts from 0."""
        tf = tensorflow()
        number = tf.cast(step, tf.float32)
        falling = (1.0 + tf.cos(math.pi * number / self.steps)) / 2.0
        rate = self.rate * (FINAL_SHARE + (1.0 - FINAL_SHARE) * falling)
        rate *= tf.sqrt(1.0 - BETA_2 ** (number + 1.0)) / (1.0 - BETA_1 ** (number + 1.0))
        for variable, gradient, first, second in zip(self.variables, gradients, self._first, self._second, strict=True):
            if gradient is None:
                continue
            dense = tf.convert_to_tensor(gradient)
            first.assign(BETA_1 * first + (1.0 - BETA_1) * dense)
            second.assign(BETA_2 * second + (1.0 - BETA_2) * tf.square(dense))
            variable.assign_sub(rate * first / (tf.sqrt(second) + EPSILON))
