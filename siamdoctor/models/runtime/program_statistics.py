"""BatchNorm statistics of a program taken anew from samples: constants of it are fed in place of what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable
from siamdoctor.models.runtime.statistics import HELD_ELEMENTS

if TYPE_CHECKING:
    import tensorflow as tf
    from tensorflow.python.eager.wrap_function import WrappedFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class NormTensors:
    """A BatchNorm by the tensors of the frozen program: what it reads, and its two statistics."""

    reads: tf.Tensor
    mean: tf.Tensor
    variance: tf.Tensor


def with_statistics_of(
    frozen: WrappedFunction,
    begin: Sequence[tf.Tensor],
    end: tf.Tensor,
    norms: Sequence[NormTensors],
    x: NDArray[np.generic],
    *,
    widest: int,
) -> Callable[[object], object]:
    """A tower whose BatchNorms normalise by means and variances over `x`, each taken after the ones before it.

    Of more samples than fit, evenly spaced ones are used.

    Raises:
        Unavailable: a BatchNorm normalises over another axis than the last.
    """
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    count = min(len(x), max(2, HELD_ELEMENTS // (4 * widest)))
    chosen = np.asarray(x)[np.linspace(0, len(x) - 1, count).astype(int)]
    data = tf.constant(chosen.astype(begin[0].dtype.as_numpy_dtype))
    fed: list[tf.Tensor] = []
    values: list[tf.Tensor] = []
    for norm in norms:
        read = frozen.prune([*begin, *fed], norm.reads)(*[data] * len(begin), *values)
        if read.shape[-1] != norm.mean.shape[-1]:
            raise Unavailable("a BatchNormalization of the program normalises over another axis than the last")
        mean, variance = tf.nn.moments(read, axes=list(range(len(read.shape) - 1)))
        fed += [norm.mean, norm.variance]
        values += [mean, variance]
    whole = frozen.prune([*begin, *fed], end)
    return lambda samples: whole(*[samples] * len(begin), *values)
