"""Data sets that are at hand as arrays, as a notebook has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from siamdoctor.data.array_files import read_arrays
from siamdoctor.data.array_store import Stored
from siamdoctor.data.samples import Samples
from siamdoctor.data.saved_dataset import as_pairs, in_memory
from siamdoctor.data.text_samples import as_array, is_text
from siamdoctor.errors import UnreadableData

PAIR = 2
EXPECTED = (
    "Give (samples, classes), ((left, right), labels), a mapping of arrays with such names, or the path of a data set."
)


def given_samples(data: object, *, name: str = "data", same_label: int | None = None) -> Samples:
    """Arrays as a data set.

    Args:
        data: (samples, classes) with one row a sample; ((left, right), labels) with one row a pair; or a mapping
            with names as in .npz files: x and y, or left, right and label.
        name: of the argument, for messages.
        same_label: the declared label of a same-class pair.

    Raises:
        UnreadableData: anything else, lengths that differ, objects among the numbers.
    """
    place = Path(f"{name} in memory")
    arrays = {key: _numbers(value, key, name) for key, value in _named(data, name).items()}
    return read_arrays(in_memory(place, "arrays in memory", as_pairs(arrays)), None, same_label)


def _named(data: object, name: str) -> dict[str, object]:
    """Arrays under the names that array readers know."""
    if isinstance(data, Mapping):
        return {str(key): value for key, value in data.items()}
    if not isinstance(data, tuple | list) or len(data) != PAIR:
        raise UnreadableData(f"These are no data. Received: {name}={_described(data)}. {EXPECTED}")
    samples, labels = data
    if isinstance(samples, tuple | list) and len(samples) == PAIR and _long(samples[0]):
        return {"left": samples[0], "right": samples[1], "label": labels}
    return {"x": samples, "y": labels}


def _long(value: object) -> bool:
    """Whether this is an array of samples rather than a number."""
    return np.ndim(np.asarray(value)) > 0  # also of a tensor, whose shape is no tuple


def _numbers(value: object, key: str, name: str) -> Stored:
    """An array of numbers or words; (n, 1) labels become (n,)."""
    try:
        array = as_array(value)
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if (array.dtype.hasobject and not is_text(array)) or array.ndim == 0:
        raise UnreadableData(f"{key} is no array of numbers. Received: {name}, {key}={_described(value)}. {EXPECTED}")
    is_label = key in {"y", "label", "labels"}
    return array[:, 0] if is_label and array.ndim == PAIR and array.shape[1] == 1 else array


def _described(value: object) -> str:
    """What something is, in a word or two."""
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}{'' if shape is None else f' of shape {tuple(shape)}'}"
