"""What a cause's standing in a report is worth: counted on some patients, tested on others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from siamdoctor.calibration import Calibration, standing
from siamdoctor.results import Level

if TYPE_CHECKING:
    from outcome import Outcome


def standings(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, Level, bool, bool]]:
    """(cause, level, whether first, whether true) of every cause named; ill patients that do not hurt left out."""
    for outcome in outcomes:
        if outcome.well or outcome.counts():
            for place, (cause, level) in enumerate(outcome.roots()):
                yield cause, Level(level), place == 0, cause in outcome.causes()


def counted(outcomes: list[Outcome]) -> Calibration:
    """The shares of true causes by standing, and the patients met by cause."""
    met = Counter(cause for o in outcomes if o.counts() for cause in o.causes())
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for _, level, first, true in standings(outcomes):
        tally[standing(level, first=first)][0] += true
        tally[standing(level, first=first)][1] += 1
    return Calibration(
        shares={name: (r, n) for name, (r, n) in sorted(tally.items())}, patients=dict(sorted(met.items()))
    )


def expected_error(outcomes: Iterable[Outcome], known: Calibration) -> tuple[float, int]:
    """Mean distance between the probability shown and the share that was true, and over how many causes.

    The groups are those that were shown the same probability (Naeini et al. 2015, with the bins as they fall).
    """
    groups: dict[float, list[bool]] = defaultdict(list)
    for cause, level, first, true in standings(outcomes):
        shown = known.probability(cause, level, first=first)
        if shown is not None:
            groups[shown].append(true)
    total = sum(map(len, groups.values()))
    if not total:
        return float("nan"), 0
    return sum(len(g) * abs(shown - float(np.mean(g))) for shown, g in groups.items()) / total, total
