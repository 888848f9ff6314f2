"""Pictures of pairs: distances, accuracy against threshold, and the errors that a threshold trades.

Each draws the numbers that it is given, or returns None without them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from siamdoctor.render.canvas import BEST, DIFFERENT, INK, SAME, USED, finish, legend, panels, svg
from siamdoctor.render.charts import common_range
from siamdoctor.render.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siamdoctor.results import Pictures

_BINS = 40
_PER_CENT = PercentFormatter(1.0, decimals=0)


def distances(pictures: Pictures) -> str | None:
    """Same-class and different-class distances on one scale, with the thresholds."""
    span = common_range(pictures.positives, pictures.negatives)
    if span is None or not pictures.positives or not pictures.negatives:
        return None
    figure, (panel,) = panels()
    edges = [span[0] + (span[1] - span[0]) * k / _BINS for k in range(_BINS + 1)]
    for values, colour, name in (
        (pictures.positives, SAME, "same"),
        (pictures.negatives, DIFFERENT, "different"),
    ):
        finite = [v for v in values if math.isfinite(v)]
        weights = [1 / len(finite)] * len(finite)
        panel.hist(finite, bins=edges, weights=weights, color=colour, alpha=0.55, label=name, histtype="stepfilled")
    _thresholds(panel, pictures)
    panel.yaxis.set_major_formatter(_PER_CENT)
    finish(panel, x="distance (small = alike)", y="share of pairs")
    legend(panel)
    return svg(figure, "distances")


def accuracy_by_threshold(pictures: Pictures) -> str | None:
    """How the accuracy depends on the threshold."""
    curve = pictures.accuracy_by_threshold
    if curve is None or not curve.x:
        return None
    figure, (panel,) = panels()
    panel.plot(curve.x, curve.y, color=INK)
    _thresholds(panel, pictures)
    panel.axhline(0.5, color=INK, linewidth=0.8, linestyle=":")
    panel.yaxis.set_major_formatter(_PER_CENT)
    finish(panel, x="threshold", y="balanced accuracy")
    legend(panel)
    return svg(figure, "accuracy")


def roc(pictures: Pictures) -> str | None:
    """The ROC curve, and beside it the same errors on logarithmic axes, with the point in use."""
    curve = pictures.roc
    if curve is None or not curve.x:
        return None
    figure, (left, right) = panels(columns=2)
    left.plot(curve.x, curve.y, color=INK)
    left.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    finish(left, x="false matches", y="true matches", title="ROC")
    pairs = [(x, 1 - y) for x, y in zip(curve.x, curve.y, strict=True) if x > 0 and y < 1]
    right.plot([x for x, _ in pairs], [y for _, y in pairs], color=INK)
    if pairs:
        right.set_xscale("log")
        right.set_yscale("log")
    finish(right, x="false matches", y="false non-matches", title="DET (logarithmic)")
    point = _operating_point(pictures)
    if point is not None:
        left.plot(*point, "o", color=USED, label="threshold in use", clip_on=False)
        legend(left, where="lower right")
        if point[0] > 0 and point[1] < 1:
            right.plot(point[0], 1 - point[1], "o", color=USED, clip_on=False)
    return svg(figure, "roc")


def _thresholds(panel: Axes, pictures: Pictures) -> None:
    """The threshold in use and the best one, as lines."""
    for value, colour, style, words in (
        (pictures.threshold, USED, "-", "threshold in use"),
        (pictures.best, BEST, "--", "best threshold"),
    ):
        if value is not None and math.isfinite(value):
            panel.axvline(value, color=colour, linestyle=style, label=f"{words}: {number(value)}")


def _operating_point(pictures: Pictures) -> tuple[float, float] | None:
    """(false matches, true matches) at the threshold in use: pairs below it are called the same."""
    threshold = pictures.threshold
    if threshold is None or not math.isfinite(threshold) or not pictures.positives or not pictures.negatives:
        return None
    false, true = (
        sum(v < threshold for v in values) / len(values) for values in (pictures.negatives, pictures.positives)
    )
    return false, true
