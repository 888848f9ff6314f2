"""Texts as a data set. They have no numbers until a vocabulary gives them some: see `siamdoctor.texts`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from siamdoctor.data.samples import FloatArray, GivenPairs, IndexArray, Samples, Text, Unreadable
from siamdoctor.errors import UnreadableData

MOST_TEXTS = 1_000_000
MOST_LETTERS = 128 << 20  # of all texts together
LONGEST_TEXT = 1 << 20  # letters
_SURROGATES = range(0xD800, 0xE000)  # halves of letters, which cannot be written as UTF-8
EMPTY = "it is an empty text"


def text_samples(
    texts: Sequence[Text],
    path: Path,
    *,
    identity: IndexArray,
    identity_names: tuple[str, ...],
    layout: str,
    names: tuple[str, ...] | None = None,
    pairs: GivenPairs | None = None,
    assumed: tuple[str, ...] = (),
    identity_known: bool = True,
    failed: Mapping[int, str] | None = None,
) -> Samples:
    """Texts as samples.

    Args:
        texts: (n,) each as the pieces that a model takes: one, or the words that it is made of.
        path: the file or folder.
        identity: (n,) class of each.
        identity_names: names of the classes.
        layout: how they are stored.
        names: (n,) of the samples, such as file names.
        pairs: the user's own.
        assumed: what was taken for granted.
        identity_known: whether classes come from the data.
        failed: why some could not be read, by number; those are empty in `texts`.

    Raises:
        UnreadableData: too many, too long, or none that holds anything.
    """
    _demand_sane(texts, path)
    reasons = dict(failed or {})
    reasons |= {k: EMPTY for k, text in enumerate(texts) if k not in reasons and not any(map(str.strip, text))}
    if len(reasons) == len(texts):
        raise UnreadableData(
            f"No text could be read. Received: data={path}, texts={len(texts)}, the first: {reasons.get(0, EMPTY)}"
        )
    known = names or tuple(f"text {k}" for k in range(len(texts)))
    skipped = tuple(Unreadable(name=known[k], reason=reasons[k]) for k in sorted(reasons))
    identity.setflags(write=False)

    def load(_: IndexArray, __: tuple[int, ...]) -> FloatArray:
        raise UnreadableData(f"Texts are no numbers before a vocabulary makes them so. Received: data={path}")

    return Samples(
        path=path,
        format=layout,
        kind="text",
        names=known,
        identity=identity,
        identity_names=identity_names,
        stored_scale=0.0,
        load=load,
        digest=lambda indices: tuple(_digest(texts[k]) for k in np.asarray(indices).tolist()),
        thumbnail=lambda _: b"",
        unreadable=lambda: skipped,
        pairs=pairs,
        assumed=assumed,
        identity_known=identity_known,
        text=lambda index: texts[index],
    )


def paired_texts(
    left: Sequence[Text],
    right: Sequence[Text],
    same: np.ndarray,
    path: Path,
    *,
    layout: str,
    assumed: tuple[str, ...],
) -> Samples:
    """The user's own pairs of texts; equal texts are one sample, whose class is unknown."""
    numbers: dict[Text, int] = {}
    sides = [np.array([numbers.setdefault(text, len(numbers)) for text in side], np.int64) for side in (left, right)]
    return text_samples(
        tuple(numbers),
        path,
        identity=np.arange(len(numbers)),
        identity_names=tuple(f"text {k}" for k in range(len(numbers))),
        layout=layout,
        pairs=GivenPairs(left=sides[0], right=sides[1], same=same),
        assumed=(*assumed, "the classes of the texts are unknown: each counts as its own"),
        identity_known=False,
    )


