"""What the training saw, where it is known; checks of faults that live there look here first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siamdoctor.case import Case
    from siamdoctor.data.samples import GivenPairs, Samples


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
