"""Gathers the numbers behind the pictures of a report, from what the checks have already computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.text_samples import shown
from siamdoctor.errors import Unavailable
from siamdoctor.results import Curve, HistoryColumn, Mistake, Pictures
from siamdoctor.stats.roc import balanced_accuracy, roc_curve
from siamdoctor.trials.invariance import drifts
from siamdoctor.trials.margins import margin_grid, margin_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from siamdoctor.case import Case
    from siamdoctor.data.samples import Samples
    from siamdoctor.results import MarginPoint, TransformDrift

POINTS = 400  # enough for any picture, and keeps a report small
SHOWN_MISTAKES = 6


def pictures(case: Case) -> Pictures:
    """Everything a rich report draws; empty where the model could not be run."""
    try:
        view, same = case.deployed, case.pairs.same
        distance = view.distance
    except Unavailable:
        return Pictures()
    if not np.isfinite(distance).all():
        return Pictures(history=_history(case))
    false_match, true_match = roc_curve(distance, same)
    low, high = view.tuned_thresholds
    return Pictures(
        positives=_thinned(distance[same]),
        negatives=_thinned(distance[~same]),
        threshold=_deployed_threshold(case),
        best=(low + high) / 2,
        roc=Curve(x=_thinned(false_match), y=_thinned(true_match)),
        accuracy_by_threshold=_accuracy_curve(case),
        embedding_map=_map(case),
        map_identities=tuple(case.samples.identity_names[i] for i in case.identity[_map_choice(case)]),
        invariance=_if_available(lambda: drifts(case)),
        margins=_if_available(lambda: margin_points(case, margin_grid(case))),
        mistakes=_mistakes(case),
        history=_history(case),
    )


def _if_available(
    compute: Callable[[], tuple[MarginPoint, ...]] | Callable[[], tuple[TransformDrift, ...]],
) -> tuple:  # type: ignore[type-arg]
    try:
        return compute()
    except Unavailable:
        return ()


def _thinned(values: np.ndarray) -> tuple[float, ...]:
    """At most 400 of the values, evenly spread."""
    chosen = np.linspace(0, len(values) - 1, min(POINTS, len(values))).astype(int)
    return tuple(round(float(v), 6) for v in values[chosen])


def _deployed_threshold(case: Case) -> float | None:
    rule = case.rule
    if rule.threshold is None:
        return None
    return rule.threshold if rule.near_is_low else -rule.threshold


def _accuracy_curve(case: Case) -> Curve:
    distance, same = case.deployed.distance, case.pairs.same
    cuts = np.unique(np.quantile(distance, np.linspace(0, 1, 101)))
    return Curve(x=tuple(float(c) for c in cuts), y=tuple(balanced_accuracy(distance < c, same) for c in cuts))


def _map_choice(case: Case) -> np.ndarray:
    return np.sort(case.rng("map").permutation(len(case.pixels))[:POINTS])


def _map(case: Case) -> tuple[tuple[float, float], ...]:
    """The first two principal components of the embeddings."""
    points = case.embeddings[_map_choice(case)].astype(np.float64)
    points -= points.mean(0)
    _, _, axes = np.linalg.svd(points, full_matrices=False)
    flat = points @ axes[:2].T
    if flat.shape[1] < 2:  # noqa: PLR2004  (an embedding of one coordinate)
        flat = np.column_stack([flat, np.zeros(len(flat))])
    return tuple((float(x), float(y)) for x, y in flat)


def _mistakes(case: Case) -> tuple[Mistake, ...]:
    """The nearest different pairs that were called the same, and the farthest same pairs that were not."""
    view, pairs = case.deployed, case.pairs
    order = np.argsort(view.distance)
    wrong = view.tuned != pairs.same
    matches = [int(i) for i in order if wrong[i] and not pairs.same[i]][:SHOWN_MISTAKES]
    misses = [int(i) for i in order[::-1] if wrong[i] and pairs.same[i]][:SHOWN_MISTAKES]
    return tuple(_mistake(case, i) for i in matches + misses)


def _mistake(case: Case, index: int) -> Mistake:
    left, right = (int(case.used[side[index]]) for side in (case.pairs.left, case.pairs.right))
    samples = case.samples
    return Mistake(
        kind="false non-match" if case.pairs.same[index] else "false match",
        left=_named(samples, left),
        right=_named(samples, right),
        distance=float(case.deployed.distance[index]),
        left_png=samples.thumbnail(left),
        right_png=samples.thumbnail(right),
    )


def _named(samples: Samples, index: int) -> str:
    """What a sample is called, of a text also how it begins."""
    name = samples.names[index]
    return name if samples.text is None else f"{name}: {shown(samples.text(index))}"


def _history(case: Case) -> tuple[HistoryColumn, ...]:
    try:
        return case.history.columns
    except Unavailable:
        return ()
