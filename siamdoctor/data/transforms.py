"""The image transforms that an embedding is tried with: those of the seed article, brightness and contrast.

Each is applied at a fixed strength whose sign is drawn for every image, so that a drift can be read as
"turned by 20 degrees". Places that come in from outside repeat the nearest pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siamdoctor.data.affine import Matrix, about_centre
from siamdoctor.data.samples import FloatArray

ALWAYS = (1.0,)  # the one strength of a transform that has none
UNIT, EIGHT_BIT, SIXTEEN_BIT = 1.0, 255.0, 65535.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A transform and the strengths to try, mildest first.

    unit: what a strength is measured in. apply(images, strength, rng) takes (n, H, W, C) float32 on any
    scale and returns the same shape and scale; the images are not changed.
    """

    name: str
    unit: str
    strengths: tuple[float, ...]
    apply: Callable[[FloatArray, float, np.random.Generator], FloatArray]


def _signs(images: FloatArray, rng: np.random.Generator) -> list[float]:
    """+1 or -1 for each image."""
    return [float(sign) for sign in rng.choice([-1.0, 1.0], size=len(images))]


def _factors(images: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
    """(n, 1, 1, 1) 1 + strength or 1 - strength for each image."""
    return np.array([1 + sign * strength for sign in _signs(images, rng)], np.float32).reshape(-1, 1, 1, 1)


def _moving(
    motion: Callable[[float, FloatArray], tuple[Matrix, Matrix]],
) -> Callable[[FloatArray, float, np.random.Generator], FloatArray]:
    """A transform that moves each image by motion(signed strength, (height, width)): a map and a shift."""

    def apply(images: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
        size = np.array(images.shape[1:3], dtype=np.float32)
        result = np.empty_like(images, dtype=np.float32)
        for row, sign in enumerate(_signs(images, rng)):
            result[row] = about_centre(images[row], *motion(sign * strength, size))
        return result

    return apply


def _rotation(degrees: float, _: FloatArray) -> tuple[Matrix, Matrix]:
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]), np.zeros(2)


def _shear(degrees: float, _: FloatArray) -> tuple[Matrix, Matrix]:
    """Rows slide along themselves: by tan(degrees) of their distance from the centre."""
    return np.array([[1.0, 0.0], [np.tan(np.deg2rad(degrees)), 1.0]]), np.zeros(2)


def _zoom(share: float, _: FloatArray) -> tuple[Matrix, Matrix]:
    return np.eye(2) * (1 + share), np.zeros(2)


def _width_shift(share: float, size: FloatArray) -> tuple[Matrix, Matrix]:
    return np.eye(2), np.array([0.0, share * float(size[1])])


def _height_shift(share: float, size: FloatArray) -> tuple[Matrix, Matrix]:
    return np.eye(2), np.array([share * float(size[0]), 0.0])


def _horizontal_flip(images: FloatArray, _: float, __: np.random.Generator) -> FloatArray:
    return np.ascontiguousarray(images[:, :, ::-1])


def _vertical_flip(images: FloatArray, _: float, __: np.random.Generator) -> FloatArray:
    return np.ascontiguousarray(images[:, ::-1])


def _brightness(images: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
    """Every value times 1 + strength or 1 - strength, kept within the scale."""
    factor = _factors(images, strength, rng)
    return _within_scale(images * factor, images)


def _contrast(images: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
    """Every value's difference from its channel's mean times 1 + strength or 1 - strength."""
    factor = _factors(images, strength, rng)
    mean = images.mean(axis=(1, 2), keepdims=True)
    return _within_scale((images - mean) * factor + mean, images)


def _within_scale(changed: FloatArray, images: FloatArray) -> FloatArray:
    """Cut off what the images' scale (0..1, 0..255 or 0..65535) cannot hold; signed scales have no end."""
    if images.min(initial=0) < 0:
        return changed.astype(np.float32)
    largest = float(images.max(initial=0))
    top = next((t for t in (UNIT, EIGHT_BIT, SIXTEEN_BIT) if largest <= t), largest)
    return np.clip(changed, 0, top).astype(np.float32)


TRANSFORMS: tuple[Transform, ...] = (
    Transform(
        name="rotation",
        unit="degrees",
        strengths=(5, 10, 20, 40),
        apply=_moving(_rotation),
    ),
    Transform(
        name="width_shift",
        unit="of the width",
        strengths=(0.05, 0.1, 0.2, 0.3),
        apply=_moving(_width_shift),
    ),
    Transform(
        name="height_shift",
        unit="of the height",
        strengths=(0.05, 0.1, 0.2, 0.3),
        apply=_moving(_height_shift),
    ),
    Transform(
        name="shear",
        unit="degrees",
        strengths=(5, 10, 20, 40),
        apply=_moving(_shear),
    ),
    Transform(
        name="zoom",
        unit="of the size",
        strengths=(0.1, 0.2, 0.3),
        apply=_moving(_zoom),
    ),
    Transform(name="horizontal_flip", unit="", strengths=ALWAYS, apply=_horizontal_flip),
    Transform(name="vertical_flip", unit="", strengths=ALWAYS, apply=_vertical_flip),
    Transform(name="brightness", unit="of the value", strengths=(0.1, 0.2, 0.4), apply=_brightness),
    Transform(name="contrast", unit="of the spread", strengths=(0.1, 0.2, 0.4), apply=_contrast),
)
