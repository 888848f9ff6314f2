"""Head depth from end to end: features, projections, judgement, choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.stats.geometry import pair_distance
from siamdoctor.trials.margins import initial_distances, reach
from siamdoctor.trials.sweep_choice import choose, honest_gain
from siamdoctor.trials.sweep_features import Projection, collapse_of, projection
from siamdoctor.trials.sweep_grid import HEAD_MARGINS, training_grid
from siamdoctor.trials.sweep_head import train_projections
from siamdoctor.trials.sweep_judging import judge_folds
from siamdoctor.trials.sweep_plan import Findings, SweepPlan
from siamdoctor.trials.sweep_points import points

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.trials.sweep_arena import Arena

CHANCE_AUC = 0.55  # no margin separates better than this: then the features hold nothing to learn from


def head_sweep(case: Case, plan: SweepPlan, arena: Arena) -> Findings | str:
    """Sweep on frozen features, or say why the encoder leaves nothing to sweep on."""
    case.progress("features for the sweep", 0.3)
    frozen = projection(case.twin, case.encoder, arena.inputs)
    collapsed = collapse_of(frozen.features)
    if collapsed is not None:
        return f"the encoder has collapsed, {collapsed}"
    margins = plan.margins or training_grid(case, HEAD_MARGINS)
    trained = train_projections(
        frozen,
        arena,
        margins,
        plan.kind,
        seed=plan.seed,
        scale=starting_scale(case, frozen, arena),
        deadline=plan.deadline,
        progress=lambda share: case.progress(f"training {len(margins)} margins at once", 0.35 + 0.5 * share),
    )
    case.progress("judging the margins", 0.9)
    judgements = judge_folds(trained.embeddings, arena, margins, plan.kind, plan.seed)
    if max(j.auc for j in judgements) < CHANCE_AUC and trained.steps == trained.planned:
        return "no margin separates anything on the encoder's frozen features"
    choice = choose(judgements, arena.dyads)
    return Findings(
        depth="head",
        margins=points(judgements, arena, plan.kind),
        recommended=choice.recommended,
        plateau=choice.plateau,
        gain=honest_gain(judgements, arena.pair_fold, arena.dyads, case.settings.training.margin),
        partial=trained.steps < trained.planned,
        unseen=arena.unseen,
        trainings=trained.steps / trained.planned * len(margins) * arena.folds,
        interrupted=trained.interrupted,
    )


def starting_scale(case: Case, frozen: Projection, arena: Arena) -> float:
    """The factor for features that makes a fresh projection start where the fresh encoder does.

    A margin means something only against the distances that training starts from, and the features of a
    spoilt encoder may be of any size. Where activation or normalisation bound the embedding, its size is
    theirs; linear outputs of unit variance then keep the bias from drowning the features.
    """
    features, width = frozen.features, frozen.width
    # Glorot-uniform weights have variance 2 / (f + d): lengths grow by sqrt(2 d / (f + d)).
    growth = np.sqrt(2 * width / (features.shape[1] + width))
    if np.isfinite(reach(case.encoder)):
        length = np.sqrt((features.astype(np.float64) ** 2).sum(1).mean())
        return float(np.sqrt(width) / (length * growth)) if length > 0 else 1.0
    initial = initial_distances(case)
    wanted = float(np.median(initial[~case.pairs.same]))
    different = ~arena.same
    between = pair_distance("euclidean", features[arena.left[different]], features[arena.right[different]])
    grown = float(np.median(between)) * growth
    return float(wanted / grown) if np.isfinite(wanted) and wanted > 0 and grown > 0 else 1.0
