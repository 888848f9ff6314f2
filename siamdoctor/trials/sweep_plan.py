"""What a margin sweep is asked for, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from siamdoctor.results import Interval, MarginPoint, Recovery
from siamdoctor.trials.sweep_losses import LossKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """margins: None for a grid of its own. deadline: by `time.monotonic()`; budget: the seconds it stands for.

    journal: file of finished trainings, or None. jobs: processes at full depth.
    """

    margins: tuple[float, ...] | None
    kind: LossKind
    seed: int = 0
    deadline: float = float("inf")
    budget: float | None = None
    journal: Path | None = None
    jobs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """A finished sweep, or one ended early: `partial`, and `interrupted` where by Ctrl-C.

    trainings: how much was trained, in full trainings of one network.
    """

    depth: Literal["analytic", "head", "full"]
    margins: tuple[MarginPoint, ...]
    recommended: float | None
    plateau: Interval | None
    gain: Recovery | None
    partial: bool
    unseen: bool
    trainings: float = 0.0
    interrupted: bool = False
