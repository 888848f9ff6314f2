"""From how each margin judged the pairs to what is recommended. Pure.

Margins are compared on the same pairs with the same bootstrap weights. What the recommendation gains is
measured on pairs that chose nothing: each fold is judged by the margin that the other folds would choose.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from siamdoctor.results import Interval, Recovery
from siamdoctor.stats.resampling import Dyads, accuracy_draws, interval, rate_interval
from siamdoctor.trials.sweep_verdicts import Verdicts

Floats = NDArray[np.floating]
NEARLY = 0.02  # of accuracy, that matters to nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How the pairs were judged by what one margin trained.

    correct: (p,) share of the trainings that judged each pair rightly; NaN where none was judged by it.
    auc, active, spread and effective_rank are means over the trainings. trainings: by (fold, seed).
    """

    margin: float
    correct: Floats
    auc: float
    active: float
    spread: float | None = None
    effective_rank: float | None = None
    trainings: Mapping[tuple[int, int], Verdicts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """recommended: a margin. plateau: the same, with the ends of the run that cannot be told apart from it."""

    recommended: float
    plateau: Interval


def balanced(correct: Floats, same: NDArray[np.bool_]) -> float:
    """Mean over the two kinds of the mean share of right judgements, over the pairs that were judged."""
    judged = np.isfinite(correct)
    kinds = [correct[judged & kind] for kind in (same, ~same)]
    return float(np.mean([k.mean() for k in kinds])) if all(k.size for k in kinds) else float("nan")


def judged_accuracy(judgement: Judgement, pairs: Dyads) -> Interval:
    """The accuracy on the pairs that were judged, with its interval over identities."""
    judged = np.isfinite(judgement.correct)
    seen, correct = judged_only(pairs, judged), judgement.correct[judged]
    value = balanced(correct, seen.same)
    return rate_interval(value, accuracy_draws(correct, seen), seen.clusters, seen.balanced_count)


def judged_only(pairs: Dyads, judged: NDArray[np.bool_]) -> Dyads:
    """The dyads of some of the pairs, with the same weights."""
    return dataclasses.replace(pairs, left=pairs.left[judged], right=pairs.right[judged], same=pairs.same[judged])


def difference(before: Floats, after: Floats, pairs: Dyads) -> Recovery:
    """What `after` (p,) gains over `before` in points, on the pairs that both judged, with paired weights."""
    judged = np.isfinite(before) & np.isfinite(after)
    seen = judged_only(pairs, judged)
    draws = accuracy_draws(after[judged], seen) - accuracy_draws(before[judged], seen)
    value = balanced(after[judged], seen.same) - balanced(before[judged], seen.same)
    bounds = interval(value, draws, seen.clusters, low=-1.0, high=1.0)
    return Recovery(points=100 * bounds.value, low=100 * bounds.low, high=100 * bounds.high)


def choose(judgements: Sequence[Judgement], pairs: Dyads, *, vouching: bool = True) -> Choice:
    """A margin amid the best ones, and the run of margins around it that cannot be told apart from it.

    A single margin may be best by luck, and best at the brink: accuracies are smoothed 1:2:1, so that its
    neighbours vouch for it, and of the run within two points of the best the middle one is taken, which is
    farthest from where accuracy falls. Where the margins are survivors of a selection they are no neighbours;
    `vouching` is then to be False, and the best one is taken.
    """
    ordered = sorted(judgements, key=lambda j: j.margin)
    accuracy = np.array([balanced(j.correct, pairs.same) for j in ordered])
    known = np.where(np.isfinite(accuracy), accuracy, 0.0)
    best = int(np.argmax(known))
    if vouching:
        best = _middle(np.array([j.margin for j in ordered]), _smoothed(known))
    low = high = best
    while low > 0 and _as_good(ordered[low - 1], ordered[best], pairs):
        low -= 1
    while high < len(ordered) - 1 and _as_good(ordered[high + 1], ordered[best], pairs):
        high += 1
    plateau = Interval(value=ordered[best].margin, low=ordered[low].margin, high=ordered[high].margin)
    return Choice(recommended=ordered[best].margin, plateau=plateau)


def _middle(margins: Floats, accuracy: Floats) -> int:
    """Of the run of margins around the best one and nearly as good, the one nearest to its geometric middle."""
    low = high = int(np.argmax(accuracy))
    nearly = accuracy >= accuracy[low] - NEARLY
    while low > 0 and nearly[low - 1]:
        low -= 1
    while high < margins.size - 1 and nearly[high + 1]:
        high += 1
    logs = np.log(margins[low : high + 1])
    return low + int(np.argmin(np.abs(logs - (logs[0] + logs[-1]) / 2)))


def _as_good(other: Judgement, best: Judgement, pairs: Dyads) -> bool:
    """Whether the best margin's lead over this one may be chance."""
    return difference(other.correct, best.correct, pairs).low <= 0


def _smoothed(accuracy: Floats) -> Floats:
    """1:2:1 over neighbours; an end has one neighbour."""
    padded = np.concatenate([accuracy[:1], accuracy, accuracy[-1:]])
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4)


def honest_gain(
    judgements: Sequence[Judgement],
    fold: NDArray[np.integer],
    pairs: Dyads,
    declared: float | None,
    *,
    vouching: bool = True,
) -> Recovery | None:
    """What choosing the margin gains over the declared one, each fold judged by what the others choose.

    None where the declared margin is not among those tried, or where there are no two folds to choose by.
    """
    reference = next((j for j in judgements if j.margin == declared), None)
    judged_by_all = [j for j in judgements if np.isfinite(j.correct).all()]
    if reference is None or reference not in judged_by_all or len(np.unique(fold)) < 2:  # noqa: PLR2004
        return None
    chosen = np.empty(pairs.same.size)
    for number in np.unique(fold):
        here, others = fold == number, fold != number
        elsewhere = judged_only(pairs, others)
        parts = [dataclasses.replace(j, correct=j.correct[others]) for j in judged_by_all]
        margin = choose(parts, elsewhere, vouching=vouching).recommended
        chosen[here] = next(j.correct for j in judged_by_all if j.margin == margin)[here]
    return difference(reference.correct, chosen, pairs)
