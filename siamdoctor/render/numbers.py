"""How numbers read: shares as per cent, gains as points, everything else to three digits."""

from __future__ import annotations

import math

from siamdoctor.results import Accuracy, Attainable, Interval, Measurement, Recovery

# Anything with a value and a 95 % interval, as shares.
Estimate = Interval | Accuracy | Attainable


def percent(share: float) -> str:
    """A share such as 0.483 as "48.3 %"."""
    return f"{100 * share:.1f} %" if math.isfinite(share) else "unknown"


def estimate(shown: Estimate) -> str:
    """An accuracy with its interval: "48.3 % [45.1, 51.6]"."""
    if not (math.isfinite(shown.low) and math.isfinite(shown.high)):
        return percent(shown.value)
    return f"{percent(shown.value)} [{100 * shown.low:.1f}, {100 * shown.high:.1f}]"


def number(value: float | str) -> str:
    """A number to three significant digits, a whole number in full, text as it is."""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    whole = abs(value) < 1e9 and value == int(value)  # noqa: PLR2004  (beyond, powers of ten read better)
    return f"{int(value)}" if whole else f"{value:.3g}"


def points(gain: Recovery) -> str:
    """A gain in percentage points with its interval: "+42 points [35, 48]"."""
    digits = 0 if abs(gain.points) >= 10 else 1  # noqa: PLR2004  (small gains need the decimal)
    shown = f"{gain.points:+.{digits}f} points"
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        return shown
    return f"{shown} [{gain.low:.{digits}f}, {gain.high:.{digits}f}]"


def measured(measurement: Measurement) -> str:
    """The value of a measurement, with its interval where it has one."""
    shown = number(measurement.value)
    if measurement.low is None or measurement.high is None:
        return shown
    return f"{shown} [{number(measurement.low)}, {number(measurement.high)}]"


def seconds(duration: float) -> str:
    """A duration as "0.4 s" or "2 min 5 s"."""
    if duration < 60:  # noqa: PLR2004  (seconds in a minute)
        return f"{duration:.1f} s"
    return f"{int(duration // 60)} min {int(duration % 60)} s"
