"""The answer of `sweep-margin` as a picture in a file of its own, PNG or SVG, on white."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from siamdoctor.render.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from siamdoctor.answer_results import MarginSweep

_BLUE, _ORANGE, _GREEN, _GREY = "#1f5f99", "#b35c00", "#2a7d4f", "#707070"
_DOTS = 150  # an inch, in a PNG
_MOST_TICKS = 10
_ROOM = 0.04  # of the axis, around a plateau of one margin
_STYLE = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "margins"}

# It would otherwise announce on stderr that it caches fonts.
logging.getLogger("matplotlib").setLevel(logging.ERROR)


def render(sweep: MarginSweep, kind: Literal["png", "svg"]) -> bytes:
    """Accuracy with its interval, AUC and active negatives against the margin, with what is recommended."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]  # 300 literal names
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        panel = figure.subplots()
        _curves(panel, sweep)
        _marks(panel, sweep)
        panel.axhline(0.5, color=_GREY, linewidth=1, linestyle=":", label="chance")
        panel.set_ylim(0, 1.02)
        panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        panel.set_xlabel(f"margin ({sweep.loss} loss, {sweep.depth} depth{', partial' if sweep.partial else ''})")
        panel.grid(visible=True, color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
        figure.legend(loc="outside right upper", frameon=False, fontsize=9)
        file = io.BytesIO()
        # Without a date, the same sweep gives the same file.
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(file, format=kind, dpi=_DOTS, facecolor="white", metadata=metadata)
    return file.getvalue()


def _curves(panel: Axes, sweep: MarginSweep) -> None:
    """The three columns that a person compares."""
    points = sweep.margins
    x = [p.margin for p in points]
    if x and min(x) > 0:
        panel.set_xscale("log")
        ticks = x[:: -(-len(x) // _MOST_TICKS)]
        panel.set_xticks(ticks, labels=[number(margin) for margin in ticks], minor=False)
        panel.minorticks_off()
    low, high = [p.accuracy.low for p in points], [p.accuracy.high for p in points]
    panel.fill_between(x, low, high, color=_BLUE, alpha=0.2, linewidth=0, label="95 % interval")
    panel.plot(x, [p.accuracy.value for p in points], "o-", color=_BLUE, label="accuracy")
    panel.plot(x, [p.auc for p in points], "^-", color=_GREEN, linewidth=1, markersize=4, label="AUC")
    panel.plot(x, [p.active for p in points], "s--", color=_ORANGE, linewidth=1, markersize=4, label="still active")


def _marks(panel: Axes, sweep: MarginSweep) -> None:
    """The recommended margin, those as good as it, and the declared one."""
    if sweep.plateau is not None:
        low, high = sweep.plateau.low * (1 - _ROOM), sweep.plateau.high * (1 + _ROOM)
        panel.axvspan(low, high, color=_GREEN, alpha=0.1, linewidth=0, label="as good as that")
    if sweep.recommended is not None:
        panel.axvline(sweep.recommended, color=_GREEN, linewidth=1.5, label=f"recommended: {number(sweep.recommended)}")
    if sweep.declared is not None:
        panel.axvline(
            sweep.declared, color=_GREY, linewidth=1.5, linestyle="--", label=f"in use: {number(sweep.declared)}"
        )
