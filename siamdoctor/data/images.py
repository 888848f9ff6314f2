"""Decoding one image file safely, and giving it the size and channels that a model asks for.

Pixel values keep their stored scale: 0..255 for 8-bit files, up to 65535 for 16-bit grey ones.
"""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import UnreadableData

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".pgm", ".ppm", ".pbm", ".pnm", ".gif"}
    | {".webp", ".tif", ".tiff"}
)
# Named, so that a file can never reach a decoder which starts another program (as that for PostScript does).
FORMATS = ("PNG", "JPEG", "BMP", "DIB", "PPM", "GIF", "WEBP", "TIFF")
PIXEL_LIMIT = 50_000_000
BYTE_LIMIT = 500_000_000
THUMBNAIL_SIDE = 64
CHANNELS = (1, 2, 3, 4)
DEEP_GREY = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
GREY = DEEP_GREY | {"1", "L"}
RGB = "RGB"
EIGHT_BIT, SIXTEEN_BIT = 255.0, 65535.0
_T = TypeVar("_T")
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODE_CHANNELS = {"1": 1, "L": 1, "LA": 1, "RGBA": 4, **dict.fromkeys(DEEP_GREY, 1)}
# Whatever Pillow's decoders were seen to raise on damaged files.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    TypeError,
    OverflowError,
    MemoryError,  # a chunk may declare four gigabytes, which Pillow asks for before it looks
    struct.error,
    zlib.error,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class ImageShape(NamedTuple):
    """Height, width and channels of an image, channels last."""

    height: int
    width: int
    channels: int


def read_image(path: Path, channels: int) -> FloatArray:
    """Decode a file into (H, W, channels) float32 on its stored scale.

    An alpha channel is dropped where it is not asked for, as Keras' and TensorFlow's own loaders do; of a
    moving picture the first frame is taken.

    Raises:
        UnreadableData: missing, truncated, not an image, or larger than 50 megapixels.
    """
    return _opened(path, lambda image: _pixels(image, channels))


def read_resized(path: Path, shape: ImageShape) -> FloatArray:
    """Decode a file and resize it to (height, width, channels); see `read_image` and `resized`.

    Raises:
        UnreadableData: as `read_image`.
    """
    return _opened(path, lambda image: _resized_pixels(image, shape))


def largest_value(path: Path) -> float:
    """The largest absolute pixel value of a file on its stored scale.

    Raises:
        UnreadableData: as `read_image`.
    """
    return _opened(path, lambda image: _largest(_stored_pixels(image, 3)))


def _largest(pixels: NDArray[np.generic]) -> float:
    return max(abs(float(pixels.min())), abs(float(pixels.max())))


def stored_shape(path: Path) -> ImageShape:
    """Size of an image file and its channels (grey 1, with transparency 4, else 3), from its header.

    Raises:
        UnreadableData: as `read_image`.
    """
    return _opened(path, lambda image: ImageShape(image.height, image.width, _MODE_CHANNELS.get(image.mode, 3)))


def thumbnail(path: Path) -> bytes:
    """A PNG file of at most 64 x 64 pixels; empty where the image cannot be decoded."""
    try:
        return _opened(path, _small_png)
    except UnreadableData:
        return b""


def thumbnail_of_pixels(pixels: FloatArray) -> bytes:
    """A PNG file of at most 64 x 64 pixels from (H, W, C) values on any scale."""
    finite = np.nan_to_num(np.asarray(pixels, dtype=np.float32))
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= EIGHT_BIT:
        low, high = 0.0, EIGHT_BIT
    grey = np.clip((finite - low) / max(high - low, 1e-12) * EIGHT_BIT, 0, EIGHT_BIT).astype(np.uint8)
    shown = grey if grey.shape[-1] in (3, 4) else grey[..., 0]
    return _small_png(Image.fromarray(shown))


