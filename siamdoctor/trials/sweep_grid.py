"""Margins worth trying."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import BadSettings
from siamdoctor.trials.margins import initial_distances, reach

if TYPE_CHECKING:
    from siamdoctor.case import Case

HEAD_MARGINS, FULL_MARGINS = 15, 12
MOST_MARGINS = 100
LOWEST, HIGHEST = 0.05, 8.0  # of the distance between different identities before training
LOWEST_REACH = 0.025  # of the largest distance that a bounded embedding can have


def parse_margins(text: str) -> tuple[float, ...]:
    """Margins as a person types them: `0.1,0.5,1`, or `low:high:count` for evenly spaced ones.

    Raises:
        BadSettings: it is neither, or a margin is not a positive number.
    """
    parts = text.split(":")
    try:
        if len(parts) == 3:  # noqa: PLR2004  (low, high, count)
            low, high, count = float(parts[0]), float(parts[1]), int(parts[2])
            if not 1 <= count <= MOST_MARGINS or low > high:
                raise ValueError(text)  # noqa: TRY301  (one message for all that is wrong)
            values = [float(m) for m in np.linspace(low, high, count)]
        elif len(parts) == 1:
            values = [float(part) for part in text.split(",") if part.strip()]
        else:
            raise ValueError(text)  # noqa: TRY301
    except ValueError as error:
        raise BadSettings(
            f"Margins are given as 0.1,0.5,1 or as low:high:count (at most {MOST_MARGINS}). Received: {text!r}"
        ) from error
    return checked(tuple(float(f"{m:.6g}") for m in values))


def checked(margins: tuple[float, ...]) -> tuple[float, ...]:
    """Margins in order, each once.

    Raises:
        BadSettings: there is none, or too many, or one is not a positive number.
    """
    if not margins or len(margins) > MOST_MARGINS:
        raise BadSettings(f"Give 1 to {MOST_MARGINS} margins. Received: {len(margins)} margins")
    wrong = [m for m in margins if not (math.isfinite(m) and m > 0)]
    if wrong:
        raise BadSettings(f"A margin is a distance, so it must be a positive number. Received: margin={wrong[0]}")
    return tuple(sorted(set(margins)))


def training_grid(case: Case, count: int) -> tuple[float, ...]:
    """Margins for a network that is trained anew, the declared one among them.

    Geometric, up to what the embedding can reach where that is bounded. Elsewhere around the distance at which
    different identities lie before training: with a margin far below it no pair trains, with one far above it
    every pair is pushed for long.
    """
    limit = reach(case.encoder)
    if math.isfinite(limit):
        low, high = LOWEST_REACH * limit, limit
    else:
        start = _start(case)
        low, high = LOWEST * start, HIGHEST * start
    margins = {float(f"{m:.3g}") for m in np.geomspace(low, high, count)}
    declared = case.settings.training.margin
    if declared is not None and declared > 0:
        margins.add(declared)
    return tuple(sorted(margins))


def usual_margin(case: Case) -> float:
    """A margin that rarely fails: half of what can be reached, or twice the distance that training starts from."""
    limit = reach(case.encoder)
    return limit / 2 if math.isfinite(limit) else 2 * _start(case)


def _start(case: Case) -> float:
    """Median distance of different identities before training; 1 where it is no number."""
    distance = initial_distances(case)
    start = float(np.median(distance[~case.pairs.same]))
    return start if math.isfinite(start) and start > 0 else 1.0
