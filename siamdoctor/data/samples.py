"""The shared shape of every data set, whatever it was read from: samples with an identity each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int64]
# A text in the pieces that a model takes: one, or the words that it is made of.
Text = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A sample that was skipped, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPairs:
    """Pairs that the user brought, indices into the samples. `same` follows the user's labels as converted."""

    left: IndexArray
    right: IndexArray
    same: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A data set whose samples are read on demand.

    identity: (n,) integer per sample, index into `identity_names`. load(indices, shape) returns
        (k, *shape) float32, read-only: images as pixel values on their stored scale (0..255 for 8-bit
        files), resized and converted to the channels that `shape` (H, W, C) or (H*W*C,) asks for; arrays
        as stored. A sample that cannot be decoded comes back as NaN and is added to `unreadable()`.
    digest: content hash of each sample of `indices` (equal content, equal hash), without decoding twice.
    kind: "images" (files or image arrays), "arrays" (tabular, series), "tokens", or "text" that has no numbers yet.
    stored_scale: largest absolute value seen in a small sample, to judge whether scaling was done already.
    pairs: the user's own pairs where the data set is a pair list.
    sample_shape: one sample as stored, images as (H, W, C) (of the first, where files differ in size);
        None where it cannot be told.
    identity_known: whether identities come from the data; where they do not, each sample is its own.
    text: what a sample says, also where texts were turned into tokens; None where samples are no texts.
    """

    path: Path
    format: str
    kind: Literal["images", "arrays", "tokens", "text"]
    names: tuple[str, ...]
    identity: IndexArray
    identity_names: tuple[str, ...]
    stored_scale: float
    load: Callable[[IndexArray, tuple[int, ...]], FloatArray]
    digest: Callable[[IndexArray], tuple[str, ...]]
    thumbnail: Callable[[int], bytes]
    unreadable: Callable[[], tuple[Unreadable, ...]]
    pairs: GivenPairs | None = None
    assumed: tuple[str, ...] = ()
    sample_shape: tuple[int, ...] | None = None
    identity_known: bool = True
    text: Callable[[int], Text] | None = None

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.names)
