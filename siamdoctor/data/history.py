"""The training history: a CSVLogger file, a JSON file, or TensorBoard event files."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from siamdoctor.data.events import is_event_file, read_scalars
from siamdoctor.errors import UnreadableData
from siamdoctor.results import HistoryColumn, Json

BYTE_LIMIT = 64 << 20  # of event files, which hold pictures and histograms as well
TEXT_LIMIT = 8 << 20  # a hundred thousand epochs
COUNTERS = frozenset({"epoch", "step", "steps", "iteration", "wall_time", "time", "timestamp", ""})
_ALIASES = (("accuracy", "acc"), ("accuracy", "binary_accuracy"), ("learning_rate", "lr"))
ADVICE = "Give a CSVLogger file, or json.dump(history.history, file)."


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The numbers of the training, one column each ("loss", "val_accuracy" ...), epoch by epoch."""

    columns: tuple[HistoryColumn, ...]

    def column(self, name: str) -> tuple[float, ...] | None:
        """The column of this name, or of Keras' other spelling ("acc" for "accuracy"); None without one."""
        known = {c.name: c.values for c in self.columns}
        if name in known:
            return known[name]
        for long, short in _ALIASES:
            for spelling, other in ((long, short), (short, long)):
                alias = name.removesuffix(spelling) + other
                if name in {spelling, f"val_{spelling}"} and alias in known:
                    return known[alias]
        return None

    def shown_accuracy(self) -> float | None:
        """Mean of the last third of the accuracy column that the user watched, validation before training."""
        columns = [c for c in self.columns if "acc" in c.name.lower()]
        for column in sorted(columns, key=lambda c: not c.name.startswith("val_")):
            tail = [v for v in column.values[-max(1, len(column.values) // 3) :] if math.isfinite(v)]
            if tail:
                return sum(tail) / len(tail)
        return None


def read_history(path: Path) -> History:
    """Read a history: .csv, .json, an event file, or a folder of event files (train/ and validation/).

    Values that are no numbers become NaN.

    Raises:
        UnreadableData: missing, of no known kind, pickled, or without a single epoch.
    """
    if path.is_dir():
        return _from_event_folder(path)
    if not path.is_file():
        raise UnreadableData(f"There is no such training history. Received: training.history={path}")
    try:
        if path.stat().st_size > BYTE_LIMIT:
            _refuse(path, "is larger than 64 MB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableData(
            f"The training history cannot be read ({error.strerror}). Received: training.history={path}"
        ) from error
    if is_event_file(data):
        return _history(_epochs(read_scalars(data), ""), path)
    if len(data) > TEXT_LIMIT:
        _refuse(path, f"is larger than {TEXT_LIMIT >> 20} MB")
    if data[:6] == b"\x93NUMPY" or data[:1] == b"\x80":
        _refuse(path, "is pickled, and unpickling could run code")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse(path, "is neither CSV nor JSON text")
    if text.lstrip()[:1] in {"{", "["}:
        return _history(_from_json(text, path), path)
    return _history(_from_csv(text), path)


def _from_csv(text: str) -> dict[str, list[float]]:
    """Columns of a CSVLogger file, whatever its separator; repeated headers of resumed runs are skipped."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    if not rows:
        return {}
    header = [name.strip() for name in rows[0]]
    body = [row for row in rows[1:] if any(row) and [v.strip() for v in row] != header]
    return {name: [_number(row[k]) if k < len(row) else math.nan for row in body] for k, name in enumerate(header)}


def _from_json(text: str, path: Path) -> dict[str, list[float]]:
    """Columns of a dict of lists (also inside "history"), of pandas' dict of dicts, or of a list of epochs."""
    try:
        content: Json = json.loads(text)
    except (ValueError, RecursionError):
        _refuse(path, "is not valid JSON")
    if isinstance(content, dict) and isinstance(content.get("history"), dict):
        content = content["history"]
    if isinstance(content, list):
        epochs = [epoch for epoch in content if isinstance(epoch, dict)]
        names = dict.fromkeys(name for epoch in epochs for name in epoch)
        return {name: [_number(epoch.get(name)) for epoch in epochs] for name in names}
    if not isinstance(content, dict):
        _refuse(path, "holds no columns")
    columns = {name: list(v.values()) if isinstance(v, dict) else v for name, v in content.items()}
    return {name: [_number(v) for v in values] for name, values in columns.items() if isinstance(values, list)}


def _from_event_folder(path: Path) -> History:
    """Scalars of the newest event file in each folder; those below validation/ get the prefix val_."""
    newest: dict[tuple[str, ...], Path] = {}
    try:
        for file in sorted(path.rglob("*tfevents*")):
            newest[file.relative_to(path).parts[:-1]] = file
        columns: dict[str, list[float]] = {}
        for parts, file in newest.items():
            if file.stat().st_size > BYTE_LIMIT:
                _refuse(file, "is larger than 64 MB")
            prefix = "val_" if parts and parts[-1].startswith(("val", "eval")) else ""
            columns |= _epochs(read_scalars(file.read_bytes()), prefix)
    except OSError as error:
        raise UnreadableData(
            f"The training history cannot be read ({error.strerror}). Received: training.history={path}"
        ) from error
    return _history(columns, path)


def _epochs(scalars: Mapping[str, list[float]], prefix: str) -> dict[str, list[float]]:
    """Keras' tags "epoch_loss" as columns "loss"; what was logged by batch is left out."""
    named = {tag.rpartition("/")[2]: values for tag, values in scalars.items()}
    by_epoch = {t.removeprefix("epoch_"): v for t, v in named.items() if not t.startswith(("batch_", "evaluation_"))}
    return {prefix + name: values for name, values in by_epoch.items()}


def _history(columns: Mapping[str, Iterable[float]], path: Path) -> History:
    """Columns that hold a number, without the counters."""
    kept = tuple(
        HistoryColumn(name=name, values=values)
        for name, numbers in columns.items()
        if name.lower() not in COUNTERS
        and (values := tuple(numbers))
        and not all(math.isnan(v) and "loss" not in name for v in values)
    )
    if not kept:
        _refuse(path, "holds no epoch with numbers")
    return History(columns=kept)


def _number(value: object) -> float:
    """A value as a float; text that is none, and None, as NaN."""
    try:
        return float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _refuse(path: Path, fault: str) -> NoReturn:
    raise UnreadableData(f"The training history {fault}. Received: training.history={path}. {ADVICE}")
