"""Samples that lie in one array, the first axis counting them."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Literal

import numpy as np

from siamdoctor.data.array_store import Stored
from siamdoctor.data.images import CHANNELS, EIGHT_BIT, thumbnail_of_pixels
from siamdoctor.data.samples import FloatArray, GivenPairs, IndexArray, Samples, Unreadable
from siamdoctor.errors import UnreadableData

Kind = Literal["images", "arrays", "tokens"]
LOOKED_AT = 256  # samples, to learn scale and kind
SMALLEST_FLAT_SIDE = 28  # flattened float images; below it, feature vectors are likelier
SMALLEST_SIDE = 8
MATRIX, STACK, COLOUR_STACK = 2, 3, 4  # ranks of (n, d), (n, H, W) and (n, H, W, C)


class ArrayRows:
    """Rows of an array, read on demand; those that hold NaN are remembered once they were read."""

    def __init__(self, values: Stored, path: Path, kind: Kind, shape: tuple[int, ...]) -> None:
        """Keep the array (often mapped) and the shape in which a sample is shown.

        Args:
            values: (n, ...) the stored array.
            path: the file, for messages.
            kind: what the samples are.
            shape: one sample as an image (H, W, C), or as stored.
        """
        self._values, self._path, self._kind, self._shape = values, path, kind, shape
        self._failed: dict[int, Unreadable] = {}

    def load(self, indices: IndexArray, shape: tuple[int, ...]) -> FloatArray:
        """Read (k,) samples into (k, *shape). See `Samples.load`."""
        with np.errstate(over="ignore"):  # what single precision does not hold is infinite, and told below
            rows = np.asarray(self._values[indices], dtype=np.float32)
        rows = self._arranged(rows.reshape(len(indices), *self._shape), shape)
        finite = np.isfinite(rows).all(axis=tuple(range(1, rows.ndim)))
        for index in np.asarray(indices)[~finite].tolist():
            self._failed[index] = Unreadable(name=f"sample {index}", reason="it holds NaN or infinite values")
        rows.setflags(write=False)
        return rows

    def _arranged(self, rows: FloatArray, shape: tuple[int, ...]) -> FloatArray:
        """Give rows the model's shape where they hold the same values in another arrangement."""
        stored = rows.shape[1:]
        if stored == shape:
            return rows
        if self._kind == "images":
            if len(shape) == STACK and (stored[2], *stored[:2]) == shape:
                return rows.transpose(0, 3, 1, 2)
            if stored[2] == 1 and shape == (*stored[:2], 3):
                return np.repeat(rows, 3, axis=-1)
            if math.prod(stored) == math.prod(shape) and (len(shape) == 1 or shape == stored[:2]):
                return rows.reshape(len(rows), *shape)
        elif _without_ones(stored) == _without_ones(shape) or shape == (math.prod(stored),):
            return rows.reshape(len(rows), *shape)
        raise UnreadableData(
            f"The samples do not have the shape of the model's input. Received: model input={shape}, "
            f"samples={tuple(self._values.shape[1:])}, data={self._path}. Check that the data belong to this model."
        )

    def digest(self, indices: IndexArray) -> tuple[str, ...]:
        """Hash of each sample's stored bytes."""
        return tuple(
            hashlib.blake2b(np.ascontiguousarray(self._values[index]).tobytes(), digest_size=16).hexdigest()
            for index in indices.tolist()
        )

    def thumbnail(self, index: int) -> bytes:
        """A small PNG of an image; empty for other data."""
        if self._kind != "images":
            return b""
        pixels = np.asarray(self._values[index], dtype=np.float32).reshape(self._shape)
        return thumbnail_of_pixels(pixels if pixels.shape[-1] != MATRIX else pixels[..., :1])

    def unreadable(self) -> tuple[Unreadable, ...]:
        """Samples that turned out to hold NaN, in order."""
        return tuple(self._failed[index] for index in sorted(self._failed))


