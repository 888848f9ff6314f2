"""Pictures for a terminal: the two distance histograms with the threshold, and the training history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from siamdoctor.render.charts import column, common_range, histogram, markers
from siamdoctor.render.numbers import number
from siamdoctor.render.terminal_page import facts, heading, line

if TYPE_CHECKING:
    from siamdoctor.results import Pictures

_LABEL = 12  # columns that "different" and a gap take


def distances(pictures: Pictures, width: int) -> RenderableType | None:
    """Same-class above different-class distances on one scale: apart is good, on top of each other is not."""
    thresholds = [t for t in (pictures.threshold, pictures.best) if t is not None and math.isfinite(t)]
    span = common_range(pictures.positives, pictures.negatives)
    if span is None or not pictures.positives or not pictures.negatives:
        return None
    low, high = min(*span, *thresholds), max(*span, *thresholds)
    bins = max(20, min(width, 100) - _LABEL - 8)
    marks, legend = [], []
    for threshold, mark, words in ((pictures.best, "o", "best"), (pictures.threshold, "^", "in use")):
        if threshold in thresholds and threshold is not None:
            marks.append((column(threshold, low, high, bins), mark))
            legend.append(f"{mark} threshold {words}: {number(threshold)}")
    scale = number(low).ljust(bins - len(number(high))) + number(high)
    rows = [
        ("same", histogram(pictures.positives, low, high, bins)),
        ("different", histogram(pictures.negatives, low, high, bins)),
        ("", markers(tuple(marks), bins)),
        ("", scale),
    ]
    body = [Text(f"{name:<{_LABEL}}{text}") for name, text in rows]
    if legend:
        body.append(line(" " * _LABEL + "   ".join(legend), "dim"))
    return Group(heading("DISTANCES OF PAIRS"), Padding(Group(*body), (0, 0, 1, 2)))


def history(pictures: Pictures) -> RenderableType | None:
    """The first and the last value of each column of the training history."""
    columns = [c for c in pictures.history if c.values]
    if not columns:
        return None
    rows = [(c.name, f"{number(c.values[0])} -> {number(c.values[-1])}") for c in columns]
    epochs = max(len(c.values) for c in columns)
    return Group(
        heading(f"TRAINING HISTORY  {epochs} epochs, first and last"),
        Padding(facts(tuple(rows)), (0, 0, 1, 2)),
    )
