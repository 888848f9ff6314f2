"""What a pipeline does to pixel values before the model: the usual candidates and the one that is in use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamdoctor.data.samples import FloatArray

CAFFE_MEAN = (
    103.939,
    116.779,
    123.68,
)  # ImageNet's BGR means, subtracted by keras.applications in caffe mode
RGB = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """value * factor + offset, after an optional flip of the channel order and minus channel means.

    `name` completes "pixels are ...".
    """

    name: str
    factor: float = 1.0
    offset: float = 0.0
    bgr: bool = False
    means: tuple[float, ...] = ()

    def apply(self, pixels: FloatArray) -> FloatArray:
        """Scale samples (n, ...) as stored; returns a new float32 array."""
        values = pixels[..., ::-1] if self.bgr else pixels
        if self.means:
            values = values - np.asarray(self.means, dtype=np.float32)
        return np.asarray(values * np.float32(self.factor) + np.float32(self.offset), dtype=np.float32)


AS_STORED = Scaling(name="as stored")
TO_UNIT = Scaling(name="divided by 255", factor=1 / 255)


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
            Scaling(name="divided by 255", factor=1 / 255),
        )
    common = (
        TO_UNIT,
        AS_STORED,
        Scaling(name="stretched to -1..1", factor=2 / 255, offset=-1.0),
        Scaling(name="inverted (1 - x/255)", factor=-1 / 255, offset=1.0),
        Scaling(name="divided by 255 twice", factor=1 / 255**2),
    )
    if len(shape) != RGB or shape[-1] != RGB:
        return common
    return (
        *common,
        Scaling(name="divided by 255 in BGR order", factor=1 / 255, bgr=True),
        Scaling(name="in BGR order with ImageNet means subtracted (caffe mode)", bgr=True, means=CAFFE_MEAN),
    )
