"""Remedies for inputs that were wired wrongly."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable
from siamdoctor.trials import trial
from siamdoctor.trials.outcome import Outcome, better_of, outcome

if TYPE_CHECKING:
    from siamdoctor.case import Case


@trial("both-inputs")
def both_inputs(case: Case) -> Outcome:
    """The head given both sides, where the saved model gives it one side twice."""
    parts = case.blueprint.parts
    if case.blueprint.program is not None and case.blueprint.same_input_twice:
        raise Unavailable("the program of a SavedModel cannot be wired anew")
    if parts is None or parts.same_input is None:
        raise Unavailable("both inputs reach the output")
    mended = dataclasses.replace(case.blueprint, parts=dataclasses.replace(parts, same_input=None))
    view = case.view(twin=dataclasses.replace(case.twin, blueprint=mended))
    return outcome(
        case,
        name="both-inputs",
        by="both inputs wired into the comparison",
        decided=better_of(view),
        auc=view.auc,
    )
