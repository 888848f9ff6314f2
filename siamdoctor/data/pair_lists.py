"""Pair lists in text files: CSV with or without a header, triplets in CSV, and LFW's pairs.txt."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from siamdoctor.data.images import SUFFIXES
from siamdoctor.data.listed_pairs import ListedPairs, listed_samples
from siamdoctor.data.pair_labels import DIFFERENT_COLUMNS, SAME_COLUMNS
from siamdoctor.data.samples import Samples
from siamdoctor.data.text_tables import text_table
from siamdoctor.errors import UnreadableData

BYTE_LIMIT = 128 << 20
LINE_LIMIT = 1_000_000  # each pair takes some hundred bytes
LONGEST_LINE = 1 << 16
SEPARATORS = (",", ";", "\t", " ")
COLUMNS = 3
_SIDE = r"(?:image|img|path|file|filename|filepath|photo|face|signature|sample|x|id)"
_LEFT = re.compile(rf"^(?:left|a|first|anchor|query|{_SIDE}_?(?:1|a|left|0)|(?:left|first)_?{_SIDE})(?:_path|_file)?$")
_RIGHT = re.compile(
    rf"^(?:right|b|second|other|candidate|{_SIDE}_?(?:2|b|right)|(?:right|second)_?{_SIDE})(?:_path|_file)?$"
)
_ANCHOR, _POSITIVE, _NEGATIVE = (re.compile(rf"^{n}(?:_{_SIDE})?$") for n in ("anchor", "positive", "negative"))
_LABELS = (
    frozenset({"label", "labels", "y", "target", "class", "is_pair", "outcome"}) | SAME_COLUMNS | DIFFERENT_COLUMNS
)
_WITHIN = re.compile(r"^(\S.*?)\s+(\d{1,9})\s+(\d{1,9})$")
_BETWEEN = re.compile(r"^(\S.*?)\s+(\d{1,9})\s+(\S.*?)\s+(\d{1,9})$")
_HEADER = re.compile(r"^\d+(\s+\d+)?$")
EXPECTED = (
    "Expected columns left,right,label (paths relative to the file), question1,question2,is_duplicate or text,label "
    "(sentences), or the lines of LFW's pairs.txt."
)


def read_pair_list(path: Path, same_label: int | None) -> Samples:
    """Read a pair list.

    Raises:
        UnreadableData: no text, no columns that name two images and a label, or files that do not exist.
    """
    text = _text(path)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UnreadableData(f"The pair list is empty. Received: data={path}. {EXPECTED}")
    rows = lines[1:] if _HEADER.match(lines[0]) else lines
    if rows and all(_WITHIN.match(line) or _BETWEEN.match(line) for line in rows[:20]):
        return listed_samples(_lfw(path, rows), same_label=1)
    sentences = text_table(path, text, same_label)
    if sentences is not None:
        return sentences
    return listed_samples(_table(path, text), same_label)


def _text(path: Path) -> str:
    """The list as text, after a look at how many lines it has and how long they are."""
    if path.stat().st_size > BYTE_LIMIT:
        raise UnreadableData(f"The pair list is larger than {BYTE_LIMIT >> 20} MB. Received: data={path}")
    content = path.read_bytes()
    if content.count(b"\n") + content.count(b"\r") > 2 * LINE_LIMIT:
        raise UnreadableData(
            f"The pair list has more than {LINE_LIMIT} lines. Received: data={path}. Give a part of it; some thousand "
            "pairs are enough for a diagnosis."
        )
    if max(map(len, content.splitlines()), default=0) > LONGEST_LINE:
        raise UnreadableData(
            f"A line of the pair list has more than {LONGEST_LINE} bytes. Received: data={path}. {EXPECTED}"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableData(f"The pair list is not UTF-8 text. Received: data={path}") from error


def _table(path: Path, text: str) -> ListedPairs:
    """A table of two files and a label, or of anchor, positive and negative."""
    lines = text.splitlines()
    separator = max(SEPARATORS, key=lambda s: (lines[0].count(s) >= COLUMNS - 1, -SEPARATORS.index(s)))
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator, skipinitialspace=True)]
    except csv.Error as error:
        raise UnreadableData(f"The pair list is no table ({error}). Received: data={path}. {EXPECTED}") from error
    rows = [row for row in rows if any(row)]
    header = [re.sub(r"[\s-]+", "_", cell.lower()) for cell in rows[0]]
    triple = [_column(header, pattern) for pattern in (_ANCHOR, _POSITIVE, _NEGATIVE)]
    if None not in triple:
        return _triples(path, rows[1:], [k for k in triple if k is not None])
    left, right = _column(header, _LEFT), _column(header, _RIGHT)
    label = next((k for k, name in enumerate(header) if name in _LABELS), None)
    body = rows[1:]
    if left is None or right is None or label is None:
        if not _names_images(rows[0]):
            raise UnreadableData(
                f"No columns of two images and a label were found. Received: data={path}, "
                f"header={', '.join(rows[0])}. {EXPECTED}"
            )
        left, right, label, body, header = 0, 1, 2, rows, ["left", "right", "label"]
    _demand_width(path, body, max(left, right, label))
    return ListedPairs(
        path=path,
        root=path.parent,
        layout="pair list (CSV)",
        left=_files(path, [row[left] for row in body]),
        right=_files(path, [row[right] for row in body]),
        labels=tuple(row[label] for row in body),
        column=header[label],
    )


def _triples(path: Path, rows: Sequence[Sequence[str]], columns: Sequence[int]) -> ListedPairs:
    """Each triple as a same-class and a different-class pair."""
    _demand_width(path, rows, max(columns))
    anchor, positive, negative = (_files(path, [row[k] for row in rows]) for k in columns)
    return ListedPairs(
        path=path,
        root=path.parent,
        layout="triplet list (CSV)",
        left=anchor + anchor,
        right=positive + negative,
        labels=("same",) * len(anchor) + ("different",) * len(anchor),
    )


def _lfw(path: Path, lines: Sequence[str]) -> ListedPairs:
    """LFW's list: "Name 1 2" is a same-class pair, "Name 1 Other 2" a different-class one."""
    left, right, labels = [], [], []
    for line in lines:
        between, within = _BETWEEN.match(line), _WITHIN.match(line)
        if between:
            left.append((between[1], int(between[2])))
            right.append((between[3], int(between[4])))
        elif within:
            left.append((within[1], int(within[2])))
            right.append((within[1], int(within[3])))
        else:
            raise UnreadableData(f"A line is not of LFW's form. Received: data={path}, line={line[:80]!r}")
        labels.append("different" if between else "same")
    root, suffix = _lfw_images(path, left[0][0])
    files = [tuple(f"{name}/{name}_{number:04d}{suffix}" for name, number in side) for side in (left, right)]
    return ListedPairs(
        path=path, root=root, layout="LFW pairs.txt", left=files[0], right=files[1], labels=tuple(labels)
    )


