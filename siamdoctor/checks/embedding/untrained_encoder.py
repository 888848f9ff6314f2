"""SD305: the encoder's weights are where their initialisers put them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats as distributions

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import StoredWeight
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.ramps import ramp

CONSTANTS = {"Zeros": 0.0, "Ones": 1.0}
FIT = 0.01  # p-value below which a kernel has left its initial distribution
MANY = 20_000


@check(
    "SD305",
    impact=Impact.MAJOR,
    explains={
        "wrong-threshold",
        "narrow-embedding",
        "mismatched-metric",
        "insufficient-augmentation",
        "undertrained",
    },
)
def untrained_encoder(case: Case) -> Evidence:
    """The encoder was never trained.

    Weights that were not loaded, an encoder that was frozen while still random, or an optimiser that never
    saw its variables: training moves every bias away from exactly 0, and here none has moved.

    How it looks: the embedding is no better than that of the same network freshly initialised.

    A model that has it:

    ```python
    encoder = build_encoder()
    encoder.trainable = False                            # frozen before any weights were loaded
    ```

    The corrected lines:

    ```python
    encoder.load_weights("pretrained.weights.h5")        # and check what was loaded
    encoder.trainable = True
    ```

    Seen in: triplet-reid#30 (the loading lines had been deleted); 23 of 139 repositories freeze an encoder.
    """
    weights = [w for w in case.blueprint.weights if w.part == "encoder"]
    if not weights:
        raise Unavailable("the encoder has no stored weights")
    tally = _tally(weights)
    if not tally.constants and not tally.kernels:
        raise Unavailable("no weight of the encoder has an initialiser that can be recognised afterwards")
    certainty = _certainty(tally)
    measurements = [
        Measurement(
            name="biases and scales still exactly at their start",
            value=f"{tally.unmoved} of {tally.constants}",
            expected="0",
        ),
        Measurement(
            name="kernels that still fit their initialiser",
            value=f"{tally.fitting} of {tally.kernels}",
            expected="0",
        ),
    ]
    return Evidence(
        certainty=certainty,
        summary=(
            f"All {tally.constants} biases and scales of the encoder are exactly where they were initialised: "
            "it was never trained, or its weights were not loaded."
            if certainty
            else "The encoder's weights have left their initial values."
        ),
        fix="Load the weights that you mean to use, or let the encoder train:\n"
        "    encoder.trainable = True   # before compile()\n"
        "    assert len(model.trainable_weights) > 2",
        measurements=tuple(measurements),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tally:
    """How many constants there are and have not moved, and how many kernels still fit their initialiser."""

    constants: int
    unmoved: int
    kernels: int
    fitting: int


def _tally(weights: list[StoredWeight]) -> _Tally:
    constants = unmoved = kernels = fitting = 0
    for weight in weights:
        if weight.variable in {"moving_mean", "moving_variance"} or weight.initializer is None:
            continue
        if weight.initializer in CONSTANTS:
            constants += 1
            unmoved += bool((weight.load() == CONSTANTS[weight.initializer]).all())
        elif (fits := _fits_initializer(weight)) is not None:
            kernels += 1
            fitting += fits
    return _Tally(constants=constants, unmoved=unmoved, kernels=kernels, fitting=fitting)


def _certainty(tally: _Tally) -> float:
    """All constants unmoved is the strong sign; without constants the kernels have to speak."""
    if tally.constants:
        kernels_agree = not tally.kernels or tally.fitting >= tally.kernels / 2
        return float(tally.unmoved == tally.constants and kernels_agree)
    return ramp(tally.fitting / tally.kernels, clear=0.6, sure=1.0) if tally.kernels > 1 else 0.0


def _fits_initializer(weight: StoredWeight) -> bool | None:
    """Kolmogorov-Smirnov test of a kernel against the distribution it was drawn from; None where unknown."""
    values = weight.load().ravel().astype(np.float64)
    if values.size < 64 or not np.isfinite(values).all():  # noqa: PLR2004  (fewer say nothing about a distribution)
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
