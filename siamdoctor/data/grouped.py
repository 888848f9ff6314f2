"""Distinct pairs from samples that are grouped by identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.distinct import distinct_numbers, even_quotas, pair_count, pair_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from siamdoctor.data.samples import IndexArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Samples of one half, ordered by identity: group g is order[starts[g] : starts[g] + sizes[g]]."""

    order: IndexArray
    starts: IndexArray
    sizes: IndexArray

    @property
    def identity_pairs(self) -> int:
        """How many pairs of different identities there are."""
        return int(pair_count(np.int64(self.sizes.size)))

    @property
    def positives(self) -> int:
        """How many distinct same-class pairs there are."""
        return int(pair_count(self.sizes).sum())

    @property
    def negatives(self) -> int:
        """How many distinct different-class pairs there are."""
        return int(pair_count(self.sizes.sum())) - self.positives


def grouped(members: IndexArray, group: IndexArray) -> Groups:
    """The given samples, ordered by identity."""
    order = members[np.argsort(group[members], kind="stable")]
    _, starts, sizes = np.unique(group[order], return_index=True, return_counts=True)
    return Groups(order=order.astype(np.int64), starts=starts, sizes=sizes)


def draw_balanced(
    groups: Groups, each: int, rng: np.random.Generator
) -> tuple[IndexArray, IndexArray, NDArray[np.bool_]]:
    """Draw `each` distinct pairs of either kind, same-class ones first."""
    positive, negative = _positives(groups, each, rng), _negatives(groups, each, rng)
    left, right = (np.concatenate([positive[side], negative[side]]) for side in (0, 1))
    turned = rng.random(left.size) < 0.5  # noqa: PLR2004  (either side may be the left one)
    same = np.repeat([True, False], [each, each])
    return np.where(turned, right, left), np.where(turned, left, right), same


def _positives(groups: Groups, wanted: int, rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
    """Distinct same-class pairs, spread evenly over identities."""
    capacity = pair_count(groups.sizes)
    owner, number = distinct_numbers(capacity, even_quotas(capacity, wanted, rng), rng)
    low, high = pair_of(number)
    return groups.order[groups.starts[owner] + low], groups.order[groups.starts[owner] + high]


def _negatives(groups: Groups, wanted: int, rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
    """Distinct different-class pairs, spread evenly over pairs of identities."""
    pairs = groups.identity_pairs
    if pairs > wanted:  # one pair each from some of them, so that not all need be listed
        quota = np.array([wanted])
        low, high = pair_of(np.sort(distinct_numbers(np.array([pairs]), quota, rng)[1]))
        quotas = np.ones(wanted, dtype=np.int64)
    else:
        low, high = pair_of(np.arange(pairs))
        quotas = even_quotas(groups.sizes[low] * groups.sizes[high], wanted, rng)
    owner, number = distinct_numbers(groups.sizes[low] * groups.sizes[high], quotas, rng)
    low, high = low[owner], high[owner]
    left = groups.order[groups.starts[low] + number // groups.sizes[high]]
    right = groups.order[groups.starts[high] + number % groups.sizes[high]]
    return left, right
