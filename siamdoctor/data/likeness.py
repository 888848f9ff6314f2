"""Finding images that are the same picture though not the same bytes: re-encoded, brightened, resized.

A difference hash (dHash: whether each of 8 x 8 cells is brighter than its left neighbour) is a quick filter,
but no proof: of 1,500 distinct MNIST digits 65 % have a neighbour within 4 bits, as line drawings are mostly
empty. A candidate counts only if its thumbnail also correlates above 0.995, which none of 3,200 distinct
digits and characters did, and all their JPEG copies of quality 70 do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.images import resized
from siamdoctor.data.samples import FloatArray, IndexArray, Samples
from siamdoctor.errors import UnreadableData

NEAR_BITS = 8
NEAR_CORRELATION = 0.995
LEVEL = 0.02  # of an image's range, below which two cells count as equally bright
CELLS, THUMB = 8, 16
SIDE = 64
FILE_SHAPE = (96, 96, 1)
ROUNDING = 1e-6  # relative spread below which a thumbnail is blank
BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How images look: hash (n,) of 64 bits, thumbnail (n, 256) of mean 0 and length 1 (0 where blank)."""

    hash: NDArray[np.uint64]
    thumbnail: FloatArray


def looks_of(samples: Samples, indices: IndexArray) -> Looks:
    """Hashes and thumbnails of images; an unreadable or blank one looks like no other."""
    shape = _loadable_shape(samples)
    hashes, thumbnails = [], []
    for start in range(0, len(indices), BATCH):
        for image in samples.load(indices[start : start + BATCH], shape):
            grey = np.nan_to_num(image.mean(axis=-1, keepdims=True))
            hashes.append(_hash(grey))
            thumbnails.append(_thumbnail(grey))
    return Looks(hash=np.array(hashes, dtype=np.uint64), thumbnail=np.array(thumbnails, dtype=np.float32))


def _loadable_shape(samples: Samples) -> tuple[int, ...]:
    """A small size that files are resized to; arrays only come in their own."""
    try:
        samples.load(np.arange(0), FILE_SHAPE)
    except UnreadableData:
        assert samples.sample_shape is not None, "image arrays have a shape"
        return samples.sample_shape
    return FILE_SHAPE


def nearest_alike(looks: Looks, others: Looks) -> IndexArray:
    """(n,) position of the most alike image among the others if it is the same picture, else -1."""
    if not len(looks.hash) or not len(others.hash):
        return np.full(len(looks.hash), -1, dtype=np.int64)
    correlation = looks.thumbnail @ others.thumbnail.T
    bits = np.bitwise_count(looks.hash[:, None] ^ others.hash[None, :])
    correlation[bits > NEAR_BITS] = -1
    best = correlation.argmax(axis=1)
    found = correlation[np.arange(len(best)), best] >= NEAR_CORRELATION
    return np.where(found, best, -1).astype(np.int64)


def _hash(grey: FloatArray) -> np.uint64:
    cells = resized(grey, SIDE, SIDE + CELLS).reshape(CELLS, SIDE // CELLS, CELLS + 1, CELLS, 1).mean((1, 3, 4))
    brighter = cells[:, 1:] - cells[:, :-1] > LEVEL * (cells.max() - cells.min())
    return np.uint64(np.packbits(brighter.ravel()).view(np.uint64)[0])


def _thumbnail(grey: FloatArray) -> FloatArray:
    small = resized(grey, SIDE, SIDE).reshape(THUMB, SIDE // THUMB, THUMB, SIDE // THUMB).mean((1, 3)).ravel()
    centred = small - small.mean()
    length = float(np.linalg.norm(centred))
    return centred / length if length > ROUNDING * max(float(np.abs(small).max()), 1e-12) else np.zeros_like(centred)
