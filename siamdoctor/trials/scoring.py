"""Remedies that leave the model alone and score its embeddings or output another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import METRICS
from siamdoctor.stats.roc import auc, cross_fitted
from siamdoctor.trials import trial
from siamdoctor.trials.outcome import Outcome, best_on_other_half, outcome

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.view import Form, View

FORMS: tuple[Form, ...] = ("raw", "normalised", "centred")
LARGEST_REFIT = 4096  # coordinates; beyond it a logistic regression is slow and says little


@trial("threshold")
def threshold(case: Case) -> Outcome:
    """The score in use with a threshold that the other half chose."""
    view = case.deployed
    low, high = sorted(view.tuned_thresholds)
    sign = 1 if view.rule.near_is_low else -1
    middle = sign * (low + high) / 2
    return outcome(
        case,
        name="threshold",
        by="threshold tuned on the other half",
        decided=view.tuned,
        auc=view.auc,
        detail=f"{middle:.3g}",
    )


@trial("reversed")
def reversed_direction(case: Case) -> Outcome:
    """The score read in its natural direction, or, where that fails, against it; threshold re-tuned."""
    view, pairs = case.deployed, case.pairs
    if view.auc >= 0.5 and not view.rule.inverted:  # noqa: PLR2004  (one half is chance by definition)
        raise Unavailable("the score is already read in the direction that separates")
    distance = view.distance if view.auc >= 0.5 else -view.distance  # noqa: PLR2004
    decided, _ = cross_fitted(distance, pairs.same, pairs.half)
    return outcome(
        case,
        name="reversed",
        by="score read in the other direction",
        decided=decided,
        auc=auc(distance, pairs.same),
    )


@trial("metric")
def other_metric(case: Case) -> Outcome:
    """The best metric and normalisation between embeddings, chosen on the other half, threshold tuned."""
    options = metric_options(case.deployed)
    decided, winner, area = best_on_other_half(options, case)
    return outcome(
        case,
        name="metric",
        by=f"{winner} distance between embeddings, tuned threshold",
        decided=decided,
        auc=area,
        detail=winner,
    )


def metric_options(view: View) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every metric on raw, normalised and centred embeddings: name -> (distance, cross-fitted decisions).

    Combinations that rank pairs identically are left out: on unit vectors Euclidean, squared Euclidean,
    cosine and dot product all agree; centring moves neither Euclidean nor Manhattan; squares keep the order.
    """
    if not np.isfinite(view.embeddings).all():
        raise Unavailable("embeddings are not finite")
    pairs, options = view.pairs, {}
    for metric in METRICS:
        for form in FORMS:
            if metric == "squared_euclidean" or (form == "normalised" and metric not in {"euclidean", "manhattan"}):
                continue
            if form == "centred" and metric not in {"cosine", "dot"}:
                continue
            name = metric if form == "raw" else f"{form} {metric}"
            distance = view.metric_distance(metric, form)
            options[name] = (distance, cross_fitted(distance, pairs.same, pairs.half)[0])
    return options


@trial("centred-cosine")
def centred_cosine(case: Case) -> Outcome:
    """Cosine between embeddings after subtracting their mean."""
    return _one_metric(
        case,
        "centred-cosine",
        "cosine between centred embeddings",
        case.deployed.metric_distance("cosine", "centred"),
    )


@trial("embedding-distance")
def embedding_distance(case: Case) -> Outcome:
    """The head left out: Euclidean or cosine distance between the branch outputs, chosen on the other half."""
    if not case.blueprint.head.learned:
        raise Unavailable("the model has no learned head to leave out")
    options = metric_options(case.deployed)
    few = {name: options[name] for name in ("euclidean", "cosine", "manhattan")}
    decided, winner, area = best_on_other_half(few, case)
    return outcome(
        case,
        name="embedding-distance",
        by=f"{winner} distance between the embeddings instead of the head",
        decided=decided,
        auc=area,
        detail=winner,
    )


@trial("refit-head")
def refit_head(case: Case) -> Outcome:
    """A logistic regression on |a - b| of the embeddings, fitted on one half and scored on the other."""
    view, pairs = case.deployed, case.pairs
    left, right = view.embeddings, view.right_embeddings
    if left.shape[1] > LARGEST_REFIT:
        raise Unavailable(f"embeddings of {left.shape[1]} coordinates are too long to refit a head on")
    if not np.isfinite(left).all():
        raise Unavailable("embeddings are not finite")
    features = np.abs(left[pairs.left] - right[pairs.right])
    features = features / max(float(features.std()), 1e-30)
    distance = np.empty(pairs.same.size)
    for half in (0, 1):
        fit, score = pairs.half == half, pairs.half != half
        head = LogisticRegression(C=0.1, max_iter=300).fit(features[fit], pairs.same[fit])
        distance[score] = -head.decision_function(features[score])
    decided, _ = cross_fitted(distance, pairs.same, pairs.half)
    return outcome(
        case,
        name="refit-head",
        by="head refitted on the absolute difference of the embeddings",
        decided=decided,
        auc=auc(distance, pairs.same),
    )


def _one_metric(case: Case, name: str, by: str, distance: np.ndarray) -> Outcome:
    pairs = case.pairs
    decided, _ = cross_fitted(distance, pairs.same, pairs.half)
    return outcome(case, name=name, by=by, decided=decided, auc=auc(distance, pairs.same))