def plain_texts(values: np.ndarray, path: Path, name: str) -> tuple[Text, ...]:
    """An array of text, (n,) sentences or (n, k) words, as texts.

    Raises:
        UnreadableData: it is neither, is too large, or holds letters that do not exist.
    """
    if values.ndim not in (1, 2) or 0 in values.shape:
        raise UnreadableData(f"Texts must lie along one axis. Received: data={path}, {name}={values.shape}")
    _demand_few(len(values), path)
    pieces = values.shape[1] if values.ndim == 2 else 1  # noqa: PLR2004  (rows of words)
    rows = max(1, (64 << 20) // max(1, values.dtype.itemsize * pieces))  # 64 MiB at a time
    found: list[Text] = []
    letters = 0
    for start in range(0, len(values), rows):
        part = np.asarray(values[start : start + rows]).reshape(-1, pieces)
        _demand_letters(part, path, name)
        for row in part.tolist():
            found.append(tuple(_decoded(piece, path, name) for piece in row))
            letters += sum(map(len, found[-1]))
        if letters > MOST_LETTERS:
            break  # said below
    _demand_sane(found, path)
    return tuple(found)


def is_text(values: np.ndarray) -> bool:
    """Whether an array holds text."""
    if values.dtype.kind in "US":
        return True
    return values.dtype.kind == "O" and values.size > 0 and all(isinstance(v, str | bytes) for v in values.flat)


def as_array(value: object) -> np.ndarray:
    """Anything as an array; of texts as an array of objects, since one long text would widen all others.

    Raises:
        ValueError: rows of different lengths.
    """
    if isinstance(value, list | tuple) and value and isinstance(value[0], str | bytes):
        return np.array(value, dtype=object)
    return np.asarray(value)


def shown(text: Text, longest: int = 160) -> str:
    """The beginning of a text as one line."""
    whole = " ".join(" ".join(text)[: 4 * longest].split())
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in whole)
    return printable if len(printable) <= longest else f"{printable[: longest - 1]}…"


def _decoded(piece: object, path: Path, name: str) -> str:
    """One piece as text that can be written down as UTF-8."""
    try:
        made = piece.decode("utf-8") if isinstance(piece, bytes) else str(piece)
        made.encode("utf-8")
    except UnicodeError as error:
        raise UnreadableData(f"A text is not UTF-8. Received: data={path}, {name}={piece!r:.60}") from error
    return made


def _demand_letters(part: np.ndarray, path: Path, name: str) -> None:
    """Refuse numbers in place of letters, which numpy would stumble over."""
    if part.dtype.kind != "U" or part.dtype.itemsize == 0:
        return
    codes = np.ascontiguousarray(part.astype(part.dtype.newbyteorder("="), copy=False)).view(np.uint32)
    if codes.max(initial=0) > sys.maxunicode or ((codes >= _SURROGATES.start) & (codes < _SURROGATES.stop)).any():
        raise UnreadableData(
            f"The texts hold characters that do not exist: the file is damaged. Received: data={path}, {name}"
        )


def _demand_few(count: int, path: Path) -> None:
    if count > MOST_TEXTS:
        raise UnreadableData(
            f"More than {MOST_TEXTS} texts are not read. Received: data={path}, texts={count}. Give a part of them; a "
            "few thousand are enough for a diagnosis."
        )


def _demand_sane(texts: Sequence[Text], path: Path) -> None:
    """Refuse more text than is needed for any diagnosis."""
    _demand_few(len(texts), path)
    sizes = [sum(map(len, text)) for text in texts]
    if max(sizes, default=0) > LONGEST_TEXT:
        raise UnreadableData(
            f"A text has more than {LONGEST_TEXT} letters. Received: data={path}, text number "
            f"{int(np.argmax(sizes)) + 1}, {max(sizes)} letters. Cut it, as your own program must."
        )
    if sum(sizes) > MOST_LETTERS:
        raise UnreadableData(
            f"The texts have more than {MOST_LETTERS} letters. Received: data={path}. Give a part of them; a few "
            "thousand are enough for a diagnosis."
        )


def _digest(text: Text) -> str:
    """Hash of a text."""
    return hashlib.blake2b("\0".join(text).encode("utf-8", "replace"), digest_size=16).hexdigest()
