"""A data set's image files, each decoded only when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from siamdoctor.data.image_shape import target_for
from siamdoctor.data.images import ImageShape, largest_value, read_resized, stored_shape, thumbnail
from siamdoctor.data.samples import FloatArray, IndexArray, Unreadable
from siamdoctor.errors import UnreadableData

LOOKED_AT = 16  # images, to learn the scale of pixel values
CHUNK_BYTES = 1 << 20


class ImageFiles:
    """Image files in a fixed order; what could not be decoded is remembered."""

    def __init__(self, root: Path, names: Sequence[str], skipped: Sequence[Unreadable] = ()) -> None:
        """Keep the files' places; nothing is opened yet.

        Args:
            root: folder that the names are relative to.
            names: (n,) relative paths.
            skipped: what was found unreadable before any image was.
        """
        self._root, self._names = root, tuple(names)
        self._skipped = tuple(skipped)
        self._failed: dict[int, Unreadable] = {}
        self._hashes: dict[int, str] = {}
        self._first: ImageShape | None = None

    def path(self, index: int) -> Path:
        """Where the image lies."""
        return self._root / self._names[index]

    def first_shape(self) -> ImageShape | None:
        """Stored size of the first image that can be read; None where none of the first can."""
        for index in range(min(len(self._names), 4 * LOOKED_AT) if self._first is None else 0):
            try:
                self._first = stored_shape(self.path(index))
                break
            except UnreadableData as error:
                self._note(index, error)
        return self._first

    def load(self, indices: IndexArray, shape: tuple[int, ...]) -> FloatArray:
        """Decode (k,) images into (k, *shape); NaN where one cannot be decoded. See `Samples.load`."""
        target = target_for(shape, self.first_shape())
        pixels = np.empty((len(indices), *shape), dtype=np.float32)
        for row, index in enumerate(indices.tolist()):
            try:
                pixels[row] = target.arranged(read_resized(self.path(index), target.image))
            except UnreadableData as error:
                self._note(index, error)
                pixels[row] = np.nan
        pixels.setflags(write=False)
        return pixels

    def stored_scale(self) -> float:
        """Largest pixel value in a few images spread over the data set.

        Raises:
            UnreadableData: none of them can be decoded.
        """
        places = np.unique(np.linspace(0, len(self._names) - 1, LOOKED_AT).astype(np.int64))
        largest = []
        for index in places.tolist():
            try:
                largest.append(largest_value(self.path(index)))
            except UnreadableData as error:
                self._note(index, error)
        if not largest:
            reason = next(iter(self._failed.values())).reason
            raise UnreadableData(f"None of the images looked at can be read: {reason}. Received: data={self._root}")
        return max(largest)

    def digest(self, indices: IndexArray) -> tuple[str, ...]:
        """Hash of each file's bytes."""
        for index in indices.tolist():
            if index not in self._hashes:
                self._hashes[index] = self._hash(index)
        return tuple(self._hashes[index] for index in indices.tolist())

    def thumbnail(self, index: int) -> bytes:
        """A small PNG of one image, empty where it cannot be decoded."""
        return thumbnail(self.path(index))

    def unreadable(self) -> tuple[Unreadable, ...]:
        """What could not be read so far, in order."""
        return self._skipped + tuple(self._failed[index] for index in sorted(self._failed))

    def _note(self, index: int, error: UnreadableData) -> None:
        reason = str(error).partition(" Received:")[0].rstrip(".")
        self._failed[index] = Unreadable(name=self._names[index], reason=reason)

    def _hash(self, index: int) -> str:
        whole = hashlib.blake2b(digest_size=16)
        if not self.path(index).is_file():  # a pipe would wait for its other end
            return f"unreadable {index}"
        try:
            with self.path(index).open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    whole.update(chunk)
        except OSError:
            return f"unreadable {index}"
        return whole.hexdigest()
