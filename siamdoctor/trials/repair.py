"""Remedies that run the model differently: another scaling, other batch statistics, another activation, one tower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable
from siamdoctor.trials import trial
from siamdoctor.trials.outcome import Outcome, best_on_other_half, better_of, outcome
from siamdoctor.view import View

if TYPE_CHECKING:
    from siamdoctor.case import Case


@trial("scaling")
def other_scaling(case: Case) -> Outcome:
    """Every usual scaling of the stored pixels in place of the one in use, chosen on the other half."""
    if case.samples.kind == "tokens":
        raise Unavailable("tokens are not scaled")
    fitted = case.scaling_as_in_training
    options = (*case.scaling_candidates, *(() if fitted is None else (fitted,)))
    views = {option.name: case.view(scaling=option) for option in options}
    sound = {name: view for name, view in views.items() if view.finite()}
    if not sound:
        raise Unavailable("the model's output is not finite under any scaling")
    results = {name: (view.distance, better_of(view)) for name, view in sound.items()}
    decided, winner, area = best_on_other_half(results, case)
    return outcome(case, name="scaling", by=f"pixels {winner}", decided=decided, auc=area, detail=winner)


@trial("batch-statistics")
def fresh_batch_statistics(case: Case) -> Outcome:
    """BatchNormalization statistics re-estimated on the data by forward passes; no weight is changed."""
    return _of_view(
        case, case.with_fresh_statistics, "batch-statistics", "BatchNormalization statistics re-estimated on the data"
    )


@trial("sigmoid")
def sigmoid_for_softmax(case: Case) -> Outcome:
    """The head's softmax swapped for a sigmoid, with the same weights."""
    if not case.blueprint.head.constant:
        raise Unavailable("the head does not end in a softmax over one unit")
    return _of_view(case, case.mended.deployed, "sigmoid", "softmax swapped for sigmoid, same weights")


@trial("one-tower")
def one_tower(case: Case) -> Outcome:
    """One of the two separate towers used for both sides, chosen on the other half."""
    if case.blueprint.twins != "separate":
        raise Unavailable("the towers share their weights")
    original = case.deployed
    options = {}
    for name, embeddings in (("left", original.embeddings), ("right", original.right_embeddings)):
        view = View(twin=case.twin, inputs=case.inputs, pairs=case.pairs, rule=case.rule)
        view.__dict__["embeddings"] = view.__dict__["right_embeddings"] = embeddings
        options[f"{name} tower"] = (view.distance, better_of(view))
    decided, winner, area = best_on_other_half(options, case)
    return outcome(
        case,
        name="one-tower",
        by=f"the {winner} used for both sides",
        decided=decided,
        auc=area,
        detail=winner,
    )


def _of_view(case: Case, view: View, name: str, by: str) -> Outcome:
    if not view.finite():
        raise Unavailable("the repaired model's output is not finite")
    return outcome(case, name=name, by=by, decided=better_of(view), auc=view.auc)
