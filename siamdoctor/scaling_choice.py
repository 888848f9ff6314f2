"""Which scaling of the stored values the model is taken to be given, and which one its training data speak for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.cosine_reading import may_be_either
from siamdoctor.data.scaling import AS_STORED, Scaling, as_in_training, declared
from siamdoctor.drawing import part_of
from siamdoctor.errors import Unavailable

if TYPE_CHECKING:
    from siamdoctor.case import Case

PAIRS = 600  # enough to tell scalings apart, few enough to try half a dozen
EASE = 0.03  # another scaling must beat the commonest by this much to be preferred


def scaling_in_use(case: Case) -> Scaling:
    """What happens to stored values before the model: declared, done by the model, or the best found."""
    if case.settings.data.rescale is not None:
        return declared(case.settings.data.rescale)
    if case.encoder.has_rescaling:
        return AS_STORED
    options = case.scaling_candidates
    if case.samples.kind != "images":
        return options[0]
    scores = [_score(case, option) for option in options]
    best = int(np.argmax(scores))
    return options[best] if scores[best] > scores[0] + EASE else options[0]


def scaling_of_training(case: Case) -> Scaling | None:
    """What would bring the data to the scale of the training data, where these are known and of another."""
    if case.samples.kind in {"tokens", "text"}:
        return None
    try:
        there = case.training.pixels
    except Unavailable:
        return None
    return as_in_training(there, case.pixels, case.scaling)


def best_scaling(case: Case) -> Scaling | None:
    """The scaling that the trial of them measured to be best, which may be the one in use; None without a trial."""
    try:
        name, fitted = case.trial("scaling").detail, case.scaling_as_in_training
    except Unavailable:
        return None
    options = (*case.scaling_candidates, *(() if fitted is None else (fitted,)))
    return next((s for s in options if s.name == name), None)


def _score(case: Case, option: Scaling) -> float:
    """AUC plus deployed accuracy (where a threshold is known) on a part of the pairs."""
    view = _part(case).view(scaling=option)
    if not view.finite():
        return 0.0
    separation = max(view.auc, 1 - view.auc)
    if view.rule.threshold is None or may_be_either(view.rule):
        return 2 * separation
    same = view.pairs.same
    deployed = (view.as_deployed[same].mean() + (~view.as_deployed[~same]).mean()) / 2
    return separation + float(max(deployed, 1 - deployed))


def _part(case: Case) -> Case:
    """The same case on a random part of its pairs, by the rule word for word: what is meant may need a scaling."""
    part = case.after(blueprint=case.blueprint, load_twin=lambda _: case.twin)
    part.__dict__["drawn"] = part_of(case.drawn, PAIRS, case.rng("part"))
    part.__dict__["rule"] = case.written_rule
    return part
