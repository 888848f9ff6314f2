"""How a figure becomes SVG that lives in a page: its colours follow the page, its text stays text.

matplotlib draws with stand-in colours, which are replaced by the page's CSS variables afterwards, so that
one drawing serves light and dark mode, and print.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

from siamdoctor.render.prose import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

INK, FAINT, SAME, DIFFERENT, USED, BEST = "#010203", "#010204", "#010205", "#010206", "#010207", "#010208"
_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--rule)",
    SAME: "var(--same)",
    DIFFERENT: "var(--different)",
    USED: "var(--used)",
    BEST: "var(--best)",
}
# Mid-tones that stand out from white and from near-black alike.
PALETTE = (
    "#3b82c4",
    "#e08a1e",
    "#2a9d77",
    "#c9547c",
    "#8a6fd1",
    "#6b8e23",
    "#c0504d",
    "#2aa5b5",
    "#9a7b4f",
    "#888888",
)
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "lines.linewidth": 1.8,
}

# It would otherwise announce on stderr that it caches fonts.
logging.getLogger("matplotlib").setLevel(logging.ERROR)


def panels(columns: int = 1, rows: int = 1, *, width: float = 6.4, height: float = 3.2) -> tuple[Figure, list[Axes]]:
    """A figure of this many panels; sizes in inches of 72 points. Row by row."""
    with _styled():
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
    return figure, [panel for row in axes for panel in row]


def svg(figure: Figure, name: str) -> str:
    """The figure as an <svg> element without sizes of its own; `name` keeps its ids apart from others'."""
    with _styled(name):
        file = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing)
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawn, count=1)
    drawn = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawn, count=1)
    # Groups are named axes_1 and the like in every drawing; within a page an id stands once. Nothing refers to them.
    drawn = re.sub(r'<g id="[^"]*"', "<g", drawn)
    for stand_in, variable in _VARIABLES.items():
        drawn = drawn.replace(stand_in, variable)
    return drawn


@contextmanager
def _styled(salt: str = "") -> Iterator[None]:
    """The style above, for as long as the block lasts."""
    settings = {**_STYLE, "svg.hashsalt": salt}
    with warnings.catch_warnings(), mpl.rc_context(settings):  # type: ignore[arg-type]  # 300 literal names
        # The browser draws the letters; matplotlib only measures them, and may lack those of a name.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def finish(panel: Axes, *, x: str, y: str, title: str = "") -> None:
    """Labels, and a faint grid behind the data."""
    panel.set_xlabel(x)
    panel.set_ylabel(y)
    if title:
        panel.set_title(title, loc="left", fontsize=10, color=INK)
    panel.grid(visible=True, color=FAINT, linewidth=0.6)
    panel.set_axisbelow(True)


def legend(
    panel: Axes, *, where: Literal["best", "lower right"] = "best", small: bool = False, outside: bool = False
) -> None:
    """What the colours mean, where anything is labelled; `outside` sets it to the right of the panel."""
    if not panel.get_legend_handles_labels()[0]:
        return
    size = 8 if small or outside else 9
    if outside:
        made = panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=size, labelcolor=INK, frameon=False)
    else:
        made = panel.legend(loc=where, fontsize=size, labelcolor=INK, frameon=False)
    for entry in made.get_texts():
        entry.set_parse_math(False)  # a dollar sign in a name is a dollar sign


def label(name: str) -> str:
    """A user's word as an entry of a legend, which would leave out one that begins with an underscore."""
    return ("\u2009" if name.startswith("_") else "") + printable(name)
