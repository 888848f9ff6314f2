"""Numbers on their way into JSON, which knows neither NaN nor infinity."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from siamdoctor.render.numbers import Estimate
    from siamdoctor.results import Interval, Json, Recovery


def json_list(items: Iterable[str]) -> list[Json]:
    """Words as a JSON list."""
    return list(items)


def optional(value: float | None) -> float | None:
    """The number, or None where there is none that JSON could hold."""
    return None if value is None or not math.isfinite(value) else float(value)


def finite(value: float, *, otherwise: float) -> float:
    """A number that the contract demands: infinities become the largest number, NaN becomes `otherwise`."""
    if math.isnan(value):
        return otherwise
    return max(-sys.float_info.max, min(sys.float_info.max, float(value)))


def share(value: float, *, otherwise: float) -> float:
    """A number from 0 to 1; NaN becomes `otherwise`."""
    return min(1.0, max(0.0, finite(value, otherwise=otherwise)))


def interval(shown: Estimate) -> dict[str, Json]:
    """A share with its interval. An end that is unknown becomes the widest possible one."""
    low, high = share(shown.low, otherwise=0.0), share(shown.high, otherwise=1.0)
    return {"value": share(shown.value, otherwise=(low + high) / 2), "low": low, "high": high}


def bounds(shown: Interval | None) -> dict[str, Json] | None:
    """The ends of an interval whose value stands elsewhere, None where there is none."""
    return None if shown is None else {"low": optional(shown.low), "high": optional(shown.high)}


def gain(recovery: Recovery | None) -> dict[str, Json] | None:
    """A gain in points, None where none was measured. An unknown end becomes the widest possible one."""
    if recovery is None or not math.isfinite(recovery.points):
        return None
    return {
        "points": float(recovery.points),
        "low": finite(recovery.low, otherwise=-100.0),
        "high": finite(recovery.high, otherwise=100.0),
    }
