"""Keras' random preprocessing layers on plain arrays: the same distributions and the same maps (3.15).

Each builder takes a layer's config and returns its random change of (n, H, W, C) images.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from siamdoctor.data.affine import Fill, Matrix, warped
from siamdoctor.data.colour_layers import brightness, contrast, grayscale, inversion, noise
from siamdoctor.data.layer_factors import Config, each_image, span
from siamdoctor.data.pipeline import Apply
from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import BadSettings

FILLS: dict[str, Fill] = {
    "reflect": "reflect",
    "constant": "grid-constant",
    "wrap": "grid-wrap",
    "nearest": "nearest",
}
FULL_TURN = 2 * np.pi
HALF = 0.5
# A map from an image's (height, width) and one draw to a (2, 2) matrix and an offset, in (row, column).
Draw = Callable[[int, int, np.random.Generator], tuple[Matrix, Matrix]]


def _warping(config: Config, draw: Draw) -> Apply:
    """A change that moves each image by a map drawn for it."""
    name = str(config.get("fill_mode", "reflect"))
    if name not in FILLS:
        raise BadSettings(
            f"training.augmentation: fill_mode must be one of {', '.join(FILLS)}. Received: fill_mode={name!r}"
        )
    value = config.get("fill_value", 0.0)
    order = 0 if config.get("interpolation") == "nearest" else 1

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        height, width = images.shape[1:3]
        result = np.empty_like(images)
        for row, image in enumerate(images):
            matrix, offset = draw(height, width, rng)
            result[row] = warped(
                image,
                matrix,
                offset,
                fill=FILLS[name],
                value=float(value) if isinstance(value, int | float) else 0.0,
                order=order,
            )
        return result

    return apply


def rotation(config: Config) -> Apply:
    """RandomRotation: factor is a share of a full turn."""
    low, high = span(config, "factor")

    def draw(height: int, width: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        angle = rng.uniform(low, high) * FULL_TURN
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = np.array([height - 1, width - 1]) / 2
        return matrix, centre - matrix @ centre

    return _warping(config, draw)


def translation(config: Config) -> Apply:
    """RandomTranslation: shares of height and width; positive moves down and right."""
    down, right = span(config, "height_factor"), span(config, "width_factor")

    def draw(height: int, width: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        return np.eye(2), -np.array([rng.uniform(*down) * height, rng.uniform(*right) * width])

    return _warping(config, draw)


def zoom(config: Config) -> Apply:
    """RandomZoom: positive zooms out; without width_factor both axes alike."""
    tall = span(config, "height_factor")
    wide = span(config, "width_factor") if config.get("width_factor") is not None else None

    def draw(height: int, width: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        rows = 1 + rng.uniform(*tall)
        columns = rows if wide is None else 1 + rng.uniform(*wide)
        centre = np.array([height - 1, width - 1]) / 2
        return np.diag([rows, columns]), centre * (1 - np.array([rows, columns]))

    return _warping(config, draw)


def shear(config: Config) -> Apply:
    """RandomShear: slopes about the upper left corner, the sign of both drawn together."""
    across, down = span(config, "x_factor", 0.0), span(config, "y_factor", 0.0)

    def draw(_: int, __: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        sign = -1.0 if rng.random() > HALF else 1.0
        x, y = sign * rng.uniform(*across), sign * rng.uniform(*down)
        return np.array([[1.0, y], [x, 1.0]]), np.zeros(2)

    return _warping(config, draw)


def flip(config: Config) -> Apply:
    """RandomFlip; in the mode "horizontal_and_vertical" (the default) one draw decides both."""
    mode = config.get("mode", "horizontal_and_vertical")
    if mode not in {"horizontal", "vertical", "horizontal_and_vertical"}:
        raise BadSettings(
            "training.augmentation: mode must be horizontal, vertical or horizontal_and_vertical. "
            f"Received: mode={mode!r}"
        )

    def apply(images: FloatArray, rng: np.random.Generator) -> FloatArray:
        mirrored = images[:, :, ::-1] if mode != "vertical" else images
        mirrored = mirrored[:, ::-1] if mode != "horizontal" else mirrored
        return np.where(each_image(images, rng) <= HALF, mirrored, images)

    return apply


BUILDERS: dict[str, Callable[[Config], Apply]] = {
    "RandomRotation": rotation,
    "RandomTranslation": translation,
    "RandomZoom": zoom,
    "RandomShear": shear,
    "RandomFlip": flip,
    "RandomContrast": contrast,
    "RandomBrightness": brightness,
    "RandomGrayscale": grayscale,
    "RandomInvert": inversion,
    "GaussianNoise": noise,
}
# Layers that Keras has, that may stand in a declared list, and that are not simulated.
UNSIMULATED = frozenset(
    [
        "AugMix",
        "AutoContrast",
        "CenterCrop",
        "CutMix",
        "Equalization",
        "MixUp",
        "Normalization",
        "RandAugment",
        "RandomApply",
        "RandomColorDegeneration",
        "RandomColorJitter",
        "RandomCrop",
        "RandomElasticTransform",
        "RandomErasing",
        "RandomGaussianBlur",
        "RandomHeight",
        "RandomHue",
        "RandomPerspective",
        "RandomPosterization",
        "RandomSaturation",
        "RandomSharpness",
        "RandomWidth",
        "Resizing",
        "Solarization",
        "InputLayer",
        "Dropout",
        "SpatialDropout2D",
    ]
)
