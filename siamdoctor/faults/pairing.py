"""Training pairs as users draw them, with the mistakes that users make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.faults.recipe import PairPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPairs:
    """left, right: (p,) indices into the samples. same: (p,) the truth. label: (p,) what the loss is told."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    label: NDArray[np.float32]


def draw_training_pairs(identity: NDArray[np.int64], plan: PairPlan, rng: np.random.Generator) -> TrainingPairs:
    """Draw pairs as the plan says, shuffled, positives spread evenly over identities."""
    positives = round(plan.count * plan.positive_share)
    order = np.argsort(identity, kind="stable")
    starts = np.searchsorted(identity[order], np.arange(identity.max() + 2))
    sizes = np.diff(starts)
    owner = np.arange(positives) % sizes.size
    place = rng.integers(0, sizes[owner])
    step = _steps(plan, sizes[owner], rng)
    left = order[starts[owner] + place]
    right = order[starts[owner] + (place + step) % sizes[owner]]
    strangers = _strangers(identity, plan, plan.count - positives, rng)
    left, right = np.concatenate([left, strangers[0]]), np.concatenate([right, strangers[1]])
    shuffled = rng.permutation(plan.count)
    left, right = left[shuffled], right[shuffled]
    same = identity[left] == identity[right]
    believed = shuffled < positives
    told = rng.permutation(believed) if plan.labels == "shuffled" else believed
    label = np.where(told, plan.same_label, 1 - plan.same_label).astype(np.float32)
    return TrainingPairs(left=left, right=right, same=same, label=label)


def _steps(plan: PairPlan, sizes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """How far on, within its identity, each positive pair's second sample lies (0 = the same sample)."""
    if plan.positives == "identical":
        return np.zeros_like(sizes)
    return rng.integers(0 if plan.positives == "any" else 1, sizes)


def _strangers(
    identity: NDArray[np.int64], plan: PairPlan, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`count` pairs meant to be of different identities: drawn until they are, or without looking."""
    left = rng.integers(0, identity.size, size=count)
    right = rng.integers(0, identity.size, size=count)
    if plan.negatives == "anyone":
        return left, right
    while (alike := identity[left] == identity[right]).any():
        right[alike] = rng.integers(0, identity.size, size=int(alike.sum()))
    return left, right
