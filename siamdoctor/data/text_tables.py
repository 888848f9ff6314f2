"""Tables whose columns are sentences: pairs with a label, triplets, or a text and its class."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from siamdoctor.data.array_labels import identities
from siamdoctor.data.images import SUFFIXES
from siamdoctor.data.pair_labels import Labels, labels_as_same, scores_as_same, two_kinds
from siamdoctor.data.samples import Samples, Text
from siamdoctor.data.text_samples import paired_texts, text_samples
from siamdoctor.errors import UnreadableData

SEPARATORS = (",", "\t", ";")
LOOKED_AT = 200  # rows, to learn whether cells are sentences or files
FILES, SPACED = 0.5, 0.3  # shares of cells from which they are taken for files, or for sentences
_KIND = (
    r"(?:text|sentence|sent|question|phrase|paragraph|passage|title|name|description|string|str|query|q|s|t|doc|"
    r"document|headline|utterance|comment|review|address)"
)
_LEFT = re.compile(
    rf"^#?(?:{_KIND}_?(?:1|a|left|0)|(?:left|first|1)_?{_KIND}|premise|{_KIND}_?one|left|a|first|query|anchor)$"
)
_RIGHT = re.compile(
    rf"^#?(?:{_KIND}_?(?:2|b|right)|(?:right|second|2)_?{_KIND}|hypothesis|{_KIND}_?two|right|b|second|other|candidate)$"
)
_ANCHOR, _POSITIVE, _NEGATIVE = (re.compile(rf"^{n}(?:_{_KIND})?$") for n in ("anchor", "positive", "negative"))
_ALONE = re.compile(rf"^(?:{_KIND}|content|body|message|tweet|text_clean|clean_text)$")
_SCORES = frozenset({"score", "similarity", "similarity_score", "relatedness", "relatedness_score", "sts"})
_LABELS = frozenset(
    {"label", "labels", "y", "target", "class", "is_duplicate", "is_paraphrase", "quality", "same", "is_same", "match"}
    | {"is_match", "similar", "is_similar", "duplicate", "paraphrase", "gold_label", "outcome", "is_pair"}
    | {"different", "is_different", "dissimilar"}
)
_CLASSES = frozenset(
    {"label", "labels", "y", "target", "class", "category", "intent", "topic", "class_name", "identity"}
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Places of the texts in a row, and of the label (None in triplets, whose order says it)."""

    texts: tuple[int, ...]
    label: int | None


def text_table(path: Path, content: str, same_label: int | None) -> Samples | None:
    """A table of sentences as a data set; None where the columns are no sentences.

    Raises:
        UnreadableData: it is one, and rows are too short or labels make no sense.
    """
    separator = max(SEPARATORS, key=lambda s: (content.partition("\n")[0].count(s), -SEPARATORS.index(s)))
    rows = _rows(content, separator, path)
    first = next(rows, [])
    header = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in first]
    columns, named = _columns(header)
    if columns is None:
        return None
    texts: list[list[str]] = [[] for _ in columns.texts]
    labels: list[str] = []
    last = max(*columns.texts, columns.label or 0)
    for number, row in enumerate(rows, start=1):
        if not any(row):
            continue
        if len(row) <= last:
            raise UnreadableData(
                f"A row of the table is too short. Received: data={path}, row {number}={','.join(row)[:80]!r}, "
                f"columns={', '.join(first)[:200]}"
            )
        for side, place in zip(texts, columns.texts, strict=True):
            side.append(row[place])
        labels.append("" if columns.label is None else row[columns.label])
        if len(labels) == LOOKED_AT and not _are_sentences(texts, spelt=named):
            return None
    if not labels or not _are_sentences(texts, spelt=named):
        return None
    column = "" if columns.label is None else header[columns.label]
    return _samples(path, [[(cell,) for cell in side] for side in texts], labels, column, same_label)


def _rows(content: str, separator: str, path: Path) -> Iterator[list[str]]:
    """The rows, where a quoted cell may hold line ends."""
    lines = (found[0] for found in _LINE.finditer(content))
    try:
        yield from csv.reader(lines, delimiter=separator, skipinitialspace=True)
    except csv.Error as error:
        raise UnreadableData(
            f"The table cannot be read ({error}). Received: data={path}. Cells with commas or line ends must stand in "
            'double quotes, and a double quote within them is doubled: "".'
        ) from error


def _columns(header: Sequence[str]) -> tuple[_Columns | None, bool]:
    """Where the texts and the label stand, and whether the names say that these are texts."""
    triple = [_first(header, pattern) for pattern in (_ANCHOR, _POSITIVE, _NEGATIVE)]
    if None not in triple:
        return _Columns(texts=tuple(k for k in triple if k is not None), label=None), False
    left, right = _first(header, _LEFT), _first(header, _RIGHT)
    label = next((k for k, name in enumerate(header) if name in _LABELS | _SCORES), None)
    if left is not None and right is not None and label is not None:
        return _Columns(texts=(left, right), label=label), header[left] not in ("left", "a", "first", "anchor")
    alone = _first(header, _ALONE)
    label = next((k for k, name in enumerate(header) if name in _CLASSES), None)
    if alone is not None and label is not None:
        return _Columns(texts=(alone,), label=label), True
    return None, False


def _first(header: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((k for k, name in enumerate(header) if pattern.match(name)), None)


def _are_sentences(texts: Sequence[Sequence[str]], *, spelt: bool) -> bool:
    """Whether cells are sentences and not files; their columns' names count where the cells say neither."""
    cells = [cell.strip() for side in texts for cell in side[:LOOKED_AT]]
    files = sum(PurePosixPath(cell[-200:]).suffix.lower() in SUFFIXES for cell in cells) / len(cells)
    spaced = sum(" " in cell for cell in cells) / len(cells)
    return files < FILES and (spelt or spaced >= SPACED)


def _samples(
    path: Path, texts: Sequence[Sequence[Text]], labels: Sequence[str], column: str, same_label: int | None
) -> Samples:
    """Texts with their labels, by how many there are in a row."""
    if len(texts) == 1:
        identity, names = identities(np.array(labels), path)
        layout = "texts with classes (CSV)"
        return text_samples(texts[0], path, identity=identity, identity_names=names, layout=layout)
    if len(texts) == 2:  # noqa: PLR2004  (a pair)
        found = _same(path, labels, column, same_label)
        two_kinds(found.same, path)
        return paired_texts(texts[0], texts[1], found.same, path, layout="pairs of texts (CSV)", assumed=found.assumed)
    anchor, positive, negative = texts
    same = np.repeat([True, False], [len(anchor), len(anchor)])
    return paired_texts(
        [*anchor, *anchor], [*positive, *negative], same, path, layout="triplets of texts (CSV)", assumed=()
    )


def _same(path: Path, labels: Sequence[str], column: str, same_label: int | None) -> Labels:
    """The labels of pairs; a column of scores may hold more than two values."""
    if column in _SCORES and len(set(labels)) > 2:  # noqa: PLR2004  (two kinds)
        return scores_as_same(labels, path=path, column=column)
    return labels_as_same(labels, path=path, column=column, same_label=same_label)
