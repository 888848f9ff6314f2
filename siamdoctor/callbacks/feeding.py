"""The first batches of whatever `fit` is fed, without using any of them up."""

from __future__ import annotations

import inspect
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, GeneratorType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]
BATCHES, ENOUGH, SECONDS = 8, 1024, 2.0  # whichever of batches, pairs and time is reached first


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What `fit` was given: arrays (x and y), or a source that yields batches (y is None)."""

    x: object
    y: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some of what the training gets. inputs: as the model takes them; sides: the arrays among them, in order.

    labels: (n,), or None where there are none.
    """

    inputs: object
    sides: tuple[Array, ...]
    labels: Array | None


def feed_of(model: object) -> Feed | None:
    """What the running `model.fit` was given, read from its caller; None where nobody is fitting this model."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        names = frame.f_locals
        if frame.f_code.co_name == "fit" and names.get("self") is model and "epoch_iterator" in names:
            return Feed(x=names.get("x"), y=names.get("y"))
        frame = frame.f_back
    return None


def as_feed(data: object) -> Feed:
    """What was given by hand: a tuple (x, y) of arrays, or a source that yields batches."""
    if isinstance(data, tuple) and len(data) == 2:  # noqa: PLR2004  (inputs and labels)
        return Feed(x=data[0], y=data[1])
    return Feed(x=data)


def one_shot(feed: Feed) -> bool:
    """Whether looking would use the data up, as with a plain generator."""
    return isinstance(feed.x, GeneratorType) or (isinstance(feed.x, Iterator) and not hasattr(feed.x, "__getitem__"))


def first_batch(feed: Feed) -> Batch | None:
    """What the training gets first, of arrays an even sample; None where it cannot be looked at.

    The random generators of Python and numpy are put back, so that training goes on as if nobody had looked.
    """
    if feed.x is None or one_shot(feed):
        return None
    with _undisturbed(feed.x):
        if _is_source(feed.x):
            return joined([batch for batch in _looked(feed.x) if batch is not None])
        return _sampled(feed)


def batch_of(element: object) -> Batch | None:
    """One element of a source: (inputs, labels), (inputs, labels, weights), or inputs alone."""
    inputs, labels = element, None
    if isinstance(element, tuple) and len(element) in {2, 3}:
        inputs, labels = element[0], element[1]
    elif isinstance(element, tuple) and len(element) == 1:
        inputs = element[0]
    sides = tuple(np.asarray(leaf) for leaf in leaves(inputs))
    if not sides or any(side.ndim == 0 or side.dtype.hasobject for side in sides):
        return None
    target = next(leaves(labels), None) if labels is not None else None
    flat = np.asarray(target).reshape(len(sides[0]), -1) if target is not None else None
    return Batch(inputs=inputs, sides=sides, labels=flat[:, 0] if flat is not None and flat.shape[1] == 1 else None)


def joined(batches: Sequence[Batch]) -> Batch | None:
    """Several batches as one; None of none."""
    if not batches:
        return None
    labels = [batch.labels for batch in batches if batch.labels is not None]
    return Batch(
        inputs=_joined_inputs([batch.inputs for batch in batches]),
        sides=tuple(np.concatenate(parts) for parts in zip(*(batch.sides for batch in batches), strict=True)),
        labels=np.concatenate(labels) if len(labels) == len(batches) else None,
    )


def rows(structure: object, chosen: NDArray[np.int64]) -> object:
    """The same structure of arrays with these rows of each."""
    return _mapped(structure, lambda leaf: np.asarray(leaf)[chosen])


def leaves(structure: object) -> Iterator[object]:
    """The arrays in nested tuples, lists and mappings, in order."""
    if isinstance(structure, Mapping):
        for value in structure.values():
            yield from leaves(value)
    elif isinstance(structure, tuple | list):
        for value in structure:
            yield from leaves(value)
    elif structure is not None:
        yield structure


def _is_source(x: object) -> bool:
    """Whether this yields batches by itself: a PyDataset, a tf.data set, a loader."""
    return not isinstance(x, np.ndarray | Mapping | tuple | list) and not hasattr(x, "ndim")


def _looked(source: object) -> Iterator[Batch | None]:
    """The first batches of a source that can be read again."""
    ends = time.monotonic() + SECONDS
    seen = 0
    for element in _elements(source):
        batch = batch_of(element)
        yield batch
        seen += len(batch.sides[0]) if batch is not None else 0
        if seen >= ENOUGH or time.monotonic() > ends:
            return


def _elements(source: object) -> Iterator[object]:
    """At most eight batches, by position where the source has positions."""
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        yield from (source[k] for k in range(min(BATCHES, len(source))))
    elif hasattr(source, "take") and hasattr(source, "element_spec"):
        yield from source.take(BATCHES)
    elif hasattr(source, "__iter__"):
        yield from (element for element, _ in zip(source, range(BATCHES), strict=False))


def _sampled(feed: Feed) -> Batch | None:
    """An even sample of arrays, since `fit` shuffles them."""
    arrays = list(leaves(feed.x))
    count = len(arrays[0]) if arrays and hasattr(arrays[0], "__len__") else 0
    chosen = np.unique(np.linspace(0, count - 1, min(count, ENOUGH)).astype(np.int64))
    return batch_of((rows(feed.x, chosen), rows(feed.y, chosen))) if count else None


def _joined_inputs(parts: Sequence[object]) -> object:
    """Structures of arrays, put one below the other."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {key: _joined_inputs([part[key] for part in parts if isinstance(part, Mapping)]) for key in first}
    if isinstance(first, tuple | list):
        return type(first)(
            _joined_inputs(list(each)) for each in zip(*(p for p in parts if isinstance(p, tuple | list)), strict=True)
        )
    return np.concatenate([np.asarray(part) for part in parts])


def _mapped(structure: object, change: Callable[[object], object]) -> object:
    if isinstance(structure, Mapping):
        return {key: _mapped(value, change) for key, value in structure.items()}
    if isinstance(structure, tuple | list):
        return type(structure)(_mapped(value, change) for value in structure)
    return change(structure) if structure is not None else None


@contextmanager
def _undisturbed(source: object) -> Iterator[None]:
    """Put back the global random generators, and how far a generator of images counts itself to be."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  (the user's generator, kept as it was)
    counted = getattr(source, "total_batches_seen", None)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002  (the same)
        if counted is not None:
            source.total_batches_seen = counted  # type: ignore[attr-defined]