def _lfw_images(path: Path, person: str) -> tuple[Path, str]:
    """The folder that holds a folder for this person, beside the list or one further down; and the suffix."""
    beside = [path.parent, *sorted(p for p in path.parent.iterdir() if p.is_dir())]
    for root in beside:
        files = sorted((root / person).iterdir()) if (root / person).is_dir() else []
        image = next((f for f in files if f.suffix.lower() in SUFFIXES), None)
        if image is not None:
            return root, image.suffix
    raise UnreadableData(
        f"The images of the list were not found. Received: data={path}, looked for={path.parent / person} and in the "
        "folders beside the list. Put pairs.txt beside the folder of persons."
    )


def _column(header: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((k for k, name in enumerate(header) if pattern.match(name)), None)


def _names_images(row: Sequence[str]) -> bool:
    """Whether a first line without known names is itself a pair."""
    return len(row) == COLUMNS and all(Path(cell).suffix.lower() in SUFFIXES for cell in row[:2])


def _demand_width(path: Path, rows: Sequence[Sequence[str]], last: int) -> None:
    for number, row in enumerate(rows, start=1):
        if len(row) <= last:
            raise UnreadableData(
                f"A row of the pair list is too short. Received: data={path}, row {number}={','.join(row)[:80]!r}"
            )
    if not rows:
        raise UnreadableData(f"The pair list holds no pairs. Received: data={path}. {EXPECTED}")


def _files(path: Path, cells: Sequence[str]) -> tuple[str, ...]:
    """Paths with forward slashes; remote ones are refused."""
    for cell in cells:
        if "://" in cell:
            raise UnreadableData(f"Only local files are read. Received: data={path}, file={cell!r}")
    return tuple(cell.replace("\\", "/") for cell in cells)
