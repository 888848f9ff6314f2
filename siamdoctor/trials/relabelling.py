"""The remedy for an evaluation list whose labels are wrong: labels made from the folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import Unavailable
from siamdoctor.stats.roc import auc, cross_fitted
from siamdoctor.trials import trial
from siamdoctor.trials.outcome import Outcome, outcome

if TYPE_CHECKING:
    from siamdoctor.case import Case


@trial("labels-from-folders")
def labels_from_folders(case: Case) -> Outcome:
    """The same decisions judged by whether the two images lie in one folder, threshold tuned on those labels.

    A decision counts as right where it agrees with the folders. To keep to one set of pairs and weights, the
    decisions are turned over where list and folders disagree, so that "right by the list" comes to mean that.
    """
    if case.samples.pairs is None or not case.samples.identity_known:
        raise Unavailable("no pair list was given, or its identities are not known")
    pairs, view = case.pairs, case.deployed
    true = case.identity[pairs.left] == case.identity[pairs.right]
    if (true == pairs.same).all() or true.all() or not true.any():
        raise Unavailable("the folders say nothing other than the list")
    decided = view.as_deployed if view.rule.threshold is not None else cross_fitted(view.distance, true, pairs.half)[0]
    return outcome(
        case,
        name="labels-from-folders",
        by="labels made from the folders",
        decided=np.asarray(decided ^ (true != pairs.same)),
        auc=auc(view.distance, true),
    )
