"""What a pipeline does to pixel values before the model: the usual candidates and the one that is in use."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray

CAFFE_MEAN = (
    103.939,
    116.779,
    123.68,
)  # ImageNet's BGR means, subtracted by keras.applications in caffe mode
RGB = 3
ELSEWHERE = 3.0  # standard deviations between the means of training and use, beyond which the scale is another
STRETCHED = 4.0  # ratio of the spreads, either way, beyond which it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """value * factor + offset, after an optional flip of the channel order and minus channel means.

    `name` completes "pixels are ...". matched: factors and offsets for each place of the last axis, which come first.
    """

    name: str
    factor: float = 1.0
    offset: float = 0.0
    bgr: bool = False
    means: tuple[float, ...] = ()
    matched: tuple[FloatArray, FloatArray] | None = None

    def apply(self, pixels: FloatArray) -> FloatArray:
        """Scale samples (n, ...) as stored; returns a new float32 array."""
        values = pixels if self.matched is None else pixels * self.matched[0] + self.matched[1]
        values = values[..., ::-1] if self.bgr else values
        if self.means:
            values = values - np.asarray(self.means, dtype=np.float32)
        return np.asarray(values * np.float32(self.factor) + np.float32(self.offset), dtype=np.float32)


AS_STORED = Scaling(name="as stored")
TO_UNIT = Scaling(name="divided by 255", factor=1 / 255)


def as_in_training(there: FloatArray, here: FloatArray, then: Scaling) -> Scaling | None:
    """What brings data to the mean and spread of the training data, or None where they are of one scale already.

    Args:
        there: (n, ..., c) training samples as stored.
        here: (m, ..., c) the data in use as stored.
        then: the scaling that follows.
    """
    (wanted, width), (found, wide) = _mean_and_spread(there), _mean_and_spread(here)
    varying = (width > 0) & (wide > 0) & np.isfinite(width + wide + wanted + found)
    if not varying.any():
        return None
    moved = np.abs(found - wanted)[varying] / width[varying]
    stretched = np.abs(np.log(wide[varying] / width[varying]))
    if np.median(moved) < ELSEWHERE and np.median(stretched) < np.log(STRETCHED):
        return None
    factor = np.where(varying, width / np.where(varying, wide, 1), 1.0)
    offset = np.where(varying, wanted - found * factor, 0.0)
    pair = (factor.astype(np.float32), offset.astype(np.float32))
    return replace(then, name="brought to the mean and spread of the training data", matched=pair)


def _mean_and_spread(samples: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(c,) mean and standard deviation over everything but the last axis."""
    flat = np.asarray(samples, np.float64).reshape(-1, samples.shape[-1])
    return flat.mean(0), flat.std(0)


def declared(factor: float) -> Scaling:
    """The scaling that `data.rescale` declares."""
    return Scaling(name=f"multiplied by {factor:.6g} (declared)", factor=factor)


def candidates(stored_scale: float, shape: tuple[int, ...], *, images: bool) -> tuple[Scaling, ...]:
    """Scalings that public pipelines use for data of this kind, the commonest first.

    Args:
        stored_scale: largest absolute value as stored.
        shape: one sample, for the channel order.
        images: whether these are images at all.
    """
    if not images:
        steps = (Scaling(name=f"multiplied by {factor:g}", factor=factor) for factor in (100.0, 10.0, 0.1, 0.01))
        return (AS_STORED, *steps)
    if stored_scale <= 1.5:  # noqa: PLR2004  (already scaled to 0..1 or -1..1)
        return (
            AS_STORED,
            Scaling(name="stretched to -1..1", factor=2.0, offset=-1.0),
            Scaling(name="multiplied by 255", factor=255.0),
            Scaling(name="inverted (1 - x)", factor=-1.0, offset=1.0),
            Scaling(name="inverted to -1..1 (1 - 2x)", factor=-2.0, offset=1.0),
            Scaling(name="divided by 255", factor=1 / 255),
        )
    common = (
        TO_UNIT,
        AS_STORED,
        Scaling(name="stretched to -1..1", factor=2 / 255, offset=-1.0),
        Scaling(name="inverted (1 - x/255)", factor=-1 / 255, offset=1.0),
        Scaling(name="inverted to -1..1 (1 - x/127.5)", factor=-2 / 255, offset=1.0),
        Scaling(name="divided by 255 twice", factor=1 / 255**2),
    )
    if len(shape) != RGB or shape[-1] != RGB:
        return common
    return (
        *common,
        Scaling(name="divided by 255 in BGR order", factor=1 / 255, bgr=True),
        Scaling(name="in BGR order with ImageNet means subtracted (caffe mode)", bgr=True, means=CAFFE_MEAN),
    )
