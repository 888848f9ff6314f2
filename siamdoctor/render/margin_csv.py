"""The answer of `sweep-margin` as a table for spreadsheets and plotting programs: a row a margin."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siamdoctor.answer_results import MarginSweep

_COLUMNS = (
    "margin",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "auc",
    "active",
    "spread",
    "effective_rank",
    "recommended",
    "as_good",
    "declared",
)


def render(sweep: MarginSweep) -> str:
    """CSV (RFC 4180) with a head; shares from 0 to 1, marks 0 or 1, an empty cell where nothing was measured."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    plateau = sweep.plateau
    for point in sweep.margins:
        numbers = (
            point.margin,
            point.accuracy.value,
            point.accuracy.low,
            point.accuracy.high,
            point.auc,
            point.active,
            point.spread,
            point.effective_rank,
        )
        marks = (
            point.margin == sweep.recommended,
            plateau is not None and plateau.low <= point.margin <= plateau.high,
            point.margin == sweep.declared,
        )
        writer.writerow([*(_cell(value) for value in numbers), *(int(mark) for mark in marks)])
    return file.getvalue()


def _cell(value: float | None) -> str:
    """A number in full, or nothing."""
    return "" if value is None or not math.isfinite(value) else repr(float(value))
