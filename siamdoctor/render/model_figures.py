"""Pictures of the embedding and of training: map, invariance, margins, history.

Each draws the numbers that it is given, or returns None without them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from siamdoctor.render.canvas import DIFFERENT, PALETTE, SAME, USED, finish, label, legend, panels, svg
from siamdoctor.render.numbers import number

if TYPE_CHECKING:
    from siamdoctor.results import HistoryColumn, MarginPoint, Pictures, TransformDrift

_MARKERS = "os^Dv"
_MANY_POINTS = 3000  # beyond this a map of vectors would weigh megabytes
_MANY_NAMES = 12  # beyond this a legend is longer than the map
_MOST_TICKS = 8  # more would run into each other
_PER_CENT = PercentFormatter(1.0, decimals=0)


def embedding_map(pictures: Pictures) -> str | None:
    """Embeddings in two dimensions, a colour and a mark for each identity."""
    places = pictures.embedding_map
    if not places or len(places) != len(pictures.map_identities):
        return None
    figure, (panel,) = panels(height=4.6)
    names = sorted(set(pictures.map_identities))
    # With many identities some share colour and mark; drawing them together keeps the file small.
    looks = {name: k % (len(PALETTE) * len(_MARKERS)) for k, name in enumerate(names)}
    drawn = defaultdict(list)
    for place, name in zip(places, pictures.map_identities, strict=True):
        drawn[looks[name]].append(place)
    for name in names[: len(drawn)]:
        look = looks[name]
        panel.scatter(
            [x for x, _ in drawn[look]],
            [y for _, y in drawn[look]],
            s=18,
            color=PALETTE[look % len(PALETTE)],
            marker=_MARKERS[look // len(PALETTE)],
            alpha=0.8,
            linewidths=0,
            label=label(name),
            rasterized=len(places) > _MANY_POINTS,
        )
    panel.set_axis_off()
    if len(names) <= _MANY_NAMES:
        legend(panel, outside=True)
    return svg(figure, "map")


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
        panel.axhline(own[0].tolerance, color=USED, linestyle="--", linewidth=1)
        panel.set_xticks(x, labels=[number(strength) for strength in x])
        panel.set_ylim(0, 1.1 * max(highest, *(d.tolerance for d in own)))
        finish(panel, x="", y="drift" if panel is axes[0] else "", title=name.replace("_", " "))
    for panel in axes[len(names) :]:
        panel.set_visible(False)
    return svg(figure, "invariance")


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
        labelled = x[:: math.ceil(len(x) / _MOST_TICKS)]
        panel.set_xticks(labelled, labels=[number(margin) for margin in labelled], minor=False)
        panel.minorticks_off()
    panel.set_ylim(0, 1.02)
    panel.yaxis.set_major_formatter(_PER_CENT)
    finish(panel, x="margin", y="")
    legend(panel)
    return svg(figure, "margins")


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
