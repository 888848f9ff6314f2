"""Whether the left and right samples of the user's own pairs are of two kinds, such as photographs and drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

if TYPE_CHECKING:
    from siamdoctor.case import Case

MOST = 400  # samples of each side
FEW = 20
COMPONENTS = 16
FOLDS = 5
SHARED = 0.05  # part of the samples that stand on both sides, from which the sides are of one kind
UNTOLD = 0.5


def told_apart(case: Case) -> float:
    """AUC at which a linear discriminant tells a left sample, as stored, from a right one; 0.5 where none is to be.

    Pairs that are drawn here have no sides: every sample may stand on either.
    """
    if case.samples.pairs is None:
        return UNTOLD
    left, right = np.unique(case.pairs.left), np.unique(case.pairs.right)
    if np.intersect1d(left, right).size > SHARED * min(left.size, right.size) or min(left.size, right.size) < FEW:
        return UNTOLD
    rng = case.rng("sides")
    rows = [side[np.sort(rng.permutation(side.size)[:MOST])] for side in (left, right)]
    x = case.pixels[np.concatenate(rows)].reshape(sum(r.size for r in rows), -1)
    side = np.repeat([0, 1], [r.size for r in rows])
    components = min(COMPONENTS, x.shape[1], len(x) // 2)
    reader = make_pipeline(PCA(components, random_state=0), LinearDiscriminantAnalysis())
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    score = cross_val_predict(reader, np.nan_to_num(x), side, cv=folds, method="decision_function")
    return float(roc_auc_score(side, score))
