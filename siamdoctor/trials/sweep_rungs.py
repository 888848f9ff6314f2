"""The rounds of successive halving: how many margins train, and for how long. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

KEEP = 3  # one in three survives a round
SURVIVORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One round: how many margins train, how long, and in which folds."""

    margins: int
    steps: int
    folds: tuple[int, ...]


def rungs(margins: int, steps: int, folds: int, *, kept: bool) -> tuple[Rung, ...]:
    """The rounds of a sweep over so many margins.

    `kept` says that the declared margin is one of them: it stays to the end whatever it does, so it trains in
    the last round alone.
    """
    early: list[Rung] = []
    count = margins - kept
    while count > SURVIVORS:
        early.append(Rung(margins=count, steps=0, folds=(len(early) % folds,)))
        count = max(SURVIVORS, math.ceil(count / KEEP))
    lengths = [max(1, round(steps / KEEP ** (len(early) - number))) for number in range(len(early))]
    started = [Rung(margins=r.margins, steps=n, folds=r.folds) for r, n in zip(early, lengths, strict=True)]
    return (*started, Rung(margins=count + kept, steps=steps, folds=tuple(range(folds))))


def total_steps(plan: Sequence[Rung]) -> int:
    """Steps of training that the rounds take."""
    return sum(r.margins * r.steps * len(r.folds) for r in plan)
