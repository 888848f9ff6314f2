"""The pairs that everything is measured on, with the samples they need read once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.pairs import Pairs, draw_pairs, halve_given_pairs
from siamdoctor.data.samples import FloatArray, IndexArray, Samples
from siamdoctor.errors import UnreadableData


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Pairs whose left and right are positions in `values`.

    used: (n,) which samples of the data set were read. values: (n, *shape) as stored, read-only.
    left_out: samples that were drawn and are no numbers: undecodable, or holding NaN.
    """

    pairs: Pairs
    used: IndexArray
    values: FloatArray
    left_out: int = 0


def draw(samples: Samples, shape: tuple[int, ...], count: int, rng: np.random.Generator) -> Drawn:
    """Draw pairs (or take the user's own) and read the samples they need, each once.

    Raises:
        UnreadableData: no sample can be read as numbers, or the pairs that are left are of one kind only.
    """
    if samples.pairs is not None:
        pairs = halve_given_pairs(samples.pairs, samples.identity, rng)
    else:
        pairs = draw_pairs(samples.identity, count, rng)
    used = np.unique(np.concatenate([pairs.left, pairs.right]))
    values = samples.load(used, shape)
    readable = np.asarray(np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if not readable.any():
        raise UnreadableData(f"No sample could be read as numbers. Received: data={samples.path}")
    drawn = _without_unreadable(pairs, used, values, readable)
    if drawn.pairs.same.all() or not drawn.pairs.same.any():
        raise UnreadableData(
            "The pairs that could be read are all of one kind, so nothing can be told apart. "
            f"Received: data={samples.path}, pairs={drawn.pairs.same.size}, samples read={int(readable.sum())}"
        )
    return drawn


def _without_unreadable(pairs: Pairs, used: IndexArray, values: FloatArray, readable: NDArray[np.bool_]) -> Drawn:
    """Drop the pairs of samples that could not be decoded, and number the rest by position."""
    left, right = np.searchsorted(used, pairs.left), np.searchsorted(used, pairs.right)
    kept = np.flatnonzero(readable[left] & readable[right])
    position = np.cumsum(readable) - 1
    stored = values if readable.all() else values[readable]
    stored.setflags(write=False)
    return Drawn(
        pairs=_chosen(pairs, kept, position[left[kept]], position[right[kept]]),
        used=used[readable],
        values=stored,
        left_out=int((~readable).sum()),
    )


def part_of(drawn: Drawn, count: int, rng: np.random.Generator) -> Drawn:
    """A random part of the pairs with only the samples that it needs, for quick looks."""
    pairs = drawn.pairs
    chosen = np.sort(rng.permutation(pairs.same.size)[:count])
    needed = np.unique(np.concatenate([pairs.left[chosen], pairs.right[chosen]]))
    left, right = np.searchsorted(needed, pairs.left[chosen]), np.searchsorted(needed, pairs.right[chosen])
    return Drawn(pairs=_chosen(pairs, chosen, left, right), used=drawn.used[needed], values=drawn.values[needed])


def _chosen(pairs: Pairs, chosen: IndexArray, left: IndexArray, right: IndexArray) -> Pairs:
    """Some of the pairs, with new positions."""
    return dataclasses.replace(
        pairs,
        left=left,
        right=right,
        same=pairs.same[chosen],
        half=pairs.half[chosen],
        cluster_left=pairs.cluster_left[chosen],
        cluster_right=pairs.cluster_right[chosen],
    )
