"""What a sweep says to do: the line of code to change, and the next command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor.settings import FILE_NAME
from siamdoctor.trials.margins import reach
from siamdoctor.trials.sweep_losses import code_line
from siamdoctor.trials.sweep_plan import Findings, SweepPlan

if TYPE_CHECKING:
    from siamdoctor.case import Case

FINALISTS = 3  # at full depth, the declared margin included


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """verdict: one sentence. code: the line to change, or empty. next_step: a command. notes: sentences."""

    verdict: str
    code: str
    next_step: str
    notes: tuple[str, ...]


def advice(case: Case, plan: SweepPlan, found: Findings) -> Advice:
    """What a person is to do, and what to know about how it was found."""
    same_label = case.settings.training.same_label
    code = ""
    if found.recommended is not None and not _is_kept(case.settings.training.margin, found, reach(case.encoder)):
        code = code_line(plan.kind, found.recommended, 1 if same_label is None else same_label)
    return Advice(
        verdict=_verdict(case, found), code=code, next_step=_next_step(case, plan, found), notes=tuple(_notes(found))
    )


def _notes(found: Findings) -> list[str]:
    said = []
    if found.partial:
        how = "interrupted" if found.interrupted else "ended early by the time budget"
        said.append(f"The sweep was {how}, so these are results so far (partial).")
    if not found.unseen:
        said.append(
            "The few identities judge as well as train (by other samples); this says nothing of new identities."
        )
    if found.depth == "analytic":
        said.append("Nothing was trained; --depth head trains the last layer with each margin.")
    elif found.depth == "head":
        said.append("The encoder's features were frozen; --depth full trains it anew for each margin.")
    elif len(found.margins) > FINALISTS:
        said.append("Margins that fell out early were trained for a third as long or less.")
    return said


def _next_step(case: Case, plan: SweepPlan, found: Findings) -> str:
    """A command that a person can paste: the sweep to its end, one depth deeper, or a look at the new model."""
    settings = case.settings
    here = settings.source is not None and Path(settings.source).absolute() == Path.cwd() / FILE_NAME
    words = [] if here else [str(case.blueprint.path), str(case.samples.path)]
    if settings.source is not None and Path(settings.source).name != FILE_NAME:
        words += ["--config", str(settings.source)]
    deeper = {"analytic": "head", "head": "full"}.get(found.depth)
    if found.partial and plan.journal is not None:
        return shlex.join(["siamdoctor", "sweep-margin", *words, "--depth", found.depth, "--resume", str(plan.journal)])
    if found.partial:
        return shlex.join(["siamdoctor", "sweep-margin", *words, "--depth", found.depth])
    if deeper is not None:
        return shlex.join(["siamdoctor", "sweep-margin", *words, "--depth", deeper])
    return shlex.join(["siamdoctor", "diagnose", *words])


def _verdict(case: Case, found: Findings) -> str:
    """Keep the declared margin, or take another."""
    declared = case.settings.training.margin
    if found.recommended is None or found.plateau is None:
        return "No margin could be recommended."
    if found.depth == "analytic":
        return f"The embedding's distances suit a margin of {found.recommended:g}."
    low, high = found.plateau.low, found.plateau.high
    if declared is None:
        return f"Train with a margin of {found.recommended:g} ({low:g} to {high:g} cannot be told apart)."
    return _against(declared, found, reach(case.encoder))


def _is_kept(declared: float | None, found: Findings, limit: float) -> bool:
    """Whether the declared margin does as well as any, and can be reached at all."""
    if declared is None or declared > limit or found.plateau is None or found.depth == "analytic":
        return False
    return found.plateau.low <= declared <= found.plateau.high and not _certain(found)


def _certain(found: Findings) -> bool:
    return found.gain is not None and found.gain.low > 0


def _against(declared: float, found: Findings, limit: float) -> str:
    """The recommendation beside the declared margin."""
    assert found.plateau is not None
    low, high = found.plateau.low, found.plateau.high
    if declared > limit:
        return (
            f"The declared margin {declared:g} is beyond the {limit:.3g} that embeddings can be apart; "
            f"train with {found.recommended:g} ({low:g} to {high:g} cannot be told apart)."
        )
    if _is_kept(declared, found, limit):
        return f"The declared margin {declared:g} cannot be told apart from the best; there is nothing to gain by it."
    if not _certain(found):
        return (
            f"A margin of {found.recommended:g} did best, but that it gains over {declared:g} on pairs that did not "
            "choose it is not certain."
        )
    gained = found.gain.points if found.gain is not None else 0.0
    return (
        f"Train with a margin of {found.recommended:g} in place of {declared:g}, which gained {gained:.0f} points on "
        "unseen pairs."
    )
