"""Folders written by `tf.data.Dataset.save`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.array_set import ArraySet
from siamdoctor.errors import UnreadableData

if TYPE_CHECKING:
    from siamdoctor.data.array_store import Stored

MARK = "dataset_spec.pb"
# What the places of components in an element mean; TensorFlow's own names them by position.
MEANINGS = {
    ("0", "1"): ("x", "y"),
    ("0.0", "0.1", "1"): ("left", "right", "label"),
    ("0.0", "0.1", "0.2"): ("anchor", "positive", "negative"),
    ("0", "1", "2"): ("anchor", "positive", "negative"),
}


def is_saved_dataset(path: Path) -> bool:
    """Whether a folder was written by `tf.data.Dataset.save`."""
    return (path / MARK).is_file()


def saved_arrays(path: Path) -> ArraySet:
    """The components of a saved data set under the names that array readers know.

    Raises:
        UnreadableData: it cannot be read, or its elements are neither labelled samples, pairs nor triples.
    """
    from siamdoctor.models.runtime.tf_data import read_saved_dataset  # noqa: PLC0415  (TensorFlow: four seconds)

    columns = read_saved_dataset(path)
    return in_memory(path, "saved tf.data set", renamed(columns.names, columns.arrays, path))


def renamed(names: tuple[str, ...], arrays: tuple[Stored, ...], path: Path) -> dict[str, Stored]:
    """Components by meaning; a third one of label's shape makes (left, right, label) of three.

    Raises:
        UnreadableData: the structure has no meaning here.
    """
    if any(not name.replace(".", "").isdigit() for name in names):
        found = {_last_key(name): array for name, array in zip(names, arrays, strict=True)}
        return {("label" if name.isdigit() else name): array for name, array in found.items()}
    meaning = MEANINGS.get(names)
    if meaning == ("anchor", "positive", "negative") and arrays[2].ndim == 1 < arrays[0].ndim:
        meaning = ("left", "right", "label")
    if meaning is None:
        raise UnreadableData(
            "The elements are neither (sample, class), ((left, right), label) nor (anchor, positive, negative). "
            f"Received: data={path}, components={', '.join(names)}"
        )
    return as_pairs(dict(zip(meaning, arrays, strict=True)))


def as_pairs(arrays: dict[str, Stored]) -> dict[str, Stored]:
    """Triples as pairs: anchor with positive (1, the same) and anchor with negative (0)."""
    if set(arrays) != {"anchor", "positive", "negative"}:
        return arrays
    anchor = arrays["anchor"]
    return {
        "left": np.concatenate([anchor, anchor]),
        "right": np.concatenate([arrays["positive"], arrays["negative"]]),
        "same": np.repeat([1, 0], [len(anchor), len(anchor)]),
    }


def in_memory(path: Path, layout: str, arrays: Mapping[str, Stored]) -> ArraySet:
    """Arrays that are at hand, as an array set."""
    return ArraySet(
        path=path,
        layout=layout,
        names=tuple(arrays),
        open=lambda wanted: {name: arrays[name] for name in wanted},
    )


def _last_key(name: str) -> str:
    """The innermost name of a component that lies in a mapping; its outermost place where there is none."""
    named = [part for part in name.split(".") if not part.isdigit()]
    return named[-1] if named else name
