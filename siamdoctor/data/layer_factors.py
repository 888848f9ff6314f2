"""Factors and value ranges in the configs of Keras' preprocessing layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import BadSettings
from siamdoctor.results import Json

if TYPE_CHECKING:
    from siamdoctor.data.samples import FloatArray

Config = Mapping[str, Json]
Range = tuple[float, float]


def span(config: Config, key: str, default: float | None = None, floor: float = -np.inf) -> Range:
    """A factor as Keras reads it: a pair as it is, a number f as (-f, f) with the lower end at `floor`."""
    value = config.get(key, default)
    if isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(v) for v in value):  # noqa: PLR2004  (a pair)
        low, high = sorted(float(v) for v in value)  # type: ignore[arg-type]
        return low, high
    if _is_number(value):
        size = abs(float(value))  # type: ignore[arg-type]
        return max(-size, floor), size
    raise BadSettings(f"training.augmentation: {key} must be a number or a pair of numbers. Received: {key}={value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def each_image(images: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(n, 1, 1, 1) uniform draws from 0..1."""
    return rng.random((len(images), 1, 1, 1), dtype=np.float32)


def value_range(config: Config) -> Range:
    """The ends that a layer cuts values off at, 0 and 255 by default whatever the images' scale."""
    value = config.get("value_range")
    return span(config, "value_range") if value is not None else (0.0, 255.0)
