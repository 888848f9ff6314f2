"""Remedies for inputs that were wired wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable
from siamdoctor.trials import trial
from siamdoctor.trials.outcome import Outcome, better_of, outcome

if TYPE_CHECKING:
    from siamdoctor.case import Case


@trial("both-inputs")
def both_inputs(case: Case) -> Outcome:
    """The head given both sides, where the saved model gives it one side twice."""
    if not case.deployed.one_sided:
        raise Unavailable("both inputs reach the output")
    view = case.view()
    view.one_sided = False
    return outcome(
        case,
        name="both-inputs",
        by="both inputs wired into the comparison",
        decided=better_of(view),
        auc=view.auc,
    )
