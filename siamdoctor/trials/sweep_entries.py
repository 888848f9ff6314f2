"""A training's verdicts as one short line of the journal, and back."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray
from siamdoctor.results import Json
from siamdoctor.trials.sweep_verdicts import Verdicts


def as_json(verdict: Verdicts) -> dict[str, Json]:
    """A verdict as one short line of the journal."""
    numbers = {
        "threshold": verdict.threshold,
        "auc": verdict.auc,
        "active": verdict.active,
        "spread": verdict.spread,
        "effective_rank": verdict.effective_rank,
    }
    return {
        "distance": _text(verdict.distance),
        **{name: value if np.isfinite(value) else None for name, value in numbers.items()},
        "training_pairs": int(verdict.trains.size),
        "trains": _text(np.packbits(verdict.trains)),
        "spread_draws": _text(verdict.spread_draws),
        "rank_influence": _text(verdict.rank_influence),
    }


def from_json(entry: Mapping[str, Json]) -> Verdicts:
    """A verdict out of the journal."""

    def number(name: str) -> float:
        value = entry[name]
        return float(value) if isinstance(value, int | float) else float("nan")

    return Verdicts(
        distance=_floats(entry, "distance"),
        threshold=number("threshold"),
        auc=number("auc"),
        active=number("active"),
        spread=number("spread"),
        effective_rank=number("effective_rank"),
        trains=_flags(entry, "trains", int(number("training_pairs"))),
        spread_draws=_floats(entry, "spread_draws"),
        rank_influence=_floats(entry, "rank_influence"),
    )


def _text(values: NDArray[np.generic]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _floats(entry: Mapping[str, Json], name: str) -> FloatArray:
    return np.frombuffer(base64.b64decode(str(entry[name])), dtype=np.float32)


def _flags(entry: Mapping[str, Json], name: str, count: int) -> NDArray[np.bool_]:
    bits = np.frombuffer(base64.b64decode(str(entry[name])), dtype=np.uint8)
    return np.unpackbits(bits)[:count].astype(bool)
