"""Reading a data set that `tf.data.Dataset.save` wrote; the data package asks for it, TensorFlow reads it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableData
from siamdoctor.models.runtime.backend import import_keras, silenced

if TYPE_CHECKING:
    import tensorflow as tf

BYTE_LIMIT = 4 << 30
COMPRESSIONS = (None, "GZIP")  # the file does not say which; a wrong guess fails on the first element


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedColumns:
    """The elements' components, each as one array over all samples.

    names: place of each component in an element: "0" and "1" in (x, y), "0.0", "0.1" and "1" in
    ((left, right), y), keys where elements are mappings.
    """

    names: tuple[str, ...]
    arrays: tuple[NDArray[np.generic], ...]


def read_saved_dataset(path: Path) -> SavedColumns:
    """Read a saved data set whole; batches are taken apart.

    Raises:
        UnreadableData: damaged, empty, larger than 4 GiB, or with samples of different shapes.
    """
    import_keras()
    import tensorflow as tf  # noqa: PLC0415  (behind `import_keras`, which keeps it silent)

    malformed: type[Exception] = importlib.import_module("google.protobuf.message").Error  # TensorFlow's own need of it
    failures = (
        tf.errors.OpError,
        malformed,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
    )
    for compression in COMPRESSIONS:
        try:
            with silenced():
                dataset = tf.data.Dataset.load(str(path), compression=compression)
                return _collected(dataset, path)
        except failures as error:
            failure = error
    raise UnreadableData(
        f"The saved tf.data set cannot be read. Received: data={path}, {type(failure).__name__}: "
        f"{(str(failure).splitlines() or ['no reason given'])[0][:120]}. Save it again with `dataset.save(path)`."
    )


def _collected(dataset: tf.data.Dataset, path: Path) -> SavedColumns:
    """All elements, component by component."""
    names = tuple(name for name, _ in _leaves(dataset.element_spec))
    batched = _is_batched([spec for _, spec in _leaves(dataset.element_spec)])
    held: list[list[NDArray[np.generic]]] = [[] for _ in names]
    size = 0
    for element in dataset.as_numpy_iterator():
        for column, (_, value) in zip(held, _leaves(element), strict=True):
            column.append(np.asarray(value))
            size += column[-1].nbytes
        if size > BYTE_LIMIT:
            raise UnreadableData(f"The saved tf.data set is larger than 4 GiB. Received: data={path}")
    if not held[0]:
        raise UnreadableData(f"The saved tf.data set is empty. Received: data={path}")
    if len({part.shape[batched:] for part in held[0]}) > 1:
        raise UnreadableData(
            f"The samples of the saved tf.data set differ in shape. Received: data={path}. Resize them before saving."
        )
    return SavedColumns(names=names, arrays=tuple(np.concatenate(c) if batched else np.stack(c) for c in held))


def _is_batched(specs: list[tf.TensorSpec]) -> bool:
    """Whether the first axis counts samples: it is of free length, or also that of the last component."""
    shapes = [spec.shape for spec in specs]
    if any(shape.rank in (None, 0) for shape in shapes):
        return False
    first = {shape[0] for shape in shapes}
    return first == {None} or (len(first) == 1 and len(shapes) > 1 and shapes[-1].rank == 1 and shapes[0].rank > 1)


def _leaves(structure: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Components of a nested structure of tuples and mappings, with their places."""
    if isinstance(structure, Mapping):
        items = [(str(key), value) for key, value in structure.items()]
    elif isinstance(structure, tuple | list):
        items = [(str(k), value) for k, value in enumerate(structure)]
    else:
        yield place or "0", structure
        return
    for key, value in items:
        yield from _leaves(value, f"{place}.{key}" if place else key)
