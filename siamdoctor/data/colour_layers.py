"""Keras' preprocessing layers that change colours, on plain arrays: the same distributions (3.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.layer_factors import Config, each_image, span, value_range
from siamdoctor.data.pipeline import Apply

if TYPE_CHECKING:
    from siamdoctor.data.samples import FloatArray

LUMA = np.array([0.2989, 0.5870, 0.1140], dtype=np.float32)  # of tf.image.rgb_to_grayscale
RGB = 3


def contrast(config: Config) -> Apply:
    """RandomContrast: a single factor f draws from 1..1+f in Keras 3, whose lower end is cut off at 0."""
    low, high = span(config, "factor", floor=0.0)
    bottom, top = value_range(config)

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        mean = images.mean(axis=(1, 2), keepdims=True)
        factor = (1 - low) + each_image(images, rng) * (low + high)
        return np.asarray(np.clip((images - mean) * factor + mean, bottom, top))

    return apply


def brightness(config: Config) -> Apply:
    """RandomBrightness: adds a share of the value range and cuts off what leaves it."""
    low, high = span(config, "factor")
    bottom, top = value_range(config)

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        added = (low + each_image(images, rng) * (high - low)) * (top - bottom)
        return np.clip(images + added, bottom, top)

    return apply


def grayscale(config: Config) -> Apply:
    """RandomGrayscale: with probability `factor`; only colour images change."""
    share = span(config, "factor", 0.5)[1]

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        if images.shape[-1] != RGB:
            return images
        return np.where(each_image(images, rng) < share, (images @ LUMA)[..., None], images)

    return apply


def inversion(config: Config) -> Apply:
    """RandomInvert: the probability itself is drawn between the ends of `factor`."""
    low, high = span(config, "factor", 1.0, floor=0.0)
    top = value_range(config)[1]

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        chance = low + each_image(images, rng) * (high - low)
        return np.where(each_image(images, rng) < chance, top - images, images)

    return apply


def noise(config: Config) -> Apply:
    """GaussianNoise: on the scale that the layer sees."""
    spread = span(config, "stddev")[1]

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        return images + rng.normal(scale=spread, size=images.shape).astype(np.float32)

    return apply
