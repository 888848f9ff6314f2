"""Variation of images as pictures from real use show it: turned, shifted, scaled, brighter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def vary(images: NDArray[np.uint8], ranges: Mapping[str, float], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn, shift and zoom each image anew within `ranges` (keywords of Keras' ImageDataGenerator).

    Args:
        images: (n, H, W, C) pixels.
        ranges: rotation_range in degrees, width_shift_range and height_shift_range and zoom_range as
            fractions, brightness_range as a fraction around 1.
        rng: source of the draws.

    Returns:
        (n, H, W, C) pixels; edges are continued.
    """
    if not ranges:
        return images
    return np.stack([_vary_one(image, ranges, rng) for image in images])


def _vary_one(image: NDArray[np.uint8], ranges: Mapping[str, float], rng: np.random.Generator) -> NDArray[np.uint8]:
    """One image through one affine map about its centre, then through one brightness."""
    angle = np.deg2rad(rng.uniform(-1, 1) * ranges.get("rotation_range", 0.0))
    zoom = 1 + rng.uniform(-1, 1) * ranges.get("zoom_range", 0.0)
    brightness = 1 + rng.uniform(-1, 1) * ranges.get("brightness_range", 0.0)
    size = np.array(image.shape[:2])
    limits = np.array([ranges.get("height_shift_range", 0.0), ranges.get("width_shift_range", 0.0)])
    shift = rng.uniform(-1, 1, size=2) * limits * size
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = (size - 1) / 2
    offset = centre - turn @ (centre + shift)
    planes = [
        ndimage.affine_transform(image[..., c].astype(np.float32), turn, offset, order=1, mode="nearest")
        for c in range(image.shape[-1])
    ]
    return np.clip(np.stack(planes, axis=-1) * brightness, 0, 255).astype(np.uint8)
