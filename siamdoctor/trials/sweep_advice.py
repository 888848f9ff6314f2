"""What a sweep says to do: the line of code to change, and the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.trials.margins import reach
from siamdoctor.trials.sweep_losses import code_line
from siamdoctor.trials.sweep_plan import Findings, SweepPlan

if TYPE_CHECKING:
    from siamdoctor.case import Case

FINALISTS = 3  # at full depth, the declared margin included


def advice(case: Case, plan: SweepPlan, found: Findings) -> list[str]:
    """Sentences for a person, the most useful one first."""
    said = [_verdict(case, plan, found)]
    if found.partial:
        said.append("The sweep was ended early, so these are results so far.")
    if not found.unseen:
        said.append(
            "The few identities judge as well as train (by other samples); this says nothing of new identities."
        )
    if found.depth == "analytic":
        said.append("Nothing was trained; `siamdoctor sweep-margin --depth head` trains with each margin.")
    elif found.depth == "head":
        said.append(
            "The encoder's features were frozen; `siamdoctor sweep-margin --depth full` trains it anew for each margin."
        )
    elif len(found.margins) > FINALISTS:
        said.append("Margins that fell out early were trained for a third as long or less.")
    return said


def _verdict(case: Case, plan: SweepPlan, found: Findings) -> str:
    """Keep the declared margin, or take another, with the line of code."""
    declared = case.settings.training.margin
    if found.recommended is None or found.plateau is None:
        return "No margin could be recommended."
    same_label = case.settings.training.same_label
    line = code_line(plan.kind, found.recommended, 1 if same_label is None else same_label)
    if found.depth == "analytic":
        return f"The embedding's distances suit a margin of {found.recommended:g}: {line}"
    low, high = found.plateau.low, found.plateau.high
    if declared is None:
        return f"Train with a margin of {found.recommended:g} ({low:g} to {high:g} cannot be told apart): {line}"
    return _against(declared, line, found, reach(case.encoder))


def _against(declared: float, line: str, found: Findings, limit: float) -> str:
    """The recommendation beside the declared margin."""
    assert found.plateau is not None
    low, high = found.plateau.low, found.plateau.high
    if declared > limit:
        return (
            f"The declared margin {declared:g} is beyond the {limit:.3g} that embeddings can be apart; "
            f"train with {found.recommended:g} ({low:g} to {high:g} cannot be told apart): {line}"
        )
    certain = found.gain is not None and found.gain.low > 0
    if low <= declared <= high and not certain:
        return f"The declared margin {declared:g} cannot be told apart from the best; there is nothing to gain by it."
    if not certain:
        return (
            f"A margin of {found.recommended:g} did best, but that it gains over {declared:g} on pairs that did not "
            f"choose it is not certain: {line}"
        )
    gained = found.gain.points if found.gain is not None else 0.0
    return (
        f"Train with a margin of {found.recommended:g} in place of {declared:g}, which gained {gained:.0f} points on "
        f"unseen pairs: {line}"
    )
