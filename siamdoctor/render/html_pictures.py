"""The pictures of the HTML report in their frames: caption, description for those who cannot see, thumbnails."""

from __future__ import annotations

import base64
import math
from statistics import median
from typing import TYPE_CHECKING

from siamdoctor.render import model_figures, pair_figures
from siamdoctor.render.html_page import text
from siamdoctor.render.numbers import number, percent

if TYPE_CHECKING:
    from siamdoctor.results import Mistake, Pictures

_MOST_PAIRS = 12  # of each kind of mistake


def pictures_section(pictures: Pictures) -> str:
    """Every picture that has numbers, under one heading, or nothing."""
    drawn = [
        _figure(pair_figures.distances(pictures), "Distances of pairs", _about_distances(pictures)),
        _figure(
            pair_figures.accuracy_by_threshold(pictures), "Accuracy against threshold", _about_thresholds(pictures)
        ),
        _figure(
            pair_figures.roc(pictures),
            "Matches against errors",
            "ROC curve and the same errors on logarithmic axes; the dot is the threshold in use.",
        ),
        _figure(model_figures.embedding_map(pictures), "Map of the embeddings", _about_map(pictures)),
        _figure(
            model_figures.invariance(pictures.invariance),
            "What moves an embedding",
            _about_invariance(pictures),
        ),
        _figure(model_figures.margins(pictures.margins), "Accuracy against margin", _about_margins(pictures)),
        _figure(model_figures.history(pictures.history), "Training history", _about_history(pictures)),
    ]
    shown = "\n".join(figure for figure in drawn if figure)
    return f"<h2>Pictures</h2>\n{shown}" if shown else ""


def mistakes_section(mistakes: tuple[Mistake, ...]) -> str:
    """The worst false matches and false non-matches, side by side."""
    parts = []
    for kind, words in (
        ("false match", "Different, but called the same"),
        ("false non-match", "The same, but called different"),
    ):
        own = [m for m in mistakes if m.kind == kind][:_MOST_PAIRS]
        if own:
            pairs = "\n".join(_pair(mistake) for mistake in own)
            parts.append(f'<h3>{words}</h3>\n<ul class="pairs">\n{pairs}\n</ul>')
    return "<h2>Worst mistakes</h2>\n" + "\n".join(parts) if parts else ""


def _figure(svg: str | None, title: str, description: str) -> str:
    """A drawing with its title; the description is caption and text alternative in one."""
    if svg is None:
        return ""
    labelled = svg.replace("<svg", f'<svg role="img" aria-label="{text(title)}. {text(description)}"', 1)
    # A narrow window scrolls a drawing sideways, since its letters could not be read at that size.
    scrolled = f'<div class="scroll" tabindex="0" role="region" aria-label="Picture: {text(title)}">{labelled}</div>'
    return f"<figure>\n<h3>{text(title)}</h3>\n{scrolled}\n<figcaption>{text(description)}</figcaption>\n</figure>"


def _pair(mistake: Mistake) -> str:
    """Two thumbnails, where there are such, and their names."""
    images = "".join(
        f'<img alt="{text(name)}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'
        for name, png in ((mistake.left, mistake.left_png), (mistake.right, mistake.right_png))
        if png
    )
    names = f"{text(mistake.left)}<br>{text(mistake.right)}"
    return f"<li>{images}<div>{names}<br>distance {number(mistake.distance)}</div></li>"


def _about_distances(pictures: Pictures) -> str:
    """The histogram in words."""
    same = [v for v in pictures.positives if math.isfinite(v)]
    different = [v for v in pictures.negatives if math.isfinite(v)]
    if not same or not different:
        return ""
    return (
        f"Half of the same-class pairs are nearer than {number(median(same))}, half of the different-class "
        f"pairs nearer than {number(median(different))}. The less the two overlap, the better."
    )


def _about_thresholds(pictures: Pictures) -> str:
    """The peak of the curve in words."""
    curve = pictures.accuracy_by_threshold
    if curve is None or not curve.x:
        return ""
    accuracy, at = max(zip(curve.y, curve.x, strict=True))
    return (
        f"The curve peaks at {percent(accuracy)} for a threshold of {number(at)}. The peak is chosen after "
        "the fact and so flatters; the measured gain of a better threshold stands with its cause."
    )


def _about_map(pictures: Pictures) -> str:
    """The map in words."""
    return (
        f"{len(pictures.embedding_map)} embeddings of {len(set(pictures.map_identities))} identities, laid out "
        "in the plane. Identities that lie apart can be told apart; the axes have no meaning of their own."
    )


def _about_invariance(pictures: Pictures) -> str:
    """The transforms that go too far, in words."""
    far = dict.fromkeys(d.name.replace("_", " ") for d in pictures.invariance if d.drift > d.tolerance)
    found = f"Beyond it at some strength: {', '.join(far)}." if far else "No transform goes beyond it."
    return (
        "Distance moved, as a share of the distance between identities, against the strength of the "
        f"transform. Beyond the dashed line a sample is nearer to others than to itself. {found}"
    )


def _about_margins(pictures: Pictures) -> str:
    """The best margin in words."""
    if not pictures.margins:
        return ""
    best = max(pictures.margins, key=lambda p: p.accuracy.value)
    return f"Highest at a margin of {number(best.margin)}: {percent(best.accuracy.value)}."


def _about_history(pictures: Pictures) -> str:
    """First and last values in words."""
    moved = [f"{c.name} {number(c.values[0])} to {number(c.values[-1])}" for c in pictures.history if c.values]
    return "; ".join(moved) + "." if moved else ""
