"""Balanced, seeded pairs in two halves: what one half chose (a threshold, a metric) is scored on the other.

Identities are dealt to the halves where there are enough of them; otherwise the images of each identity
are. No pair crosses halves, holds one sample twice, or occurs again (also not mirrored).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.grouped import Groups, draw_balanced, grouped
from siamdoctor.data.halves import HALVES, deal_given, deal_identities, deal_images, deal_kinds
from siamdoctor.data.samples import GivenPairs, IndexArray
from siamdoctor.errors import UnreadableData

ENOUGH_IDENTITIES = 4  # with two or more samples each, in every half


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Pairs of samples, same-class and different-class ones in equal number within each half.

    left, right: (p,) indices into the samples. same: (p,) whether both belong to one identity.
    half: (p,) 0 or 1. cluster_left, cluster_right: (p,) what intervals resample on either side: the
    identity where halves are of identities, else the sample. identities: how many the pairs involve.
    """

    left: IndexArray
    right: IndexArray
    same: NDArray[np.bool_]
    half: NDArray[np.int8]
    cluster_left: IndexArray
    cluster_right: IndexArray
    identities: int


def draw_pairs(identity: IndexArray, count: int, rng: np.random.Generator) -> Pairs:
    """Draw up to `count` pairs, half of them same-class; fewer where there are not so many distinct ones.

    Same-class pairs are spread evenly over identities, different-class pairs evenly over pairs of
    identities. An identity with one sample only gives different-class pairs.

    Args:
        identity: (n,) identity of each sample, any integers.
        count: how many pairs to draw, an even number.
        rng: source of every choice.

    Raises:
        UnreadableData: fewer than two identities, or none with two samples.
    """
    names, group, sizes = np.unique(identity, return_inverse=True, return_counts=True)
    _demand_pairs(names.size, identity.size, int(sizes.max(initial=0)), count)
    by_identity = int((sizes > 1).sum()) >= 2 * ENOUGH_IDENTITIES
    sample_half = deal_identities(sizes, rng)[group] if by_identity else deal_images(group, sizes, rng)
    groups = [grouped(np.flatnonzero(sample_half == h), group) for h in HALVES]
    if any(min(g.positives, g.negatives) == 0 for g in groups):
        left, right, same, half = _split_afterwards(grouped(np.arange(group.size), group), count, rng)
    else:
        left, right, same, half = _draw_halves(groups, count, rng)
    clusters = identity if by_identity else np.arange(identity.size)
    return Pairs(
        left=left,
        right=right,
        same=same,
        half=half,
        cluster_left=clusters[left].astype(np.int64),
        cluster_right=clusters[right].astype(np.int64),
        identities=int(np.unique(group[np.concatenate([left, right])]).size),
    )


def _demand_pairs(identities: int, samples: int, largest: int, count: int) -> None:
    """Refuse data that cannot give a same-class and a different-class pair."""
    if identities < 2:  # noqa: PLR2004  (two sides of a different-class pair)
        raise UnreadableData(
            "Different-class pairs need two identities. "
            f"Received: identities={identities}, samples={samples}. Add class folders or labels."
        )
    if largest < 2:  # noqa: PLR2004  (two sides of a same-class pair)
        raise UnreadableData(
            "Same-class pairs need an identity with two samples, and here each has one. "
            f"Received: identities={identities}, samples={samples}. Add samples to the class folders."
        )
    if count < 2:  # noqa: PLR2004  (one of each kind)
        raise UnreadableData(f"At least two pairs are needed. Received: pairs={count}.")


_Drawn = tuple[IndexArray, IndexArray, NDArray[np.bool_], NDArray[np.int8]]


def _draw_halves(groups: list[Groups], count: int, rng: np.random.Generator) -> _Drawn:
    """Draw each half's share; what one half lacks in distinct pairs, the other makes up for."""
    room = [min(g.positives, g.negatives) for g in groups]
    wanted = count // 2
    first = min(room[0], (wanted + 1) // 2)
    second = min(room[1], wanted - first)
    first = min(room[0], wanted - second)
    drawn = [draw_balanced(g, k, rng) for g, k in zip(groups, (first, second), strict=True)]
    left, right, same = (np.concatenate([d[i] for d in drawn]) for i in range(3))
    half = np.repeat(np.array(HALVES, dtype=np.int8), [2 * first, 2 * second])
    mixed = rng.permutation(left.size)
    return left[mixed], right[mixed], same[mixed].astype(bool), half[mixed]


def _split_afterwards(groups: Groups, count: int, rng: np.random.Generator) -> _Drawn:
    """Draw from all samples and deal the pairs: the way out where there are too few samples to deal.

    The halves then share samples, though no pair.
    """
    each = min(groups.positives, groups.negatives, count // 2)
    left, right, same = draw_balanced(groups, each, rng)
    half = deal_kinds(same, rng)
    mixed = rng.permutation(left.size)
    return left[mixed], right[mixed], same[mixed], half[mixed]


def halve_given_pairs(given: GivenPairs, identity: IndexArray, rng: np.random.Generator) -> Pairs:
    """Split the user's own pairs into halves that share no identity (or no sample).

    Pairs hang together through what they share. Where these clusters can be dealt into two halves of a
    fair size, no pair is lost; where they cannot, identities are dealt and the pairs that cross are left
    out; where that leaves a half without either kind, the pairs themselves are dealt. Pairs of a sample
    with itself are left out, unless there are no other same-class pairs.

    Args:
        given: the user's pairs, labelled as the user labelled them.
        identity: (n,) identity of each sample.
        rng: source of every choice.

    Raises:
        UnreadableData: the pairs are all same-class or all different-class.
    """
    kept = given.left != given.right
    if not given.same[kept].any() or given.same[kept].all():
        kept = np.ones(given.left.size, dtype=bool)
    left, right, same = given.left[kept], given.right[kept], given.same[kept]
    if not same.any() or same.all():
        raise UnreadableData(
            "Same-class and different-class pairs are both needed. "
            f"Received: pairs={same.size}, same={int(same.sum())}. Check which label means the same class."
        )
    samples_of = np.unique(identity[np.unique(np.concatenate([left, right]))], return_counts=True)[1]
    by_identity = int((samples_of > 1).sum()) >= 2 * ENOUGH_IDENTITIES
    clusters = identity if by_identity else np.arange(identity.size)
    half = deal_given(clusters[left], clusters[right], same, rng)
    used = half >= 0
    left, right = left[used], right[used]
    return Pairs(
        left=left,
        right=right,
        same=same[used],
        half=half[used],
        cluster_left=clusters[left].astype(np.int64),
        cluster_right=clusters[right].astype(np.int64),
        identities=int(np.unique(identity[np.concatenate([left, right])]).size),
    )
