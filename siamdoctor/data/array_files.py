"""Samples with labels, or pairs with labels, in named arrays."""

from __future__ import annotations

import hashlib

import numpy as np

from siamdoctor.data.array_labels import identities
from siamdoctor.data.array_names import PREFERENCE, called_images, pairs_and_labels, samples_and_labels
from siamdoctor.data.array_samples import array_samples
from siamdoctor.data.array_set import ArraySet
from siamdoctor.data.array_store import UNPACKED_LIMIT, Stored
from siamdoctor.data.pair_labels import labels_as_same, two_kinds
from siamdoctor.data.samples import GivenPairs, IndexArray, Samples
from siamdoctor.data.text_arrays import labelled_texts, paired_text_arrays
from siamdoctor.data.text_samples import is_text
from siamdoctor.errors import UnreadableData

STACK = 2  # sides in one array of pairs
MAX_SAMPLES = 2_000_000  # each takes some hundred bytes for its name and class alone


def read_arrays(arrays: ArraySet, split: str | None, same_label: int | None) -> Samples:
    """Read `x` and `y` (images/labels, data/target, x_test/y_test ...), or `left`, `right` and `label`.

    Without `split` the validation arrays are taken, else the test arrays, else those without a split's
    name, else the training arrays. Arrays without a split's name serve for any split.

    Raises:
        UnreadableData: no such arrays, lengths that differ, labels that make no classes.
    """
    order = PREFERENCE if split is None else (split, "")
    for name in order:
        paired = pairs_and_labels(arrays.names, name)
        if paired is not None:
            return _pairs(arrays, *paired, same_label)
        labelled = samples_and_labels(arrays.names, name)
        if labelled is not None:
            return _labelled(arrays, *labelled, chosen=name if split is None else None)
    raise UnreadableData(
        f"There are no {f'{split} ' if split else ''}samples with labels. Received: data={arrays.path}, "
        f"arrays={', '.join(arrays.names) or 'none'}. Save them with numpy.savez(file, x=samples, y=labels)."
    )


def holds_training_split(arrays: ArraySet) -> bool:
    """Whether there are training arrays beside others."""
    held = [
        s for s in ("train", "val", "test") if samples_and_labels(arrays.names, s) or pairs_and_labels(arrays.names, s)
    ]
    return "train" in held and len(held) > 1


def _labelled(arrays: ArraySet, x_name: str, y_name: str, *, chosen: str | None) -> Samples:
    """Samples with a class each; `chosen` is the split that was preferred, None where it was asked for."""
    opened = _opened(arrays, (x_name, y_name))
    identity, identity_names = identities(opened[y_name], arrays.path)
    _demand_equal(arrays, x_name, opened[x_name], y_name, identity.size)
    others = [
        ", ".join(pair)
        for split in PREFERENCE
        if split != chosen and (pair := samples_and_labels(arrays.names, split)) is not None
    ]
    said = (f"the arrays {x_name}, {y_name} of {arrays.path.name} are judged, not {'; '.join(others)}",)
    assumed = said if others and chosen is not None else ()
    if is_text(opened[x_name]):
        return labelled_texts(
            opened[x_name],
            x_name,
            arrays.path,
            identity=identity,
            identity_names=identity_names,
            layout=arrays.layout,
            assumed=assumed,
        )
    return array_samples(
        opened[x_name],
        arrays.path,
        identity=identity,
        identity_names=identity_names,
        layout=arrays.layout,
        named_images=called_images(x_name),
        assumed=assumed,
    )


def _opened(arrays: ArraySet, names: tuple[str, ...]) -> dict[str, Stored]:
    """Arrays whose first axis counts a number of samples that can be dealt with."""
    opened = arrays.open(names)
    for name, values in opened.items():
        if values.ndim == 0:
            raise UnreadableData(
                f"The samples must lie along the first axis of an array. Received: data={arrays.path}, {name}=()"
            )
        if len(values) > MAX_SAMPLES:
            raise UnreadableData(
                f"More than {MAX_SAMPLES} samples are not read. Received: data={arrays.path}, {name}={values.shape}. "
                "Save a part of them; a few thousand are enough for a diagnosis."
            )
    return opened


