"""A training's verdicts as one short line of the journal, and back."""

from __future__ import annotations

import base64

import numpy as np

from siamdoctor.results import Json
from siamdoctor.trials.sweep_judging import Verdicts


def as_json(verdict: Verdicts) -> dict[str, Json]:
    """A verdict as one short line of the journal."""
    packed = base64.b64encode(np.packbits(verdict.correct).tobytes()).decode()
    numbers: dict[str, Json] = {
        name: value if np.isfinite(value) else None
        for name, value in (
            ("auc", verdict.auc),
            ("active", verdict.active),
            ("spread", verdict.spread),
            ("effective_rank", verdict.effective_rank),
        )
    }
    return {"pairs": int(verdict.correct.size), "correct": packed, **numbers}


def from_json(entry: dict[str, Json]) -> Verdicts:
    """A verdict out of the journal."""
    bits = np.frombuffer(base64.b64decode(str(entry["correct"])), dtype=np.uint8)

    def number(name: str) -> float:
        value = entry[name]
        return float(value) if isinstance(value, int | float) else float("nan")

    return Verdicts(
        correct=np.unpackbits(bits)[: int(number("pairs"))].astype(bool),
        auc=number("auc"),
        active=number("active"),
        spread=number("spread"),
        effective_rank=number("effective_rank"),
    )
