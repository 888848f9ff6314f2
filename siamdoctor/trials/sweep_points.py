"""Each margin of a sweep with the intervals of all that was measured of it, over identities.

Accuracy and AUC are resampled over the identities that judge, what still trains and the signs of collapse over
those that train or judge. Every training of a margin is resampled with the same weights, because they share
identities. AUC and effective rank are not computed anew in each draw: they move by their influences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.samples import IndexArray
from siamdoctor.results import Interval, MarginPoint
from siamdoctor.stats.influence import placements
from siamdoctor.stats.resampling import Dyads, accuracy_draws, interval, mean_draws, rate_interval
from siamdoctor.trials.sweep_choice import Floats, Judgement, judged_accuracy, judged_only
from siamdoctor.trials.sweep_judging import Court, court

if TYPE_CHECKING:
    from siamdoctor.trials.sweep_arena import Arena
    from siamdoctor.trials.sweep_losses import LossKind


def points(judgements: Sequence[Judgement], arena: Arena, kind: LossKind) -> tuple[MarginPoint, ...]:
    """Each margin as a result."""
    resampled = _Resampled(arena=arena, kind=kind, weights=arena.often.astype(np.float64))
    return tuple(resampled.point(judgement) for judgement in judgements)


@dataclass(frozen=True, kw_only=True)
class _Resampled:
    """The draws that all margins share, and the courts that judged them."""

    arena: Arena
    kind: LossKind
    weights: Floats
    courts: dict[tuple[int, int], Court] = field(default_factory=dict)

    def point(self, judgement: Judgement) -> MarginPoint:
        """One margin."""
        return MarginPoint(
            margin=judgement.margin,
            accuracy=judged_accuracy(judgement, self.arena.dyads),
            auc=judgement.auc,
            active=judgement.active,
            spread=judgement.spread,
            effective_rank=judgement.effective_rank,
            auc_interval=self._auc(judgement),
            active_interval=self._active(judgement),
            spread_interval=self._spread(judgement),
            effective_rank_interval=self._rank(judgement),
        )

    def _court(self, fold: int, seed: int) -> Court:
        if (fold, seed) not in self.courts:
            self.courts[fold, seed] = court(self.arena, fold, seed)
        return self.courts[fold, seed]

    def _auc(self, judgement: Judgement) -> Interval | None:
        """The AUC moves by the placements of both kinds of pairs, whose means it is."""
        total, count = np.zeros(self.arena.same.size), np.zeros(self.arena.same.size)
        for (fold, _seed), verdict in judgement.trainings.items():
            here = self.arena.pair_fold == fold
            total[here] += placements(verdict.distance, self.arena.same[here])
            count[here] += 1
        judged = (count > 0) & np.isfinite(total)
        if not judged.any():
            return None
        seen = judged_only(self.arena.dyads, judged)
        placed = total[judged] / count[judged]
        draws = 2 * accuracy_draws(placed, seen) - judgement.auc
        return rate_interval(judgement.auc, draws, seen.clusters, seen.balanced_count)

    def _active(self, judgement: Judgement) -> Interval | None:
        """The share of the training pairs, of all trainings together, that have a loss."""
        if not judgement.trainings:
            return None
        ends = [self._ends(fold, seed) for fold, seed in judgement.trainings]
        left, right = (np.concatenate(side) for side in zip(*ends, strict=True))
        values = np.concatenate([v.trains for v in judgement.trainings.values()]).astype(np.float64)
        seen = Dyads(left=left, right=right, same=np.zeros(left.size, dtype=bool), weights=self.weights)
        units = np.unique(np.concatenate([left, right])).size
        return rate_interval(judgement.active, mean_draws(values, seen), units, left.size)

    def _ends(self, fold: int, seed: int) -> tuple[IndexArray, IndexArray]:
        """Units of the training pairs that the loss pushes apart."""
        bench = self._court(fold, seed)
        left, right = bench.strangers(self.kind)
        return self.arena.unit[bench.rows[left]], self.arena.unit[bench.rows[right]]

    def _spread(self, judgement: Judgement) -> Interval | None:
        """The middle 95 % of the draws: near its bound of 1 the spread errs to one side alone."""
        if judgement.spread is None or not judgement.trainings:
            return None
        draws = np.mean([v.spread_draws for v in judgement.trainings.values()], axis=0)
        kept = draws[np.isfinite(draws)]
        if not kept.size:
            return None
        low, high = np.percentile(kept, [2.5, 97.5])
        value = judgement.spread
        return Interval(value=value, low=min(value, float(low)), high=max(value, float(high)))

    def _rank(self, judgement: Judgement) -> Interval | None:
        """The effective rank moves by its influences; a point has none."""
        value = judgement.effective_rank
        if value is None or value < 1 or not judgement.trainings:
            return None
        moved, most = [], 2.0
        for (fold, seed), verdict in judgement.trainings.items():
            often = self._court(fold, seed).often
            moved.append(often @ verdict.rank_influence / np.maximum(often.sum(1), 1))
            most = max(most, float(verdict.rank_influence.size))
        draws = value + np.mean(moved, axis=0)
        return interval(value, draws, self._shape_units(judgement), low=1.0, high=most)

    def _shape_units(self, judgement: Judgement) -> int:
        """How many units the signs of collapse were measured on."""
        benches = [self._court(fold, seed) for fold, seed in judgement.trainings]
        return np.unique(np.concatenate([self.arena.unit[b.rows[b.shape]] for b in benches])).size
