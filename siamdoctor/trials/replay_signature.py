"""What a training leaves in an embedding, as a few numbers that can be compared with those of another training.

None depends on knowing how the model was trained, and each is free of the embedding's own units. A replay is
shorter than the user's training, so every number has a least spread: differences below it say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.stats.geometry import effective_rank, relative_spread
from siamdoctor.stats.roc import auc

if TYPE_CHECKING:
    from siamdoctor.trials.sweep_arena import Arena

Compare = Callable[[FloatArray, FloatArray], FloatArray]  # (p,) for pairs of embeddings, small = alike
SHAPE_SAMPLES = 400
SEEN_PAIRS = 1000
TINY = 1e-9
FREEDOM = 3.0  # of Student's t: one number far off must not decide alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One number of a signature. least: spread below which it says nothing. low, high: it is cut off there."""

    name: str
    least: float
    low: float
    high: float


TRAITS = (
    Trait(name="AUC on unseen pairs", least=0.03, low=0.0, high=1.0),
    Trait(name="AUC on training pairs", least=0.03, low=0.0, high=1.0),
    Trait(name="spread of different-class distances over their mean", least=0.08, low=0.0, high=2.0),
    Trait(name="spread of same-class distances over their mean", least=0.08, low=0.0, high=2.0),
    Trait(name="effective rank, logarithm", least=0.2, low=-0.7, high=10.0),
    Trait(name="spread of the embeddings over their length", least=0.08, low=0.0, high=1.0),
    Trait(name="size beside that before training, decades", least=0.3, low=-2.0, high=2.0),
    Trait(name="same-class over different-class distance, decades", least=0.1, low=-2.0, high=1.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What every signature of one case is taken by.

    start: median distance of different identities before training. seen: for each fold, pairs that train.
    """

    arena: Arena
    start: float
    seen: tuple[tuple[IndexArray, IndexArray, NDArray[np.bool_]], ...]

    def signature(self, embeddings: FloatArray, fold: int, compare: Compare) -> NDArray[np.float64]:
        """(traits,) of embeddings (n, d) of all rows of the arena, compared on one fold's pairs."""
        arena = self.arena
        here = arena.pair_fold == fold
        same, seen_same = arena.same[here], self.seen[fold][2]
        fresh = _compared(compare, embeddings, arena.left[here], arena.right[here])
        seen = _compared(compare, embeddings, *self.seen[fold][:2])
        near, far = _typical(fresh[same]), _typical(fresh[~same])
        some = embeddings[:: max(1, len(embeddings) // SHAPE_SAMPLES)]
        values = (
            auc(fresh, same),
            auc(seen, seen_same),
            _variation(fresh[~same]),
            _variation(fresh[same]),
            np.log(max(effective_rank(some), TINY)),
            relative_spread(some),
            np.log10(far / max(self.start, TINY)),
            np.log10(near / far),
        )
        return np.array([np.clip(v, t.low, t.high) for v, t in zip(values, TRAITS, strict=True)])


def yardstick(arena: Arena, untrained: FloatArray, compare: Compare, seed: int) -> Yardstick:
    """Draw the training pairs, and measure embeddings (n, d) of the arena's rows before training."""
    before = _compared(compare, untrained, arena.left, arena.right)
    seen = tuple(
        arena.training_pairs(fold, SEEN_PAIRS, np.random.default_rng([seed, fold, 41])) for fold in range(arena.folds)
    )
    return Yardstick(arena=arena, start=_typical(before[~arena.same]), seen=seen)


def likelihood(patient: NDArray[np.float64], replays: Sequence[NDArray[np.float64]]) -> float:
    """Mean over the traits of the log density of the patient's value among the replays' (Student's t).

    Args:
        patient: (traits,) signature.
        replays: signatures of trainings with one fault.
    """
    stacked = np.stack(replays)
    least = np.array([t.least for t in TRAITS])
    spread = stacked.std(0, ddof=1) if len(stacked) > 1 else np.zeros(len(TRAITS))
    scale = np.hypot(spread, least)
    off = (patient - stacked.mean(0)) / scale
    return float(np.mean(-np.log(scale / least) - (FREEDOM + 1) / 2 * np.log1p(off**2 / FREEDOM)))


def _compared(compare: Compare, embeddings: FloatArray, left: IndexArray, right: IndexArray) -> NDArray[np.float64]:
    return np.asarray(compare(embeddings[left], embeddings[right]), np.float64)


def _typical(distance: NDArray[np.float64]) -> float:
    return max(float(np.median(distance)), TINY)


def _variation(distance: NDArray[np.float64]) -> float:
    return float(distance.std() / max(float(distance.mean()), TINY))
