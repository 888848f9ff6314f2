"""Turning the labels of a pair list into "same" or "different", whichever way round they were written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import UnreadableData

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Words that say by themselves which kind a pair is of.
_SAME = frozenset(
    {"same", "similar", "match", "matching", "positive", "pos", "genuine", "duplicate", "identical"}
    | {"paraphrase", "entailment", "equivalent"}
)
_DIFFERENT = frozenset(
    {"different", "diff", "dissimilar", "mismatch", "nonmatch", "negative", "neg", "forged", "forgery", "impostor"}
    | {"not_paraphrase", "not_entailment", "not_equivalent", "not_duplicate", "contradiction", "neutral"}
)
_TRUE = frozenset({"true", "yes", "y", "t"})
_FALSE = frozenset({"false", "no", "n", "f"})
# Names of a column that say which kind its 1 means.
SAME_COLUMNS = frozenset(
    {"same", "is_same", "issame", "match", "is_match", "similar", "similarity", "is_similar", "genuine"}
    | {"same_class", "is_duplicate", "duplicate", "is_paraphrase", "paraphrase"}
)
DIFFERENT_COLUMNS = frozenset({"different", "is_different", "dissimilar", "distance", "forged", "is_forged"})
CONTRADICTED = 0.2  # share of labels that agree with the classes, below which they are the other way round
EVEN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """(p,) whether each pair is of the same class, and what was assumed to know that."""

    same: NDArray[np.bool_]
    assumed: tuple[str, ...] = ()


def labels_as_same(
    written: Sequence[object],
    *,
    path: Path,
    column: str = "label",
    same_label: int | None = None,
    classes_agree: NDArray[np.bool_] | None = None,
) -> Labels:
    """Convert labels.

    Words (same, genuine, different ...) and telling names of the column count first, then the declared
    label, then the classes that the data themselves show; failing all, 1 is taken for the same class.

    Args:
        written: (p,) labels as they stand in the file.
        path: the file, for messages.
        column: what the labels are called there.
        same_label: the declared label of a same-class pair.
        classes_agree: (p,) whether the two samples lie in one class folder, if there are such.

    Raises:
        UnreadableData: more than two labels, or one that is neither word nor number.
    """
    words = [_word(value) for value in written]
    if all(word in _SAME or word in _DIFFERENT for word in words):
        return Labels(same=np.array([word in _SAME for word in words], dtype=bool))
    ones = np.array([_is_one(word, path, column) for word in words], dtype=bool)
    name = column.strip().lower().replace(" ", "_").replace("-", "_")
    if name in SAME_COLUMNS or name in DIFFERENT_COLUMNS:
        return Labels(same=ones == (name in SAME_COLUMNS))
    if same_label is not None:
        return Labels(same=ones == bool(same_label))
    if classes_agree is not None and float((ones == classes_agree).mean()) < CONTRADICTED:
        return Labels(same=~ones, assumed=(f"label 0 of {path.name} is a same-class pair, as the class folders show",))
    if classes_agree is not None and float((ones == classes_agree).mean()) > EVEN:
        return Labels(same=ones)
    return Labels(
        same=ones,
        assumed=(f"label 1 of {path.name} is a same-class pair (no training.same_label declared)",),
    )


def scores_as_same(written: Sequence[object], *, path: Path, column: str) -> Labels:
    """Scores of how alike two texts are: the upper half of the range in use is the same.

    Raises:
        UnreadableData: a score is no number.
    """
    try:
        scores = np.array([float(_word(value)) for value in written])
    except ValueError as error:
        raise UnreadableData(f"A score is no number ({error}). Received: data={path}, column={column}") from error
    if not np.isfinite(scores).all():
        raise UnreadableData(f"A score is no number. Received: data={path}, column={column}")
    middle = float(scores.min() + scores.max()) / 2
    said = f"a {column} above {middle:g}, the middle of those in {path.name}, is a same-class pair"
    return Labels(same=scores > middle, assumed=(said,))


def two_kinds(same: NDArray[np.bool_], path: Path) -> None:
    """Demand both kinds of pairs.

    Raises:
        UnreadableData: no pairs, or pairs of one kind only.
    """
    if not same.any() or same.all():
        raise UnreadableData(
            "A pair list needs same-class and different-class pairs. "
            f"Received: data={path}, pairs={same.size}, same={int(same.sum())}"
        )


def _word(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, Iterable) and not isinstance(value, str):
        inner = list(value)
        value = inner[0] if len(inner) == 1 else inner
    return str(value).strip().lower()


def _is_one(word: str, path: Path, column: str) -> bool:
    """Whether a label is the positive one of two: 1 against 0 or -1, true against false."""
    if word in _TRUE | _SAME:
        return True
    if word in _FALSE | _DIFFERENT:
        return False
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if number not in {0.0, 1.0, -1.0}:
        raise UnreadableData(
            "A label of a pair must be 0 or 1, or a word like same or different. "
            f"Received: data={path}, {column}={word!r}"
        )
    return number == 1.0
