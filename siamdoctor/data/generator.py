"""Keras' ImageDataGenerator: the same parameters, the same distributions, the same maps, without Keras.

Its documented meaning and what it does differ, and it is the latter that trained the user's model:
`height_shift_range` moves images sideways and `width_shift_range` up and down (keras-team/tf-keras#310),
oblong images turn about a point beside their centre, a whole number n as shift means -(n-1)..(n-1)
pixels, and `shear_range` is in degrees, so that 0.2 does nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance

from siamdoctor.data.affine import Fill, Matrix, warped
from siamdoctor.data.samples import FloatArray

EIGHT_BIT = 255.0
EPSILON = 1e-6  # what Keras adds to a standard deviation before dividing by it
ENHANCED_CHANNELS = (1, 3, 4)  # of images that Pillow can make brighter
Shift = float | int | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """One image's random parameters, under Keras' names; angles in degrees, tx and ty in pixels."""

    theta: float = 0.0
    tx: float = 0.0
    ty: float = 0.0
    shear: float = 0.0
    zx: float = 1.0
    zy: float = 1.0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    channel_shift: float | None = None
    brightness: float | None = None

    def matrix(self) -> Matrix:
        """(3, 3) rotation @ shift @ shear @ zoom, in Keras' coordinates (x, y)."""
        turn, slant = np.deg2rad(self.theta), np.deg2rad(self.shear)
        rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        shift = np.array([[1, 0, self.tx], [0, 1, self.ty], [0, 0, 1]])
        shear = np.array([[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]])
        return np.asarray(rotation @ shift @ shear @ np.diag([self.zx, self.zy, 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """The keywords of ImageDataGenerator that change images, with Keras' defaults."""

    rotation_range: float = 0.0
    width_shift_range: Shift = 0.0
    height_shift_range: Shift = 0.0
    shear_range: float = 0.0
    zoom_range: tuple[float, float] = (1.0, 1.0)
    channel_shift_range: float = 0.0
    horizontal_flip: bool = False
    vertical_flip: bool = False
    brightness_range: tuple[float, float] | None = None
    fill_mode: Fill = "nearest"
    cval: float = 0.0
    interpolation_order: int = 1
    rescale: float | None = None
    samplewise_center: bool = False
    samplewise_std_normalization: bool = False

    def apply(self, images: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Change each image (n, H, W, C) by parameters of its own."""
        height, width = images.shape[1:3]
        changed = [self.transformed(image, self.drawn(height, width, rng)) for image in images]
        return np.stack(changed).astype(np.float32) if changed else images

    def drawn(self, height: int, width: int, rng: np.random.Generator) -> Motion:
        """Draw one image's parameters."""
        zoom = (
            rng.uniform(min(self.zoom_range), max(self.zoom_range), size=2)
            if self.zoom_range != (1.0, 1.0)
            else (1.0, 1.0)
        )
        channel, brightness = self.channel_shift_range, self.brightness_range
        return Motion(
            theta=_either_way(self.rotation_range, rng),
            tx=_shift(self.height_shift_range, height, rng),
            ty=_shift(self.width_shift_range, width, rng),
            shear=_either_way(self.shear_range, rng),
            zx=float(zoom[0]),
            zy=float(zoom[1]),
            flip_horizontal=self.horizontal_flip and bool(rng.integers(2)),
            flip_vertical=self.vertical_flip and bool(rng.integers(2)),
            channel_shift=_either_way(channel, rng) if channel else None,
            brightness=float(rng.uniform(min(brightness), max(brightness))) if brightness else None,
        )

    def transformed(self, image: FloatArray, motion: Motion) -> FloatArray:
        """Change one image (H, W, C) by given parameters, in Keras' order."""
        image = self._moved(image, motion)
        if motion.channel_shift is not None:
            image = np.clip(image + motion.channel_shift, image.min(), image.max())
        if motion.flip_horizontal:
            image = image[:, ::-1]
        if motion.flip_vertical:
            image = image[::-1]
        if motion.brightness is not None and image.shape[-1] in ENHANCED_CHANNELS:
            image = _brightened(image, motion.brightness)
        return image

    def _moved(self, image: FloatArray, motion: Motion) -> FloatArray:
        """The affine part. Keras centres it by (height, width) as (x, y), and only then swaps the axes."""
        matrix = motion.matrix()
        if np.array_equal(matrix, np.eye(3)):
            return image
        centre = np.eye(3)
        centre[:2, 2] = np.array(image.shape[:2]) / 2 - 0.5
        back = np.eye(3)
        back[:2, 2] = -centre[:2, 2]
        swapped = (centre @ matrix @ back)[[1, 0, 2]][:, [1, 0, 2]]
        return warped(
            image,
            swapped[:2, :2],
            swapped[:2, 2],
            fill=self.fill_mode,
            value=self.cval,
            order=self.interpolation_order,
        )

    def standardise(self, images: FloatArray) -> FloatArray:
        """What Keras does to each image after the random changes: rescale, then centre and scale it."""
        axes = tuple(range(1, images.ndim))
        if self.rescale:
            images = images * np.float32(self.rescale)
        if self.samplewise_center or self.samplewise_std_normalization:
            images = images - images.mean(axis=axes, keepdims=True)
        if self.samplewise_std_normalization:
            images = images / (images.std(axis=axes, keepdims=True) + np.float32(EPSILON))
        return images

    def alone(self) -> Iterator[tuple[str, Generator]]:
        """Each random change under its keyword, the others off."""
        plain = Generator()
        common = {n: getattr(self, n) for n in ("fill_mode", "cval", "interpolation_order")}
        for name in RANDOM_KEYWORDS:
            value = getattr(self, name)
            if value != getattr(plain, name):
                yield name, dataclasses.replace(plain, **{name: value}, **common)


RANDOM_KEYWORDS = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "horizontal_flip",
    "vertical_flip",
    "brightness_range",
)


def _either_way(limit: float, rng: np.random.Generator) -> float:
    return float(rng.uniform(-abs(limit), abs(limit)))


def _shift(given: Shift, size: int, rng: np.random.Generator) -> float:
    """A shift in pixels: from a list, whole pixels below a whole number, or uniform up to a float."""
    if not isinstance(given, tuple) and not given:
        return 0.0
    if isinstance(given, float):
        pixels = float(rng.uniform(-given, given))
    else:
        steps = given if isinstance(given, tuple) else tuple(range(given))
        pixels = float(rng.choice(steps)) * float(rng.choice([-1, 1]))
    return pixels * size if np.max(given) < 1 else pixels


def _brightened(image: FloatArray, factor: float) -> FloatArray:
    """Brightness by Pillow on 8-bit values, as Keras does it.

    Values in 0..255 are cut down to whole numbers; an image in 0..1 therefore becomes nearly black, for
    the user as here. Only values outside 0..255 are stretched to it and back.
    """
    low, high = float(image.min()), float(image.max())
    stretched = low < 0 or high > EIGHT_BIT
    values = (image - low) / (high - low or 1.0) * EIGHT_BIT if stretched else image
    whole = values.astype(np.uint8)
    picture = Image.fromarray(whole[..., 0] if whole.shape[-1] == 1 else whole)
    brighter = np.asarray(ImageEnhance.Brightness(picture).enhance(factor), dtype=np.float32)
    brighter = brighter.reshape(image.shape)
    return brighter / EIGHT_BIT * (high - low) + low if stretched else brighter
