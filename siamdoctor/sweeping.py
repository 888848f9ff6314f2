"""Which margin would work: reads the present embedding, or trains a projection or the whole encoder anew."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from siamdoctor.answer_results import MarginSweep
from siamdoctor.errors import Unavailable
from siamdoctor.trials.sweep_advice import advice
from siamdoctor.trials.sweep_analytic import analytic_sweep
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_grid import checked
from siamdoctor.trials.sweep_losses import LossKind, loss_kind
from siamdoctor.trials.sweep_plan import Findings, SweepPlan

if TYPE_CHECKING:
    from siamdoctor.case import Case

Depth = Literal["analytic", "head", "full"]
HEAD_SECONDS, FULL_SECONDS = 5.0, 120.0  # what a budget must allow for a depth to be chosen by itself
UNASKED_SECONDS = 600.0  # that full depth may take where head depth could not work and no budget was given


def sweep_margin(
    case: Case,
    *,
    margins: tuple[float, ...] | None = None,
    depth: Depth | None = None,
    loss: str | None = None,
    budget: float | None = None,
    resume: Path | None = None,
    jobs: int = 1,
) -> MarginSweep:
    """Try margins and recommend one.

    Args:
        case: model, data and settings.
        margins: those to try; None for a grid that suits the embedding's reach.
        depth: "analytic" reads the present embedding, "head" trains a projection on frozen features for all
            margins at once, "full" trains the encoder anew for each. None: by the budget; head where training
            on identities is possible, and full where the encoder has collapsed.
        loss: a name from `sweep_losses.LOSSES`, or "triplet"; None for the declared loss, else contrastive.
        budget: seconds; None takes the settings' own, and without any a fixed amount of training. A budget
            too small for that amount shortens every training by the machine's speed; only then does the same
            seed not repeat exactly.
        resume: journal of full depth, read if it exists and added to after every training.
        jobs: processes that train at full depth.

    Returns:
        The sweep, marked partial where Ctrl-C or the budget ended it early.

    Raises:
        BadSettings: a margin or the loss is not usable.
        Unavailable: the model cannot be run, or not even its present embedding says anything.
    """
    kind, said = _loss(case, loss)
    tried = None if margins is None else checked(margins)
    allowed = budget if budget is not None else case.settings.budget
    plan = SweepPlan(
        margins=tried,
        kind=kind,
        seed=case.settings.seed,
        deadline=time.monotonic() + allowed if allowed is not None else float("inf"),
        budget=allowed,
        journal=resume,
        jobs=max(1, jobs),
    )
    findings, sentences = _deepest(case, plan, depth or _depth_for(allowed), chosen=depth is not None)
    return _answer(case, plan, findings, [*said, *sentences])


def _loss(case: Case, name: str | None) -> tuple[LossKind, list[str]]:
    """The loss to sweep, and a sentence where it is not the declared one."""
    declared = case.settings.training.loss
    if name is not None:
        return loss_kind(name), []
    if declared in {None, "contrastive", "triplet"}:
        return loss_kind(declared or "contrastive"), []
    return "contrastive", [f"The declared loss ({declared}) has no margin; contrastive loss is swept in its place."]


def _depth_for(budget: float | None) -> Depth:
    """The depth that a budget pays for."""
    if budget is None or HEAD_SECONDS <= budget < FULL_SECONDS:
        return "head"
    return "analytic" if budget < HEAD_SECONDS else "full"


def _deepest(case: Case, plan: SweepPlan, depth: Depth, *, chosen: bool) -> tuple[Findings, list[str]]:
    """Sweep at this depth, or at the nearest one that works, with the reason."""
    if depth == "analytic":
        return analytic_sweep(case, plan), []
    from siamdoctor.trials.sweep_full import full_sweep  # noqa: PLC0415  (what trains needs TensorFlow)
    from siamdoctor.trials.sweep_shallow import head_sweep  # noqa: PLC0415

    sentences: list[str] = []
    try:
        arena = build_arena(case)
        if depth == "head":
            found = head_sweep(case, plan, arena)
            if isinstance(found, Findings):
                return found, sentences
            sentences.append(f"Head depth cannot work: {found}. The encoder was trained anew instead.")
            plan = _bounded(plan)
        return full_sweep(case, plan), sentences
    except Unavailable as gap:
        if chosen:
            raise
        return analytic_sweep(case, plan), [*sentences, f"Nothing was trained: {gap.reason}."]


def _bounded(plan: SweepPlan) -> SweepPlan:
    """The plan with a budget, where the user gave none and did not ask for a depth that may take hours."""
    if plan.budget is not None:
        return plan
    return dataclasses.replace(plan, budget=UNASKED_SECONDS, deadline=time.monotonic() + UNASKED_SECONDS)


def _answer(case: Case, plan: SweepPlan, found: Findings, sentences: Sequence[str]) -> MarginSweep:
    """The findings in the vocabulary of results."""
    declared = case.settings.training.margin
    said = advice(case, plan, found)
    return MarginSweep(
        depth=found.depth,
        loss=plan.kind,
        margins=found.margins,
        recommended=found.recommended,
        plateau=found.plateau,
        declared=declared,
        gain=found.gain,
        partial=found.partial,
        advice=said.verdict,
        code=said.code,
        next_step=said.next_step,
        notes=(*sentences, *said.notes),
        interrupted=found.interrupted,
    )
