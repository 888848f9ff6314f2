"""How often a cause that stood like this in a report was a true one: the shares that the benchmark counted.

`calibration.json` is written by `benchmarks/calibrate.py` from patients and healthy controls of the data sets it
names. A share speaks of that ward, where about half the models are ill; only `ranking` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from siamdoctor.results import Level

ENOUGH = 20  # places counted, below which a share says too little to be shown
MET = 3  # patients with a cause, below which nothing is said of that cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the benchmark counted.

    shares: for each standing ("proven first") how many of so many were true causes. patients: how many the ward
    had of each cause. seen: the data sets counted.
    """

    shares: Mapping[str, tuple[int, int]]
    patients: Mapping[str, int]
    seen: tuple[str, ...] = ()

    def probability(self, cause: str, level: Level, *, first: bool) -> float | None:
        """0..1, or None for a cause or a standing that the ward met too seldom (Jeffreys' estimate of a share)."""
        right, of = self.shares.get(standing(level, first=first), (0, 0))
        if of < ENOUGH or self.patients.get(cause, 0) < MET:
            return None
        return round((right + 0.5) / (of + 1), 2)


def standing(level: Level | str, *, first: bool) -> str:
    """How a cause stands in a report: its level, and whether no other stands above it."""
    return f"{level} {'first' if first else 'later'}"


@cache
def calibration() -> Calibration:
    """The counts that came with the package."""
    stored = json.loads(files("siamdoctor").joinpath("calibration.json").read_text(encoding="utf-8"))
    shares = {name: (int(right), int(of)) for name, (right, of) in stored["shares"].items()}
    return Calibration(
        shares=MappingProxyType(shares),
        patients=MappingProxyType(dict(stored["patients"])),
        seen=tuple(stored["seen"]),
    )
