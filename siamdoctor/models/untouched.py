"""Whether stored weights are still where their initialisers put them. Pure.

Training moves every bias away from exactly 0 and every scale from exactly 1. A kernel leaves the distribution
that it was drawn from more slowly, so it only confirms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions

from siamdoctor.models.blueprint import Blueprint, StoredWeight
from siamdoctor.stats.ramps import ramp

CONSTANTS = {"Zeros": 0.0, "Ones": 1.0}
FIT = 0.01  # p-value below which a kernel has left its initial distribution
MANY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many constants there are and have not moved, and how many kernels still fit their initialiser."""

    constants: int
    unmoved: int
    kernels: int
    fitting: int

    @property
    def certainty(self) -> float:
        """0..1, of no training at all: every constant unmoved is the strong sign; without any, the kernels speak."""
        if self.constants:
            kernels_agree = not self.kernels or self.fitting >= self.kernels / 2
            return float(self.unmoved == self.constants and kernels_agree)
        return ramp(self.fitting / self.kernels, clear=0.6, sure=1.0) if self.kernels > 1 else 0.0


def tally(weights: Iterable[StoredWeight]) -> Tally:
    """Count, among weights with a known initialiser, those that are where it put them."""
    constants = unmoved = kernels = fitting = 0
    for weight in weights:
        if weight.variable in {"moving_mean", "moving_variance"} or weight.initializer is None:
            continue
        if weight.initializer in CONSTANTS:
            constants += 1
            unmoved += _is_where_it_began(weight)
        elif (fits := _fits_initializer(weight)) is not None:
            kernels += 1
            fitting += fits
    return Tally(constants=constants, unmoved=unmoved, kernels=kernels, fitting=fitting)


def untouched(blueprint: Blueprint, part: str) -> float:
    """How sure it is, 0..1, that training never moved this part of the model ("encoder", "head")."""
    return tally(w for w in blueprint.weights if w.part == part).certainty


def moved(blueprint: Blueprint, part: str) -> bool:
    """Whether training moved this part; an encoder whose weights are not readable counts as moved, a head does not."""
    stored = any(w.part == part for w in blueprint.weights)
    return untouched(blueprint, part) < 1 if stored else part == "encoder"


def _is_where_it_began(weight: StoredWeight) -> bool:
    """Whether a weight has its initial constant; the biases of an LSTM begin with ones for the forget gate."""
    values = weight.load()
    initial = np.full(values.shape, CONSTANTS[str(weight.initializer)], dtype=values.dtype)
    if "LSTM" in weight.layer_class and values.ndim == 1 and values.size % 4 == 0:
        initial[values.size // 4 : values.size // 2] = 1
    return bool((values == initial).all() or (values == CONSTANTS[str(weight.initializer)]).all())


def _fits_initializer(weight: StoredWeight) -> bool | None:
    """Kolmogorov-Smirnov test of a kernel against the distribution it was drawn from; None where unknown."""
    values = weight.load().ravel().astype(np.float64)
    if values.size < 64 or len(weight.shape) < 2 or not np.isfinite(values).all():  # noqa: PLR2004  (fewer say nothing about a distribution)
        return None
    receptive = int(np.prod(weight.shape[:-2])) if len(weight.shape) > 2 else 1  # noqa: PLR2004
    fan_in, fan_out = weight.shape[-2] * receptive, weight.shape[-1] * receptive
    scale = {"Glorot": 2.0 / (fan_in + fan_out), "He": 2.0 / fan_in, "Lecun": 1.0 / fan_in}
    family = next((name for name in scale if weight.initializer and weight.initializer.startswith(name)), None)
    if family is None:
        return None
    sample = values if values.size <= MANY else values[:: values.size // MANY]
    if weight.initializer is not None and weight.initializer.endswith("Uniform"):
        limit = np.sqrt(3 * scale[family])
        p = distributions.kstest(sample, distributions.uniform(-limit, 2 * limit).cdf).pvalue
    else:
        sd = np.sqrt(scale[family]) / 0.87962566103423978  # Keras' own correction for cutting at two deviations
        p = distributions.kstest(sample, distributions.truncnorm(-2, 2, scale=sd).cdf).pvalue
    return bool(p > FIT)
