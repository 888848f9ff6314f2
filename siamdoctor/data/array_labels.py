"""Class labels in an array, in whichever form."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.text_samples import is_text
from siamdoctor.errors import UnreadableData

if TYPE_CHECKING:
    from pathlib import Path

    from siamdoctor.data.array_store import Stored
    from siamdoctor.data.samples import IndexArray

ONE_HOT_RANK = 2


def identities(labels: Stored, path: Path) -> tuple[IndexArray, tuple[str, ...]]:
    """(n,) index of each sample's class, and the classes' names, from numbers, text or one-hot rows.

    Raises:
        UnreadableData: labels of another shape, fractions, fewer than two classes, none with two samples.
    """
    if labels.dtype.kind == "O" and is_text(labels):
        labels = np.asarray(labels.tolist())
    received = f"Received: data={path}, labels={labels.shape} {labels.dtype}"
    if labels.ndim == ONE_HOT_RANK and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == ONE_HOT_RANK and np.all(np.asarray(labels).sum(axis=1) == 1):
        labels = np.argmax(labels, axis=1)
    if labels.ndim != 1 or labels.dtype.kind not in "biufUS":
        raise UnreadableData(f"Labels must be one class per sample. {received}")
    if labels.dtype.kind == "f" and not np.all(np.mod(np.asarray(labels), 1) == 0):
        raise UnreadableData(f"Labels must be whole numbers or text, one per class. {received}")
    if labels.dtype.kind == "U" and np.ascontiguousarray(labels).view(np.uint32).max(initial=0) > sys.maxunicode:
        raise UnreadableData(f"Labels hold characters that do not exist: the file is damaged. {received}")
    values, identity, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if values.size < 2 or sizes.max() < 2:  # noqa: PLR2004  (two classes, and two samples in one of them)
        raise UnreadableData(
            f"Pairs need two classes and two samples in at least one of them. {received}, classes={values.size}"
        )
    return identity.astype(np.int64), tuple(_class_name(v) for v in values.tolist())


def _class_name(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(int(value)) if isinstance(value, float) else str(value)
