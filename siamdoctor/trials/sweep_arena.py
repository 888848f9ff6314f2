"""Who trains and who judges: samples in folds over identities, and the pairs that each fold is judged by.

A fold trains on no identity that it is judged by. Training data are used for training where they are known;
the evaluation data then only judge. Without them the evaluation data do both, in different folds.

One exception: where the evaluation data are fresh samples of the few identities that the user trains on,
that is the user's task, and holding out a third of ten identities would ask for something else (a network
that saw seven digits does little better on the other three than an untrained one). Then, as where there are
fewer than four identities, samples are held out, and `unseen` is False.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.pairs import draw_pairs
from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.errors import Unavailable, UnreadableData
from siamdoctor.stats.resampling import Dyads, dyads
from siamdoctor.trials.sweep_rows import Rows, gather_rows

if TYPE_CHECKING:
    from siamdoctor.case import Case

FOLDS = 5
CLUSTERED = 8  # identities from which intervals are over identities, as everywhere else
JUDGING_PAIRS = 2000
THRESHOLD_PAIRS = 1000
DRAWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """Samples with their folds, and the judging pairs of all folds together.

    inputs: (n, *sample shape) as the model receives them. pixels: the same as stored, where asked for. identity:
    (n,) common numbers for training and evaluation data. trains: (n,) whether the sample may train. fold: (n,) the
    fold that holds the sample out. unit: (n,) what intervals are over, by number: identities, or samples where
    those are few. often: (draws, units) how often each unit counts in each draw. left, right: (p,) rows of the
    judging pairs; same: (p,); pair_fold: (p,). unseen: whether identities, not only samples, are held out. folds:
    how many there are.
    """

    inputs: FloatArray
    pixels: FloatArray | None
    identity: IndexArray
    trains: NDArray[np.bool_]
    fold: IndexArray
    unit: IndexArray
    often: NDArray[np.uint8]
    left: IndexArray
    right: IndexArray
    same: NDArray[np.bool_]
    pair_fold: IndexArray
    dyads: Dyads
    unseen: bool
    folds: int

    def training_rows(self, fold: int) -> IndexArray:
        """Rows that train in this fold."""
        return np.flatnonzero(self.trains & (self.fold != fold))

    def training_pairs(
        self, fold: int, count: int, rng: np.random.Generator
    ) -> tuple[IndexArray, IndexArray, NDArray[np.bool_]]:
        """Balanced pairs (left, right, same) of rows that train in this fold."""
        rows = self.training_rows(fold)
        drawn = draw_pairs(self.identity[rows], count, rng)
        return rows[drawn.left], rows[drawn.right], drawn.same


def build_arena(case: Case, *, folds: int = FOLDS, pixels: bool = False) -> Arena:
    """Lay out folds for this case; with `pixels` the samples also as they are stored.

    Raises:
        Unavailable: identities are unknown, or the samples are too few for two folds.
    """
    if not case.samples.identity_known:
        raise Unavailable("identities are unknown, so nothing can be trained on some and judged on others")
    rng = case.rng("sweep folds")
    rows = gather_rows(case, rng, pixels=pixels)
    most = _possible_folds(rows, folds)
    for count in range(most, 1, -1):
        arena = _laid_out(rows, count, rng)
        if arena is not None:
            return arena
    raise Unavailable("there are too few samples per identity to train on some and judge by others")


def _possible_folds(rows: Rows, wanted: int) -> int:
    """As many folds as leave two judging identities in each; all that are wanted where samples are dealt."""
    return min(wanted, rows.judging.size // 2) if rows.by_identity else wanted


def _laid_out(rows: Rows, folds: int, rng: np.random.Generator) -> Arena | None:
    """The arena with so many folds, or None where one of them could not train or judge."""
    single = np.arange(rows.identity.size)
    units = rows.identity if rows.by_identity else single
    fold = _deal(units, rows.judges, folds, rng)
    left, right, same, pair_fold = [], [], [], []
    for number in range(folds):
        inside = np.flatnonzero(rows.judges & (fold == number))
        outside = np.flatnonzero(rows.trains & (fold != number))
        try:
            drawn = draw_pairs(rows.identity[inside], max(2, JUDGING_PAIRS // folds), rng)
            draw_pairs(rows.identity[outside], 2, rng)
        except UnreadableData:
            return None
        left.append(inside[drawn.left])
        right.append(inside[drawn.right])
        same.append(drawn.same)
        pair_fold.append(np.full(drawn.same.size, number))
    clusters = rows.identity if rows.judging.size >= CLUSTERED else single
    lefts, rights, sames = np.concatenate(left), np.concatenate(right), np.concatenate(same)
    return Arena(
        inputs=rows.inputs,
        pixels=rows.pixels,
        identity=rows.identity,
        trains=rows.trains,
        fold=fold,
        unit=clusters,
        often=_resampled(int(clusters.max()) + 1),
        left=lefts,
        right=rights,
        same=sames,
        pair_fold=np.concatenate(pair_fold),
        dyads=dyads(clusters[lefts], clusters[rights], sames, rng),
        unseen=rows.by_identity,
        folds=folds,
    )


def _resampled(units: int) -> NDArray[np.uint8]:
    """(draws, units) how often each draw of a bootstrap takes each unit; the same for every sweep of so many."""
    drawn = np.random.default_rng(101).multinomial(units, np.full(units, 1 / units), size=DRAWS)
    return drawn.astype(np.uint8)


def _deal(units: IndexArray, judges: NDArray[np.bool_], folds: int, rng: np.random.Generator) -> IndexArray:
    """(n,) fold of each row: units that judge are dealt in turn, the others are never held out (-1)."""
    dealt = rng.permutation(np.unique(units[judges]))
    fold_of = np.full(int(units.max()) + 1, -1, dtype=np.int64)
    fold_of[dealt] = np.arange(dealt.size) % folds
    return fold_of[units]


def fingerprint(arena: Arena) -> str:
    """A short hash of what trains and judges, for the key of a journal."""
    crc = 0
    for array in (arena.inputs, arena.identity, arena.fold, arena.left, arena.right, arena.same):
        crc = zlib.crc32(np.ascontiguousarray(array).tobytes(), crc)
    return f"{crc:08x}"
