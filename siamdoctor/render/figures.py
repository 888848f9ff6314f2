"""The pictures of the HTML report. Each draws the numbers that it is given, or returns None without them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from siamdoctor.render.canvas import BEST, DIFFERENT, INK, PALETTE, SAME, USED, finish, label, legend, panels, svg
from siamdoctor.render.charts import common_range
from siamdoctor.render.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siamdoctor.results import HistoryColumn, MarginPoint, Pictures, TransformDrift

_BINS = 40
_MARKERS = "os^Dv"
_MANY_POINTS = 3000  # beyond this a map of vectors would weigh megabytes
_MANY_NAMES = 12  # beyond this a legend is longer than the map
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


def margins(points: tuple[MarginPoint, ...]) -> str | None:
    """Accuracy against margin, and the share of negatives that still train."""
    if len(points) < 2:  # noqa: PLR2004  (a curve)
        return None
    figure, (panel,) = panels()
    x = [p.margin for p in points]
    panel.fill_between(x, [p.accuracy.low for p in points], [p.accuracy.high for p in points], color=SAME, alpha=0.25)
    panel.plot(x, [p.accuracy.value for p in points], "o-", color=SAME, label="accuracy, 95 % interval")
    panel.plot(x, [p.active for p in points], "s--", color=DIFFERENT, label="negatives still active")
    if min(x) > 0:
        panel.set_xscale("log")
        panel.set_xticks(x, labels=[number(margin) for margin in x], minor=False)
        panel.minorticks_off()
    panel.set_ylim(0, 1.02)
    panel.yaxis.set_major_formatter(_PER_CENT)
    finish(panel, x="margin", y="")
    legend(panel)
    return svg(figure, "margins")


def invariance(drifts: tuple[TransformDrift, ...]) -> str | None:
    """How far each transform moves an embedding, one panel a transform."""
    names = list(dict.fromkeys(drift.name for drift in drifts))
    if not names:
        return None
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure, axes = panels(columns, rows, height=0.4 + 1.9 * rows)
    highest = max((d.drift for d in drifts if math.isfinite(d.drift)), default=1.0)
    for panel, name in zip(axes, names, strict=False):
        own = sorted((d for d in drifts if d.name == name), key=lambda d: d.strength)
        x = [d.strength for d in own]
        panel.plot(x, [d.drift for d in own], "o-", color=SAME)
        panel.plot(x, [d.tolerance for d in own], color=USED, linestyle="--", linewidth=1)
        panel.set_ylim(0, 1.1 * max(highest, *(d.tolerance for d in own)))
        finish(panel, x="", y="drift" if panel is axes[0] else "", title=name.replace("_", " "))
    for panel in axes[len(names) :]:
        panel.set_visible(False)
    return svg(figure, "invariance")


def embedding_map(pictures: Pictures) -> str | None:
    """Embeddings in two dimensions, a colour and a mark for each identity."""
    places = pictures.embedding_map
    if not places or len(places) != len(pictures.map_identities):
        return None
    figure, (panel,) = panels(height=4.6)
    names = sorted(set(pictures.map_identities))
    for k, name in enumerate(names):
        own = [p for p, who in zip(places, pictures.map_identities, strict=True) if who == name]
        panel.scatter(
            [p[0] for p in own],
            [p[1] for p in own],
            s=18,
            color=PALETTE[k % len(PALETTE)],
            marker=_MARKERS[k // len(PALETTE) % len(_MARKERS)],
            alpha=0.8,
            linewidths=0,
            label=label(name),
            rasterized=len(places) > _MANY_POINTS,
        )
    panel.set_axis_off()
    if len(names) <= _MANY_NAMES:
        legend(panel, outside=True)
    return svg(figure, "map")


def history(columns: tuple[HistoryColumn, ...]) -> str | None:
    """Losses on the left, everything else that stays within 0 and 1 on the right."""
    losses = [c for c in columns if c.values and "loss" in c.name.lower()]
    shares = [c for c in columns if c.values and c not in losses and all(0 <= v <= 1 for v in c.values)]
    groups = [group for group in (losses, shares) if group]
    if not groups:
        return None
    figure, axes = panels(columns=len(groups))
    for panel, group in zip(axes, groups, strict=True):
        for k, column in enumerate(group):
            dashed = column.name.startswith("val")
            panel.plot(
                range(1, len(column.values) + 1),
                column.values,
                color=PALETTE[k % len(PALETTE)],
                linestyle="--" if dashed else "-",
                label=label(column.name),
            )
        if group is shares:
            panel.set_ylim(0, 1.02)
        finish(panel, x="epoch", y="")
        legend(panel, small=True)
    return svg(figure, "history")


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
