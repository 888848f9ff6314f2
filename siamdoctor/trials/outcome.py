"""What a trial returns: the decisions after a remedy, and what they gain over the deployed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.results import Interval, Recovery
from siamdoctor.stats.resampling import accuracy_interval, paired_gain
from siamdoctor.stats.roc import auc as auc_of
from siamdoctor.stats.roc import balanced_accuracy

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.view import View

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A remedy, applied and measured.

    by: the remedy in words. decided: (p,) "same" after it, each half decided by what the other half chose.
    gain: over the decisions as deployed. excess: over the deployed score with a tuned threshold, so that a
    remedy gets no credit for what moving the threshold alone would have done. auc: of the new score.
    detail: which variant was chosen.
    """

    name: str
    by: str
    decided: Bools
    accuracy: Interval
    gain: Recovery
    excess: Recovery
    auc: float
    detail: str = ""


def outcome(case: Case, *, name: str, by: str, decided: Bools, auc: float, detail: str = "") -> Outcome:
    """Measure decisions against the deployed ones and against the tuned ones, on the same pairs."""
    return Outcome(
        name=name,
        by=by,
        decided=decided,
        accuracy=accuracy_interval(decided, case.dyads),
        gain=paired_gain(case.deployed.as_deployed, decided, case.dyads),
        excess=paired_gain(case.deployed.tuned, decided, case.dyads),
        auc=auc,
        detail=detail,
    )


def better_of(view: View) -> Bools:
    """As the rule says or with a tuned threshold: whichever does better on the other half, for each half."""
    if view.rule.threshold is None:
        return view.tuned
    pairs, decided = view.pairs, view.tuned.copy()
    for half in (0, 1):
        here, there = pairs.half == half, pairs.half != half
        plain = balanced_accuracy(view.as_deployed[there], pairs.same[there])
        tuned = balanced_accuracy(view.tuned[there], pairs.same[there])
        if plain >= tuned:
            decided[here] = view.as_deployed[here]
    return decided


def best_on_other_half(options: dict[str, tuple[NDArray[np.floating], Bools]], case: Case) -> tuple[Bools, str, float]:
    """For each half the option whose AUC is highest on the other half.

    Args:
        options: name -> (distance (p,), decided (p,)).
        case: supplies the pairs.

    Returns:
        The decisions put together, the option that is best over all pairs, and that option's AUC.
    """
    pairs = case.pairs
    decided = np.zeros(pairs.same.size, dtype=bool)
    for half in (0, 1):
        here, there = pairs.half == half, pairs.half != half
        scores = {name: auc_of(distance[there], pairs.same[there]) for name, (distance, _) in options.items()}
        best = max(scores, key=lambda name: scores[name] if np.isfinite(scores[name]) else -1.0)
        decided[here] = options[best][1][here]
    total = {name: auc_of(distance, pairs.same) for name, (distance, _) in options.items()}
    winner = max(total, key=lambda name: total[name] if np.isfinite(total[name]) else -1.0)
    return decided, winner, total[winner]
