"""Analytic depth: what each margin would mean for the embedding as it is. Nothing is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.trials.margins import margin_grid, margin_points
from siamdoctor.trials.sweep_choice import Judgement, choose, honest_gain
from siamdoctor.trials.sweep_plan import Findings, SweepPlan

if TYPE_CHECKING:
    from siamdoctor.case import Case


def analytic_sweep(case: Case, plan: SweepPlan) -> Findings:
    """Accuracy with half of each margin as the threshold, which is where contrastive loss puts the decision.

    Raises:
        Unavailable: all embeddings lie at one point.
    """
    declared = case.settings.training.margin
    own = (declared,) if declared is not None and declared > 0 else ()
    margins = plan.margins or tuple(sorted({*margin_grid(case), *own}))
    distance, same = case.deployed.metric_distance("euclidean"), case.pairs.same
    judgements = [
        Judgement(margin=m, correct=((distance < m / 2) == same).astype(float), auc=0.0, active=0.0) for m in margins
    ]
    choice = choose(judgements, case.dyads)
    return Findings(
        depth="analytic",
        margins=margin_points(case, margins),
        recommended=choice.recommended,
        plateau=choice.plateau,
        gain=honest_gain(judgements, case.pairs.half, case.dyads, declared),
        partial=False,
        unseen=True,
    )