def array_samples(
    values: Stored,
    path: Path,
    *,
    identity: IndexArray,
    identity_names: tuple[str, ...],
    layout: str,
    named_images: bool = False,
    pairs: GivenPairs | None = None,
    assumed: tuple[str, ...] = (),
    identity_known: bool = True,
) -> Samples:
    """Rows of an array as samples.

    Raises:
        UnreadableData: no numbers, nothing but NaN, or the same value everywhere.
    """
    look = _looked_at(values, path)
    if values.ndim == COLOUR_STACK and _channels_first(values.shape[1:]):
        values, look = np.moveaxis(values, 1, -1), np.moveaxis(look, 1, -1)
    kind, shape = recognised(values, look, named_images=named_images)
    rows = ArrayRows(values, path, kind, shape)
    identity.setflags(write=False)
    return Samples(
        path=path,
        format=layout,
        kind=kind,
        names=tuple(f"sample {i}" for i in range(len(values))),
        identity=identity,
        identity_names=identity_names,
        stored_scale=float(np.abs(look[np.isfinite(look)]).max()),
        load=rows.load,
        digest=rows.digest,
        thumbnail=rows.thumbnail,
        unreadable=rows.unreadable,
        pairs=pairs,
        assumed=assumed,
        sample_shape=shape,
        identity_known=identity_known,
    )


def _looked_at(values: Stored, path: Path) -> FloatArray:
    """A few samples spread over the array, judged."""
    if values.dtype.kind not in "biuf":
        raise UnreadableData(f"The samples are not numbers. Received: data={path}, dtype={values.dtype}")
    if values.ndim < MATRIX or 0 in values.shape:
        raise UnreadableData(
            f"The samples must lie along the first axis of an array. Received: data={path}, shape={values.shape}"
        )
    rows = np.unique(np.linspace(0, len(values) - 1, LOOKED_AT).astype(np.int64))
    with np.errstate(over="ignore"):
        look = np.asarray(values[rows], dtype=np.float32)
    finite = look[np.isfinite(look)]
    if finite.size == 0:
        raise UnreadableData(f"The samples are all NaN or infinite. Received: data={path}, shape={values.shape}")
    if finite.min() == finite.max():
        raise UnreadableData(
            f"All samples hold the same value everywhere. Received: data={path}, value={float(finite.min())}, "
            f"samples looked at={rows.size}. Check how the array was written."
        )
    return look


def recognised(values: Stored, look: FloatArray, *, named_images: bool) -> tuple[Kind, tuple[int, ...]]:
    """What the samples are, and the shape in which one is shown (images as H, W, C).

    Args:
        values: (n, ...) stored array.
        look: a few of its rows as float32.
        named_images: whether the file calls them images.
    """
    shape = tuple(values.shape[1:])
    if values.ndim == COLOUR_STACK and shape[2] in CHANNELS and min(shape[:2]) >= SMALLEST_SIDE:
        return "images", shape
    pixels = values.dtype == np.uint8 or named_images
    if values.ndim == STACK and min(shape) >= SMALLEST_SIDE and (pixels or _looks_like_pixels(look, shape)):
        return "images", (*shape, 1)
    if values.ndim == MATRIX and (pixels or _looks_like_pixels(look, shape)):
        smallest = SMALLEST_SIDE if pixels else SMALLEST_FLAT_SIDE
        for channels in (1, 3):
            side = math.isqrt(shape[0] // channels)
            if side >= smallest and side * side * channels == shape[0]:
                return "images", (side, side, channels)
    whole = values.dtype.kind in "iu" and values.dtype != np.uint8
    if values.ndim == MATRIX and whole and look.min() >= 0:
        return "tokens", shape
    return "arrays", shape


def _channels_first(shape: tuple[int, ...]) -> bool:
    """Whether one sample is (C, H, W) of an image."""
    return shape[0] in (1, 3) and shape[-1] not in CHANNELS and min(shape[1:]) >= SMALLEST_SIDE


def _looks_like_pixels(look: FloatArray, shape: tuple[int, ...]) -> bool:
    """Whether values are all in 0..1, or whole numbers in 0..255, and the shape is square if it has sides."""
    if len(shape) > 1 and shape[0] != shape[1]:
        return False
    finite = look[np.isfinite(look)]
    if finite.min() < 0 or finite.max() > EIGHT_BIT:
        return False
    return bool(finite.max() <= 1 or np.all(finite == np.round(finite)))


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(side for side in shape if side != 1)
