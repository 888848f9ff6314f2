"""Reading a training curve: where it settled, and whether it was still moving when training ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

THIRDS = 3
SHORTEST = 2  # epochs; one alone does not move
BENDS = 4  # epochs, for two second differences or more


def settled(values: Sequence[float]) -> float:
    """Mean of the last third of a curve, at least its last value; NaN where nothing finite is there."""
    tail = [v for v in values[-max(1, len(values) // THIRDS) :] if math.isfinite(v)]
    return sum(tail) / len(tail) if tail else float("nan")


def recent_fall(values: Sequence[float]) -> float:
    """Mean of the third before the last less that of the last third: positive while a loss still falls.

    NaN for a single epoch or with values that are not finite.
    """
    if len(values) < SHORTEST or not all(map(math.isfinite, values)):
        return float("nan")
    width = max(1, len(values) // THIRDS)
    before, last = values[-2 * width : -width], values[-width:]
    return sum(before) / width - sum(last) / width


def roughness(values: Sequence[float]) -> float:
    """Standard deviation of one epoch's noise, from second differences, which a straight trend leaves at 0.

    White noise of variance s^2 gives second differences of variance 6 s^2. NaN for fewer than four epochs.
    """
    if len(values) < BENDS:
        return float("nan")
    bends = [values[i - 1] - 2 * values[i] + values[i + 1] for i in range(1, len(values) - 1)]
    return math.sqrt(sum(b * b for b in bends) / len(bends) / 6)
