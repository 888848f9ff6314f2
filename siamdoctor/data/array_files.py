"""Samples and labels in an .npz file, under the names that public code uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from siamdoctor.data.array_samples import array_samples
from siamdoctor.data.array_store import Stored, npz_names, open_npz
from siamdoctor.data.samples import IndexArray, Samples
from siamdoctor.errors import UnreadableData

SAMPLE_NAMES = ("x", "images", "image", "imgs", "data", "features", "samples", "embeddings", "arr_0")
LABEL_NAMES = ("y", "labels", "label", "target", "targets", "classes", "identity", "identities", "arr_1")
IMAGE_NAMES = frozenset({"images", "image", "imgs"})
_SPLITS = {"val": ("val", "valid", "validation", "dev"), "test": ("test", "eval"), "train": ("train", "training")}
PREFERENCE = ("val", "test", "", "train")
ONE_HOT_RANK = 2


def read_array_file(path: Path, split: str | None) -> Samples:
    """Read `x` and `y` (or images/labels, data/target, x_test/y_test, ...) of an .npz file.

    Without `split` the validation arrays are taken, else the test arrays, else those without a split's
    name, else the training arrays. Arrays without a split's name serve for any split.

    Raises:
        UnreadableData: no such arrays, lengths that differ, labels that make no classes.
    """
    names = npz_names(path)
    found = {s: pair for s in PREFERENCE if (pair := _named(names, s)) is not None}
    order = PREFERENCE if split is None else (split, "")
    chosen = next((s for s in order if s in found), None)
    if chosen is None:
        raise UnreadableData(
            f"The file holds no {f'{split} ' if split else ''}samples with labels. Received: data={path}, "
            f"arrays={', '.join(names) or 'none'}. Save it with numpy.savez(file, x=samples, y=labels)."
        )
    x_name, y_name = found[chosen]
    arrays = open_npz(path, (x_name, y_name))
    identity, identity_names = identities(arrays[y_name], path)
    if len(arrays[x_name]) != identity.size:
        raise UnreadableData(
            f"Samples and labels differ in number. Received: data={path}, "
            f"{x_name}={arrays[x_name].shape}, {y_name}={arrays[y_name].shape}"
        )
    others = [f"{a}, {b}" for s, (a, b) in found.items() if s != chosen]
    assumed = (f"the arrays {x_name}, {y_name} of {path.name} are judged, not {'; '.join(others)}",)
    return array_samples(
        arrays[x_name],
        path,
        identity=identity,
        identity_names=identity_names,
        layout="arrays in .npz",
        named_images=_base(x_name) in IMAGE_NAMES,
        assumed=assumed if others and split is None else (),
    )


def holds_training_split(path: Path) -> bool:
    """Whether an .npz file holds training arrays beside others."""
    names = npz_names(path)
    return _named(names, "train") is not None and any(_named(names, s) for s in ("val", "test"))


def identities(labels: Stored, path: Path) -> tuple[IndexArray, tuple[str, ...]]:
    """(n,) index of each sample's class, and the classes' names, from numbers, text or one-hot rows.

    Raises:
        UnreadableData: labels of another shape, fractions, fewer than two classes, none with two samples.
    """
    received = f"Received: data={path}, labels={labels.shape} {labels.dtype}"
    if labels.ndim == ONE_HOT_RANK and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == ONE_HOT_RANK and np.all(np.asarray(labels).sum(axis=1) == 1):
        labels = np.argmax(labels, axis=1)
    if labels.ndim != 1 or labels.dtype.kind not in "biufUS":
        raise UnreadableData(f"Labels must be one class per sample. {received}")
    if labels.dtype.kind == "f" and not np.all(np.mod(np.asarray(labels), 1) == 0):
        raise UnreadableData(f"Labels must be whole numbers or text, one per class. {received}")
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


def _named(names: Iterable[str], split: str) -> tuple[str, str] | None:
    """The names of samples and labels of one split ("" = without a split's name)."""
    suffixes = _SPLITS.get(split, ("",))
    for suffix in suffixes:
        x = _first(names, SAMPLE_NAMES, suffix)
        y = _first(names, LABEL_NAMES, suffix)
        if x is not None and y is not None:
            return x, y
    return None


def _first(names: Iterable[str], bases: tuple[str, ...], suffix: str) -> str | None:
    """The first array that is called base, base_suffix or suffix_base, in any case."""
    known = {name.lower().replace("-", "_"): name for name in names}
    for base in bases:
        spellings = (f"{base}_{suffix}", f"{suffix}_{base}", f"{base}{suffix}") if suffix else (base,)
        for spelling in spellings:
            if spelling in known:
                return known[spelling]
    return None


def _base(name: str) -> str:
    """An array's name without the name of its split."""
    parts = name.lower().replace("-", "_").split("_")
    splits = {s for spellings in _SPLITS.values() for s in spellings}
    return "_".join(p for p in parts if p not in splits)
