"""Remedies that put something behind the model's output, or look in front of a saturated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from siamdoctor.errors import Unavailable
from siamdoctor.stats.roc import auc, cross_fitted
from siamdoctor.trials import trial
from siamdoctor.trials.outcome import Outcome, outcome

if TYPE_CHECKING:
    from siamdoctor.case import Case


@trial("logistic-output")
def logistic_output(case: Case) -> Outcome:
    """A logistic unit behind the output, slope and offset fitted on the other half.

    It finds the direction as well as the threshold, which is what `Dense(1, sigmoid)` on a distance would.
    """
    output, pairs = case.deployed.output.astype(np.float64), case.pairs
    if not np.isfinite(output).all() or np.ptp(output) == 0:
        raise Unavailable("the output is constant or not finite")
    scaled = ((output - output.mean()) / output.std())[:, None]
    distance = np.empty(output.size)
    for half in (0, 1):
        fit, score = pairs.half == half, pairs.half != half
        unit = LogisticRegression(C=100.0, class_weight="balanced").fit(scaled[fit], pairs.same[fit])
        distance[score] = -unit.decision_function(scaled[score])
    return outcome(
        case,
        name="logistic-output",
        by="a logistic unit fitted behind the output",
        decided=distance < 0,
        auc=auc(distance, pairs.same),
    )


@trial("unsaturated")
def unsaturated(case: Case) -> Outcome:
    """The comparison in front of a saturated function: the Manhattan distance in front of exp(-d)."""
    if case.blueprint.head.kind != "exp_manhattan":
        raise Unavailable("the head is not exp(-Manhattan distance)")
    pairs = case.pairs
    distance = case.deployed.metric_distance("manhattan")
    if not np.isfinite(distance).all():
        raise Unavailable("embeddings are not finite")
    decided, (first, second) = cross_fitted(distance, pairs.same, pairs.half)
    return outcome(
        case,
        name="unsaturated",
        by="Manhattan distance without the exponential, tuned threshold",
        decided=decided,
        auc=auc(distance, pairs.same),
        detail=f"{(first + second) / 2:.3g}",
    )
