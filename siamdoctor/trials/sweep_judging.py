"""How trained embeddings judge the pairs of a fold, by a threshold that these pairs did not choose.

It comes from the other folds, each as its own training tells its pairs apart: all of them are strangers to the
network that judged them, as in use. The pairs that trained are no such judges: a network that learned them by
heart tells them apart at distances that mean nothing for strangers. They serve where no other fold was trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.stats.geometry import effective_rank, pair_distance, relative_spread
from siamdoctor.stats.influence import rank_influence
from siamdoctor.stats.resampling import spread_draws
from siamdoctor.stats.roc import auc, best_threshold, finite_or_far
from siamdoctor.trials.sweep_arena import THRESHOLD_PAIRS
from siamdoctor.trials.sweep_choice import Judgement
from siamdoctor.trials.sweep_losses import LossKind, mines_triplets
from siamdoctor.trials.sweep_verdicts import Verdicts

if TYPE_CHECKING:
    from siamdoctor.trials.sweep_arena import Arena

SHAPE_SAMPLES = 300  # enough to see a collapse


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """What judges one fold, drawn once: all margins are judged alike.

    rows: (k,) of the arena, those that need an embedding; the other indices are positions in them.
    threshold_*: training pairs. judging_*: the fold's own pairs. stranger: (t,) for each threshold pair a
    training sample of another identity than its left one. shape: (s,) positions of the samples on which a collapse
    is looked for. often: (draws, s) how often each of them counts in each draw.
    """

    fold: int
    rows: IndexArray
    threshold_left: IndexArray
    threshold_right: IndexArray
    threshold_same: NDArray[np.bool_]
    stranger: IndexArray
    judging_left: IndexArray
    judging_right: IndexArray
    judging_same: NDArray[np.bool_]
    shape: IndexArray
    often: NDArray[np.float64]

    def strangers(self, kind: LossKind) -> tuple[IndexArray, IndexArray]:
        """The training pairs of different identities that the loss pushes apart, as positions in `rows`."""
        if mines_triplets(kind):
            same = self.threshold_same
            return self.threshold_left[same], self.stranger[same]
        return self.threshold_left[~self.threshold_same], self.threshold_right[~self.threshold_same]


def court(arena: Arena, fold: int, seed: int) -> Court:
    """Draw the threshold pairs of a fold and collect the samples involved."""
    rng = np.random.default_rng([seed, fold, 23])
    left, right, same = arena.training_pairs(fold, THRESHOLD_PAIRS, rng)
    stranger = _strangers(arena, fold, left, rng)
    here = arena.pair_fold == fold
    parts = (left, right, stranger, arena.left[here], arena.right[here])
    rows, position = np.unique(np.concatenate(parts), return_inverse=True)
    ends = np.cumsum([p.size for p in parts])[:-1]
    shape = np.arange(0, rows.size, max(1, rows.size // SHAPE_SAMPLES))
    left, right, stranger, judging_left, judging_right = np.split(position.reshape(-1), ends)
    return Court(
        fold=fold,
        rows=rows,
        threshold_left=left,
        threshold_right=right,
        threshold_same=same,
        stranger=stranger,
        judging_left=judging_left,
        judging_right=judging_right,
        judging_same=arena.same[here],
        shape=shape,
        often=arena.often[:, arena.unit[rows[shape]]].astype(np.float64),
    )


def _strangers(arena: Arena, fold: int, anchor: IndexArray, rng: np.random.Generator) -> IndexArray:
    """(t,) for each anchor a training row of another identity."""
    rows = arena.training_rows(fold)
    stranger = rng.choice(rows, size=anchor.size)
    while (alike := arena.identity[stranger] == arena.identity[anchor]).any():
        stranger[alike] = rng.choice(rows, size=int(alike.sum()))
    return stranger


def judge(
    embeddings: FloatArray,
    court: Court,
    margin: float,
    kind: LossKind,
    *,
    right: FloatArray | None = None,
    compare: Callable[[FloatArray, FloatArray], FloatArray] | None = None,
) -> Verdicts:
    """Judge by embeddings (k, d) of the court's rows.

    `right` are those of a second, untied tower; `compare` gives (p,) for pairs of embeddings, small = alike, the
    Euclidean distance where it is None.
    """
    second, compare = embeddings if right is None else right, compare or _distance
    distance = compare(embeddings[court.threshold_left], second[court.threshold_right])
    judging = compare(embeddings[court.judging_left], second[court.judging_right])
    some = embeddings[court.shape]
    trains = _trains(embeddings, court, distance, margin, kind)
    return Verdicts(
        distance=judging.astype(np.float32),
        threshold=best_threshold(distance, court.threshold_same),
        auc=auc(judging, court.judging_same),
        active=float(trains.mean()),
        spread=relative_spread(some),
        effective_rank=effective_rank(some),
        trains=trains,
        spread_draws=spread_draws(some, court.often).astype(np.float32),
        rank_influence=rank_influence(some).astype(np.float32),
    )


def _distance(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(pair_distance("euclidean", left, right), np.float32)


def _trains(
    embeddings: FloatArray, court: Court, distance: FloatArray, margin: float, kind: LossKind
) -> NDArray[np.bool_]:
    """Which of the negative training pairs are within the margin, or which training triplets have a loss."""
    same = court.threshold_same
    if not mines_triplets(kind):
        return np.asarray(distance[~same] < margin)
    anchor, stranger = court.strangers(kind)
    return np.asarray(distance[same] + margin > _distance(embeddings[anchor], embeddings[stranger]))


def combined(margin: float, verdicts: dict[tuple[int, int], Verdicts], arena: Arena) -> Judgement:
    """One margin's verdicts by (fold, seed) put together; pairs of a fold without any stay NaN."""
    total, count = np.zeros(arena.same.size), np.zeros(arena.same.size)
    for (fold, _seed), verdict in verdicts.items():
        here = arena.pair_fold == fold
        said = finite_or_far(verdict.distance) < _threshold(fold, verdicts, arena)
        total[here] += said == arena.same[here]
        count[here] += 1
    known = list(verdicts.values())
    return Judgement(
        margin=margin,
        correct=np.divide(total, count, out=np.full(total.size, np.nan), where=count > 0),
        auc=_mean([v.auc for v in known]),
        active=_mean([v.active for v in known]),
        spread=_mean([v.spread for v in known]),
        effective_rank=_mean([v.effective_rank for v in known]),
        trainings=verdicts,
    )


