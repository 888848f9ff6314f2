"""Charts made of characters, for where a picture says more than numbers and there is only text."""

from __future__ import annotations

import math

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def common_range(*groups: tuple[float, ...]) -> tuple[float, float] | None:
    """The range that all finite numbers share, or None where they are fewer than two different ones."""
    numbers = [value for group in groups for value in group if math.isfinite(value)]
    if not numbers or min(numbers) == max(numbers):
        return None
    return min(numbers), max(numbers)


def histogram(values: tuple[float, ...], low: float, high: float, width: int) -> str:
    """A histogram one line high: column k counts the values in the k-th part of [low, high]."""
    counts = [0] * width
    for value in values:
        if math.isfinite(value):
            counts[column(value, low, high, width)] += 1
    most = max(counts, default=0) or 1
    # Any value at all shows as at least the lowest bar: a single outlier is worth seeing.
    return "".join(_EIGHTHS[math.ceil(8 * count / most)] for count in counts)


def column(value: float, low: float, high: float, width: int) -> int:
    """The column that a value falls into, the nearest one where it lies outside the range."""
    place = int(width * (value - low) / (high - low))
    return min(width - 1, max(0, place))


def markers(places: tuple[tuple[int, str], ...], width: int) -> str:
    """A line with one mark at each given column; a later mark covers an earlier one."""
    line = [" "] * width
    for at, mark in places:
        line[at] = mark
    return "".join(line).rstrip()


def strip(value: float, low: float, high: float, width: int, *, chance: float | None = None) -> str:
    """An estimate and its interval on a line from 0 to 1, with a mark where chance lies."""
    line = ["·"] * width
    if chance is not None:
        line[column(chance, 0.0, 1.0, width)] = "|"
    if not math.isfinite(value):
        return "".join(line)
    left = column(low, 0.0, 1.0, width) if math.isfinite(low) else 0
    right = column(high, 0.0, 1.0, width) if math.isfinite(high) else width - 1
    line[left : right + 1] = ["─"] * (right + 1 - left)
    line[column(value, 0.0, 1.0, width)] = "●"
    return "".join(line)