def _pairs(arrays: ArraySet, sides: tuple[str, ...], label: str, same_label: int | None) -> Samples:
    """The user's own pairs; equal rows of the two sides are one sample, whose class is unknown."""
    opened = _opened(arrays, (*sides, label))
    both = [opened[name] for name in sides]
    if len(sides) == 1:
        if both[0].ndim < STACK or both[0].shape[1] != STACK:
            raise UnreadableData(
                "An array of pairs must have the two sides on its second axis. "
                f"Received: data={arrays.path}, {sides[0]}={both[0].shape}"
            )
        both = [both[0][:, 0], both[0][:, 1]]
    for name, side in zip((sides * 2)[:2], both, strict=True):
        _demand_equal(arrays, name, side, label, len(opened[label]))
    return paired_samples(
        both[0],
        both[1],
        opened[label],
        arrays,
        column=label,
        same_label=same_label,
        named_images=called_images(sides[0]),
    )


def paired_samples(
    left: Stored,
    right: Stored,
    labels: Stored,
    arrays: ArraySet,
    *,
    column: str,
    same_label: int | None,
    named_images: bool = False,
) -> Samples:
    """Two arrays of sides and their labels as samples with given pairs.

    Raises:
        UnreadableData: sides of different shapes, too large, or labels of one kind only.
    """
    if is_text(left) and is_text(right):
        return paired_text_arrays(
            left, right, labels, arrays.path, layout=arrays.layout, column=column, same_label=same_label
        )
    _demand_comparable(left, right, arrays)
    found = labels_as_same(labels.tolist(), path=arrays.path, column=column, same_label=same_label)
    two_kinds(found.same, arrays.path)
    rows = np.concatenate([left, right])
    first, sample = _distinct(rows)
    pairs = GivenPairs(left=sample[: len(left)], right=sample[len(left) :], same=found.same)
    return array_samples(
        rows[first],
        arrays.path,
        identity=np.arange(first.size),
        identity_names=tuple(f"sample {i}" for i in range(first.size)),
        layout=f"pairs as {arrays.layout}",
        named_images=named_images,
        pairs=pairs,
        assumed=(*found.assumed, "the classes of the samples are unknown: each counts as its own"),
        identity_known=False,
    )


def _demand_comparable(left: Stored, right: Stored, arrays: ArraySet) -> None:
    """Refuse sides of different shapes, and pairs too large to hold."""
    if left.shape != right.shape or left.dtype != right.dtype:
        raise UnreadableData(
            f"The two sides of the pairs differ. Received: data={arrays.path}, left={left.shape} {left.dtype}, "
            f"right={right.shape} {right.dtype}"
        )
    if left.nbytes * 2 > UNPACKED_LIMIT:
        raise UnreadableData(
            f"The pairs are too large to compare with one another. Received: data={arrays.path}, "
            f"bytes={left.nbytes * 2}. Save samples with classes instead: numpy.savez(file, x=samples, y=labels)."
        )


def _distinct(rows: Stored) -> tuple[IndexArray, IndexArray]:
    """Where each distinct row occurs first, and which distinct row each row is."""
    whole = np.ascontiguousarray(rows)
    number: dict[bytes, int] = {}
    first: list[int] = []
    sample = np.empty(len(rows), dtype=np.int64)
    for k, row in enumerate(whole):
        key = hashlib.blake2b(row.tobytes(), digest_size=16).digest()
        if key not in number:
            number[key] = len(first)
            first.append(k)
        sample[k] = number[key]
    return np.array(first, dtype=np.int64), sample


def _demand_equal(arrays: ArraySet, x_name: str, x: Stored, y_name: str, labels: int) -> None:
    if len(x) != labels:
        raise UnreadableData(
            f"Samples and labels differ in number. Received: data={arrays.path}, "
            f"{x_name}={x.shape}, {y_name}=({labels},)"
        )
