"""Which height, width and channels an image needs to fill a model's input."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from siamdoctor.data.images import CHANNELS, ImageShape
from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import UnreadableData

FLAT, GREY, COLOUR = 1, 2, 3  # ranks of an input that images can fill


class Target(NamedTuple):
    """What an image is resized to, and how its values are then arranged."""

    image: ImageShape
    layout: Literal["channels last", "channels first", "as given"]
    shape: tuple[int, ...]

    def arranged(self, pixels: FloatArray) -> FloatArray:
        """Put (H, W, C) pixels into the order of the model's input."""
        ordered = pixels.transpose(2, 0, 1) if self.layout == "channels first" else pixels
        return ordered.reshape(self.shape)


def target_for(shape: tuple[int, ...], first: ImageShape | None) -> Target:
    """Find what images must become to fill an input of this shape.

    Args:
        shape: the model's input without the batch axis: (H, W, C), (C, H, W), (H, W) or flat.
        first: an image of the data set, which settles what a flat input is made of.

    Raises:
        UnreadableData: no image fills such an input.
    """
    if len(shape) == COLOUR and shape[-1] in CHANNELS:
        return Target(ImageShape(*shape), "channels last", shape)
    if len(shape) == COLOUR and shape[0] in CHANNELS:
        return Target(ImageShape(shape[1], shape[2], shape[0]), "channels first", shape)
    if len(shape) == GREY:
        return Target(ImageShape(shape[0], shape[1], 1), "as given", shape)
    if len(shape) == FLAT:
        image = _unflattened(shape[0], first)
        if image is not None:
            return Target(image, "as given", shape)
    found = tuple(first) if first is not None else "none readable"
    raise UnreadableData(
        "Images cannot fill the model's input. "
        f"Received: model input={shape}, first image={found}. Check that the data belong to this model."
    )


def _unflattened(length: int, first: ImageShape | None) -> ImageShape | None:
    """The image that a flat input of this length is made of: as stored, else a square."""
    if first is not None:
        for channels in (first.channels, 1, 3, 4):
            if first.height * first.width * channels == length:
                return ImageShape(first.height, first.width, channels)
    for channels in (1, 3, 4):
        side = math.isqrt(length // channels)
        if side > 1 and side * side * channels == length:
            return ImageShape(side, side, channels)
    return None
