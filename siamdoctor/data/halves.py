"""Dealing identities, images or pairs to two halves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siamdoctor.data.samples import IndexArray

FAIR_SHARE = 0.3  # of the given pairs, that each half must hold at least
HALVES = (0, 1)


def deal_identities(sizes: IndexArray, rng: np.random.Generator) -> NDArray[np.int8]:
    """(m,) half of each identity: those with two samples and those with one are dealt separately."""
    half = np.empty(sizes.size, dtype=np.int8)
    for members in (np.flatnonzero(sizes > 1), np.flatnonzero(sizes == 1)):
        half[rng.permutation(members)] = np.arange(members.size) % 2
    return half


def deal_images(group: IndexArray, sizes: IndexArray, rng: np.random.Generator) -> NDArray[np.int8]:
    """(n,) half of each sample: identities of four samples or more are dealt out one by one.

    Smaller identities stay together, because half of them could not make a same-class pair; they
    alternate between the halves, in random order.
    """
    shuffled = rng.permutation(group.size)
    order = shuffled[np.argsort(group[shuffled], kind="stable")]
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    small = np.flatnonzero(sizes < 2 * 2)
    whole = np.zeros(sizes.size, dtype=np.int64)
    whole[rng.permutation(small)] = np.arange(small.size)
    return np.where(sizes[group] < 2 * 2, whole[group] % 2, rank % 2).astype(np.int8)


def deal_given(
    left: IndexArray, right: IndexArray, same: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int8]:
    """(p,) half of each given pair between two clusters, or -1 where it is left out."""
    _, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    ends = ends.reshape(2, -1)
    nodes = int(ends.max()) + 1
    links = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(nodes, nodes))
    count, component = connected_components(links, directed=False)
    sizes = np.bincount(component[ends[0]], minlength=count)
    component_half = np.empty(count, dtype=np.int8)
    load = [0, 0]
    for c in np.lexsort((rng.random(count), -sizes)):  # the largest first, always to the lighter half
        component_half[c] = int(load[1] < load[0])
        load[component_half[c]] += int(sizes[c])
    half: NDArray[np.int8] = component_half[component[ends[0]]]
    if min(load) >= FAIR_SHARE * sum(load) and _both_kinds(half, same):
        return half
    node_half = (rng.permutation(nodes) % 2).astype(np.int8)
    half = np.where(node_half[ends[0]] == node_half[ends[1]], node_half[ends[0]], np.int8(-1))
    if _both_kinds(half, same):
        return half
    return deal_kinds(same, rng)


def _both_kinds(half: NDArray[np.int8], same: NDArray[np.bool_]) -> bool:
    """Whether each half holds same-class and different-class pairs."""
    return all(bool(same[half == h].any() and not same[half == h].all()) for h in HALVES)


def deal_kinds(same: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int8]:
    """(p,) half of each pair, the two kinds dealt separately."""
    half = np.empty(same.size, dtype=np.int8)
    for kind in (np.flatnonzero(same), np.flatnonzero(~same)):
        half[rng.permutation(kind)] = np.arange(kind.size) % 2
    return half
