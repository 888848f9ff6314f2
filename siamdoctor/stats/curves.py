"""Reading a training curve: where it settled, and whether it was still moving when training ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

THIRDS = 3
SHORTEST = 2  # epochs; one alone does not move
STEADY = 0.9  # largest share of the fall before that counts, lest a straight line fall for ever
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


def fall_to_come(values: Sequence[float]) -> float:
    """How much farther a curve would fall in the long run if each third fell by the same share of the one before.

    A curve that fell by 4, then by 2 has 2 to come; one that falls as fast as ever counts as nine times its
    last third. Of two epochs, which have no thirds, as much is to come as fell last. Never
    negative; NaN where `recent_fall` is.
    """
    last = recent_fall(values)
    width = max(1, len(values) // THIRDS)
    if math.isnan(last) or last <= 0 or len(values) < THIRDS:
        return max(last, 0.0) if not math.isnan(last) else last
    before = sum(values[-3 * width : -2 * width]) / width - sum(values[-2 * width : -width]) / width
    if before <= 0:
        return STEADY / (1 - STEADY) * last
    share = min(last / before, STEADY)
    return last * share / (1 - share)


def roughness(values: Sequence[float]) -> float:
    """Standard deviation of one epoch's noise, from second differences, which a straight trend leaves at 0.

    White noise of variance s^2 gives second differences of variance 6 s^2. NaN for fewer than four epochs.
    """
    if len(values) < BENDS:
        return float("nan")
    bends = [values[i - 1] - 2 * values[i] + values[i + 1] for i in range(1, len(values) - 1)]
    return math.sqrt(sum(b * b for b in bends) / len(bends) / 6)
