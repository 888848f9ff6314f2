"""What the training saw and reported, where it is known; checks of faults that live there look here first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable
from siamdoctor.stats.signatures import constant_output_losses, matching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siamdoctor.case import Case
    from siamdoctor.data.samples import GivenPairs, Samples
    from siamdoctor.stats.signatures import Signature


def taught(case: Case) -> Case:
    """The model judged on its training data, or on the data at hand where those are not known."""
    try:
        return case.training
    except Unavailable:
        return case


def pair_lists(case: Case) -> Iterator[tuple[str, Samples, GivenPairs]]:
    """The user's own lists of pairs, with "training" or "evaluation" before each, the training's first."""
    seen = taught(case)
    places = [("evaluation", case)] if seen is case else [("training", seen), ("evaluation", case)]
    for where, place in places:
        if place.samples.pairs is not None:
            yield where, place.samples, place.samples.pairs


def losses(case: Case) -> tuple[float, ...]:
    """The training loss epoch by epoch; nothing where no history was given."""
    try:
        return case.history.column("loss") or ()
    except Unavailable:
        return ()


def resting(case: Case) -> Signature | None:
    """The constant output at whose loss training came to rest, if it did."""
    declared = case.settings.training
    return matching(losses(case), constant_output_losses(declared.loss, declared.margin))
