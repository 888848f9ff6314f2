"""Fresh values for the variables of a program, as Keras draws them where nobody tells it otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable

if TYPE_CHECKING:
    import tensorflow as tf

ONES = frozenset({"gamma", "moving_variance"})
ZEROS = frozenset({"bias", "beta", "moving_mean"})
KEPT = frozenset({"mean", "variance", "count"})  # of a Normalization layer, which are measured and not learned
EMBEDDING = 0.05


def draw_afresh(variables: Sequence[tf.Variable], rng: np.random.Generator) -> None:
    """Give every variable a new value.

    Raises:
        Unavailable: there is none.
    """
    if not variables:
        raise Unavailable("the program of the SavedModel has no variables, only constants")
    for variable in variables:
        leaf = variable.name.partition(":")[0].rpartition("/")[2].rstrip("_0123456789")
        if variable.dtype.is_floating and leaf not in KEPT:
            variable.assign(_fresh(leaf, tuple(variable.shape), rng))


def _fresh(leaf: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.floating]:
    """Zeros for what shifts, ones for what scales, and else an even spread as wide as the layer's size asks for.

    Glorot and Bengio 2010 (Understanding the difficulty of training deep feedforward neural networks).
    """
    if leaf in ONES:
        return np.ones(shape)
    if leaf in ZEROS or len(shape) < 2:  # noqa: PLR2004  (a list of numbers is no kernel)
        return np.zeros(shape)
    field = math.prod(shape[:-2])
    limit = EMBEDDING if leaf.startswith("embedding") else math.sqrt(6 / max(1, field * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)
