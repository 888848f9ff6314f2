"""Which Lambdas mix the samples of a batch: those that reduce or normalise over axis 0, by the numbers in the code."""

from __future__ import annotations

from siamdoctor.models.bytecode import Mentions, mentions
from siamdoctor.models.clues import WORDS, codes, is_lambda
from siamdoctor.models.graph import Layer

EVERY = (0, -1)  # the axes of a batch of vectors, which is what `l2_normalize` takes where it is given none
STATISTICS = {"std", "reduce_std", "var", "variance", "reduce_variance", "moments"}
REDUCING = frozenset(WORDS["sum"] | WORDS["mean"] | {"max", "reduce_max", "min", "reduce_min"} | STATISTICS)


def batch_axes(layer: Layer) -> tuple[int, ...]:
    """Axes that a Lambda on one tensor reduces or normalises over, where the batch is one of them; else nothing."""
    if not is_lambda(layer):
        return ()
    found = (_axes(mentions(code)) for code in codes(layer.config.get("function")))
    return next((axes for axes in found if axes), ())


def _axes(said: Mentions) -> tuple[int, ...]:
    """By the constants of the code: its axis is the only whole number among them, or there is none at all."""
    whole = {number for number in said.numbers if number == int(number)}
    if "l2_normalize" in said.names and not said.operators:
        if whole == {0.0}:
            return (0,)
        return EVERY if said.complete and not said.numbers and "axis" not in said.names else ()
    return (0,) if "axis" in said.names and said.names & REDUCING and whole == {0.0} else ()