def _threshold(fold: int, verdicts: Mapping[tuple[int, int], Verdicts], arena: Arena) -> float:
    """What the pairs of the other folds choose, or, without any, the pairs that trained."""
    others = [(number, verdict) for (number, _seed), verdict in verdicts.items() if number != fold]
    if not others:
        return next(verdict.threshold for (number, _seed), verdict in verdicts.items() if number == fold)
    same = np.concatenate([arena.same[arena.pair_fold == number] for number, _ in others])
    return best_threshold(np.concatenate([verdict.distance for _, verdict in others]), same)


def _mean(values: list[float]) -> float:
    finite = [v for v in values if np.isfinite(v)]
    return float(np.mean(finite)) if finite else 0.0


def judge_folds(
    embeddings: Callable[[int, IndexArray], FloatArray],
    arena: Arena,
    margins: tuple[float, ...],
    kind: LossKind,
    seed: int,
) -> tuple[Judgement, ...]:
    """Judge every margin in every fold by embeddings(fold, rows) -> (margins, rows, d)."""
    verdicts: list[dict[tuple[int, int], Verdicts]] = [{} for _ in margins]
    for fold in range(arena.folds):
        bench = court(arena, fold, seed)
        for number, embedded in enumerate(embeddings(fold, bench.rows)):
            verdicts[number][fold, seed] = judge(embedded, bench, margins[number], kind)
    return tuple(combined(m, v, arena) for m, v in zip(margins, verdicts, strict=True))
