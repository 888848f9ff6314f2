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
    "auc_low",
    "auc_high",
    "active_low",
    "active_high",
    "spread_low",
    "spread_high",
    "effective_rank_low",
    "effective_rank_high",
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
        intervals = (
            point.auc_interval,
            point.active_interval,
            point.spread_interval,
            point.effective_rank_interval,
        )
        ends = [end for shown in intervals for end in ((None, None) if shown is None else (shown.low, shown.high))]
        writer.writerow([*map(_cell, numbers), *(int(mark) for mark in marks), *map(_cell, ends)])
    return file.getvalue()


def _cell(value: float | None) -> str:
    """A number in full, or nothing."""
    return "" if value is None or not math.isfinite(value) else repr(float(value))
