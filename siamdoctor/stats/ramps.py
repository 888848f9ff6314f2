"""From a number with a unit to a certainty between 0 and 1."""

from __future__ import annotations

import math


def ramp(value: float, *, clear: float, sure: float) -> float:
    """Linear from 0 at `clear` to 1 at `sure` (which may lie on either side of it), flat beyond.

    Args:
        value: the measured number; NaN counts as clear, because a number nobody could measure is no evidence.
        clear: where the fault is certainly absent.
        sure: where it is certainly present.
    """
    if math.isnan(value):
        return 0.0
    return min(1.0, max(0.0, (value - clear) / (sure - clear)))
