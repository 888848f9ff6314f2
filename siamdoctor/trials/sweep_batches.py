"""The order in which samples train: labelled pairs, or several samples of several identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.trials.sweep_losses import LossKind, mines_triplets
from siamdoctor.trials.sweep_triplets import EACH

if TYPE_CHECKING:
    from siamdoctor.data.samples import IndexArray
    from siamdoctor.trials.sweep_arena import Arena

PAIRS = 64  # in a batch
OWNERS = 8  # identities in a batch of triplets
DISTINCT_PAIRS = 8000


def fold_batches(arena: Arena, fold: int, kind: LossKind, steps: int, seed: int) -> NDArray[np.int32]:
    """(steps, b) rows of the arena for each step of one fold.

    For a loss on pairs, the first half of a batch holds the left sides and the second half the right ones,
    same-class and different-class pairs in equal number. For triplets, `EACH` samples of one identity after
    another, with as many identities as every fold has, at most `OWNERS`: batches of all folds are of one size.
    """
    rng = np.random.default_rng([seed, fold, 11])
    if mines_triplets(kind):
        rows = arena.training_rows(fold)
        owners = min(OWNERS, *(_with_positives(arena.identity[arena.training_rows(f)]) for f in range(arena.folds)))
        return owner_batches(arena.identity[rows], steps, rng, rows, owners=owners)
    left, right, same = arena.training_pairs(fold, DISTINCT_PAIRS, rng)
    chosen = [_cycled(np.flatnonzero(same == kind_of), steps * PAIRS // 2, rng) for kind_of in (True, False)]
    mixed = np.concatenate([part.reshape(steps, -1) for part in chosen], axis=1)
    return np.concatenate([left[mixed], right[mixed]], axis=1).astype(np.int32)


def _cycled(items: IndexArray, count: int, rng: np.random.Generator) -> IndexArray:
    """`count` items, epoch after epoch, each epoch in an order of its own."""
    epochs = -(-count // items.size)
    return np.concatenate([rng.permutation(items) for _ in range(epochs)])[:count]


def _with_positives(identity: IndexArray) -> int:
    """Number of identities with two samples or more."""
    return int((np.unique(identity, return_counts=True)[1] > 1).sum())


def owner_batches(
    identity: IndexArray, steps: int, rng: np.random.Generator, rows: IndexArray, *, owners: int
) -> NDArray[np.int32]:
    """(steps, owners * EACH) of `rows`, whose identities are given; only identities of two samples or more.

    An identity with fewer samples than are wanted gives some of them twice.
    """
    order = np.argsort(identity, kind="stable")
    _, starts, sizes = np.unique(identity[order], return_index=True, return_counts=True)
    several = np.flatnonzero(sizes > 1)
    picked = rng.random((steps, several.size)).argpartition(owners - 1, axis=1)[:, :owners]
    chosen = several[picked][..., None]
    # A random start and a random odd-even stride walk without repeating while an identity has EACH samples.
    offset = rng.integers(0, sizes[chosen])
    place = (offset + np.arange(EACH) * _stride(sizes[chosen], rng)) % sizes[chosen]
    return np.asarray(rows[order[starts[chosen] + place]].reshape(steps, -1), dtype=np.int32)


def _stride(sizes: IndexArray, rng: np.random.Generator) -> IndexArray:
    """A stride below a quarter of each size, so that four steps never come full circle; at least 1."""
    return rng.integers(1, np.maximum(2, sizes // EACH + 1))
