"""Arrays of text: sentences with classes, or pairs of sentences with labels."""

from __future__ import annotations

from pathlib import Path

from siamdoctor.data.array_store import Stored
from siamdoctor.data.pair_labels import labels_as_same, two_kinds
from siamdoctor.data.samples import IndexArray, Samples
from siamdoctor.data.text_samples import paired_texts, plain_texts, text_samples


def labelled_texts(
    values: Stored,
    name: str,
    path: Path,
    *,
    identity: IndexArray,
    identity_names: tuple[str, ...],
    layout: str,
    assumed: tuple[str, ...],
) -> Samples:
    """Texts with a class each.

    Raises:
        UnreadableData: too much text, or none.
    """
    return text_samples(
        plain_texts(values, path, name),
        path,
        identity=identity,
        identity_names=identity_names,
        layout=f"texts as {layout}",
        assumed=assumed,
    )


def paired_text_arrays(
    left: Stored, right: Stored, labels: Stored, path: Path, *, layout: str, column: str, same_label: int | None
) -> Samples:
    """Two arrays of texts and the label of each pair.

    Raises:
        UnreadableData: too much text, or labels of one kind only.
    """
    found = labels_as_same(labels.tolist(), path=path, column=column, same_label=same_label)
    two_kinds(found.same, path)
    return paired_texts(
        plain_texts(left, path, "left"),
        plain_texts(right, path, "right"),
        found.same,
        path,
        layout=f"pairs of texts as {layout}",
        assumed=found.assumed,
    )
