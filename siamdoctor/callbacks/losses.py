"""What a loss is, found out by its name and by trying it on single pairs at known distances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from siamdoctor.callbacks.margins import Margin, find_margin
from siamdoctor.settings import LossName

# (label, predicted number) of one pair -> the loss; None where the function cannot be called so.
Try = Callable[[float, float], float | None]
GRID = (0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 64.0)  # distances, or probabilities as far as 1
CLOSE = 2e-3
_BY_NAME: tuple[tuple[str, LossName], ...] = (
    ("triplet", "triplet"),
    ("contrastive", "contrastive"),
    ("binarycrossentropy", "binary_crossentropy"),
    ("binaryfocalcrossentropy", "other"),
    ("meansquarederror", "mse"),
    ("mse", "mse"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFacts:
    """What is known of a loss.

    kind: as `training.loss` has it. similar: the label for which the loss pulls a pair together; None where the
        loss does not decide (a learned head), or could not be tried. margin: where one was found.
    """

    name: str | None
    kind: LossName | None
    similar: Literal[0, 1] | None = None
    margin: Margin | None = None


def examine_loss(loss: object, attempt: Try) -> LossFacts:
    """Find out kind, convention and margin of what `compile` was given.

    Args:
        loss: a name, a function or a loss object; None where the model has a training step of its own.
        attempt: evaluates the loss for one pair.
    """
    if loss is None:
        return LossFacts(name=None, kind=None)
    name = name_of(loss)
    kind, similar, measured = _tried(attempt) if not isinstance(loss, str) else (None, None, None)
    by_name = _named(name)
    if by_name in {"triplet", "contrastive"} or kind is None:
        kind = by_name or kind or "other"
    found = find_margin(loss) if kind in {"contrastive", "triplet"} else None
    if found is None and kind == "contrastive" and measured is not None:
        found = Margin(value=measured, place="measured: beyond it different pairs cost nothing")
    return LossFacts(name=name, kind=kind, similar=similar if kind == "contrastive" else None, margin=found)


def name_of(loss: object) -> str:
    """What a person would call the loss."""
    if isinstance(loss, str):
        return loss
    function = getattr(loss, "func", loss)  # of a partial function
    name = getattr(function, "__name__", None) or type(function).__name__
    return str(name)


def _named(name: str) -> LossName | None:
    """The kind that a name gives away."""
    plain = name.lower().replace("_", "").replace(" ", "")
    return next((kind for part, kind in _BY_NAME if part in plain), None)


def _tried(attempt: Try) -> tuple[LossName | None, Literal[0, 1] | None, float | None]:
    """Kind, similar label and margin by experiment."""
    costs = {label: [attempt(float(label), d) for d in GRID] for label in (0, 1)}
    zero, one = (_finite(costs[label]) for label in (0, 1))
    if zero is None or one is None:
        return None, None, None
    if _crossentropy(zero, one):
        return "binary_crossentropy", None, None
    if all(_near(a, d**2) and _near(b, (1 - d) ** 2) for a, b, d in zip(zero, one, GRID, strict=True)):
        return "mse", None, None
    for similar, pulled, pushed in ((1, one, zero), (0, zero, one)):
        if _rises(pulled) and _pushes_apart(pushed):
            margin = _margin(attempt, 1.0 - similar, pushed[0])
            return "contrastive", 1 if similar else 0, margin
    return None, None, None


def _finite(costs: Sequence[float | None]) -> list[float] | None:
    """The costs, or None where one of them is missing or no number."""
    known = [c for c in costs if c is not None and math.isfinite(c)]
    return known if len(known) == len(costs) else None


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= CLOSE * max(1.0, abs(b))


def _crossentropy(zero: list[float], one: list[float]) -> bool:
    """Whether these are -log(p) and -log(1 - p), of probabilities or of logits."""
    probabilities = _near(one[1], -math.log(0.25)) and _near(zero[1], -math.log(0.75)) and _near(one[2], math.log(2))
    logits = _near(one[0], math.log(2)) and _near(zero[0], math.log(2)) and _near(zero[4], math.log(1 + math.e))
    return probabilities or logits


def _rises(costs: list[float]) -> bool:
    """Whether a pair of this label costs nothing at distance 0 and more the farther it is."""
    return abs(costs[0]) <= CLOSE and all(b > a for a, b in pairwise(costs))


def _pushes_apart(costs: list[float]) -> bool:
    """Whether a pair of this label costs most at distance 0 and nothing far away."""
    falls = all(b <= a + CLOSE for a, b in pairwise(costs))
    return falls and costs[0] > CLOSE and abs(costs[-1]) <= CLOSE * costs[0]


def _margin(attempt: Try, label: float, at_zero: float) -> float | None:
    """The distance from which on a different pair costs nothing, to three digits."""

    def free(distance: float) -> bool:
        cost = attempt(label, distance)
        return cost is not None and cost <= 1e-6 * at_zero

    for guess in (math.sqrt(at_zero), at_zero, math.sqrt(2 * at_zero)):
        if free(guess * 1.001) and not free(guess * 0.98):
            return float(f"{guess:.4g}")
    low, high = 0.0, GRID[-1]
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if free(middle) else (middle, high)
    return float(f"{high:.3g}")