def resized(pixels: NDArray[np.generic], height: int, width: int) -> FloatArray:
    """Resize (H, W, C) to (height, width, C) bilinearly.

    Half-pixel centres and no smoothing before shrinking: what `tf.image.resize`, Keras'
    `image_dataset_from_directory` and OpenCV do by default.
    """
    for axis, size in ((0, height), (1, width)):
        pixels = _resampled(pixels, size, axis)
    return np.asarray(pixels, dtype=np.float32)


def _resampled(pixels: NDArray[np.generic], size: int, axis: int) -> NDArray[np.generic]:
    """Interpolate along one axis; what is not taken is never made into floats."""
    stored = pixels.shape[axis]
    if stored == size:
        return pixels
    place = (np.arange(size) + 0.5) * (stored / size) - 0.5
    low = np.floor(place).astype(np.int64)
    share = (place - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    before = pixels.take(np.clip(low, 0, stored - 1), axis).astype(np.float32)
    after = pixels.take(np.clip(low + 1, 0, stored - 1), axis).astype(np.float32)
    return np.asarray(before + (after - before) * share, dtype=np.float32)


def _opened(path: Path, use: Callable[[Image.Image], _T]) -> _T:
    """Open, check the declared size before anything is decoded, and hand on."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would wait for its other end
            raise UnreadableData(f"This is not a file. Received: image={path}")
        if status.st_size > BYTE_LIMIT:
            raise UnreadableData(f"The image file is too large. Received: bytes={status.st_size}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > PIXEL_LIMIT:
                    raise UnreadableData(
                        f"The image is larger than 50 megapixels. Received: size={image.width}x{image.height}"
                    )
                return use(image)
    except _DAMAGED as error:
        raise UnreadableData(f"{_reason(error)} Received: image={path}") from error


def _reason(error: BaseException) -> str:
    """What is wrong with a file, in words."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "The image is larger than 50 megapixels."
    if isinstance(error, FileNotFoundError):
        return "The file does not exist."
    if isinstance(error, PermissionError):
        return "The file may not be read."
    if isinstance(error, UnidentifiedImageError):
        return "The file is not an image of a known kind."
    return "The image is truncated or damaged."


def _pixels(image: Image.Image, channels: int) -> FloatArray:
    """The first frame with so many channels."""
    return np.asarray(_stored_pixels(image, channels), dtype=np.float32)


def _stored_pixels(image: Image.Image, channels: int) -> NDArray[np.generic]:
    """The first frame with so many channels, in the kind of numbers that it is stored in."""
    if image.mode in DEEP_GREY:
        grey = np.asarray(image)[..., None]
        if channels == 1:
            return grey
        full = np.full(grey.shape, SIXTEEN_BIT, np.float32)
        parts = {2: [grey, full], 3: [grey] * 3, 4: [grey] * 3 + [full]}[channels]
        return np.concatenate(parts, axis=-1)
    mode = _MODES[channels]
    converted = np.asarray(image if image.mode == mode else image.convert(mode))
    return converted if converted.ndim == 3 else converted[..., None]  # noqa: PLR2004  (H, W, C)


def _resized_pixels(image: Image.Image, shape: ImageShape) -> FloatArray:
    """Resize the first frame; grey is made colour only afterwards, which saves two thirds of the work."""
    spread = image.mode in GREY and shape.channels == len(RGB)
    small = resized(_stored_pixels(image, 1 if spread else shape.channels), shape.height, shape.width)
    return np.repeat(small, len(RGB), axis=-1) if spread else small


def _small_png(image: Image.Image) -> bytes:
    """Shrink to a thumbnail and encode."""
    if image.mode in DEEP_GREY:
        values = np.asarray(image, dtype=np.float32)
        scale = EIGHT_BIT / max(float(values.max(initial=0)), 1.0)
        image = Image.fromarray(np.clip(values * scale, 0, EIGHT_BIT).astype(np.uint8))
    elif image.mode not in {"L", "RGB", "RGBA"}:
        image = image.convert("RGB")
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    target = io.BytesIO()
    small.save(target, format="PNG")
    return target.getvalue()
