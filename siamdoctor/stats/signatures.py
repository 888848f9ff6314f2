"""Losses that a constant output gives, in closed form, and whether a training curve rests on one of them.

A loss within about 2 % of such a value says that the output did not depend on the input: derived by putting a
constant into contrastive loss y d^2 + (1-y) max(m-d, 0)^2 (Hadsell, Chopra and LeCun 2006), into triplet loss
max(d_p - d_n + m, 0) and its soft form ln(1 + exp(d_p - d_n)), into cross-entropy and into squared error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TOLERANCE = 0.02
# Keras clips probabilities at 1e-7, which makes a wrong certainty cost 16.1 (15.9 where the upper clip is
# rounded to float32); public logs of balanced pairs show 7.7 to 8.06, half of that.
SATURATED = (7.7, 8.06)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A loss between `low` and `high` means: `meaning`. `dead` = every output is the same extreme value."""

    low: float
    high: float
    meaning: str
    dead: bool = False

    @property
    def value(self) -> float:
        """The middle of the range."""
        return (self.low + self.high) / 2


def constant_output_losses(loss: str | None, margin: float | None, positives: float = 0.5) -> tuple[Signature, ...]:
    """What the loss would be if the output were constant.

    Args:
        loss: "contrastive", "triplet", "binary_crossentropy" or "mse"; anything else has no known signature.
        margin: of contrastive or triplet loss; without it only the soft-margin triplet is known.
        positives: share of same-class pairs in training.
    """
    p = positives
    if loss == "contrastive" and margin:
        return (
            _at(p * (1 - p) * margin**2, "every distance is the same, margin * (1 - p): nothing was learned"),
            _at((1 - p) * margin**2, "every distance is 0: the embedding is one point", dead=True),
        )
    if loss == "triplet":
        hinge = (_at(margin, "all embeddings lie at one point", dead=True),) if margin else ()
        return (*hinge, _at(math.log(2), "all embeddings lie at one point (soft margin)", dead=True))
    if loss == "binary_crossentropy":
        entropy = -(p * math.log(p) + (1 - p) * math.log(1 - p)) if 0 < p < 1 else 0.0
        return (
            _at(entropy, "every output is the share of positive pairs: nothing was learned"),
            Signature(low=SATURATED[0], high=SATURATED[1], meaning="every output is exactly 0 or exactly 1", dead=True),
        )
    if loss == "mse":
        return (
            _at(p * (1 - p), "every output is the share of positive pairs: nothing was learned"),
            _at(max(p, 1 - p), "every output is exactly 0 or exactly 1", dead=True),
        )
    return ()


def _at(value: float, meaning: str, *, dead: bool = False) -> Signature:
    return Signature(low=value, high=value, meaning=meaning, dead=dead)


def chance_loss(loss: str | None, margin: float | None, positives: float = 0.5) -> float | None:
    """The best loss that a constant output can have, the yardstick of a training curve; None where unknown."""
    known = [s.value for s in constant_output_losses(loss, margin, positives)]
    return min(known) if known else None


def matching(values: Sequence[float], signatures: Sequence[Signature]) -> Signature | None:
    """The signature on which the last third of a training curve rests, the nearest where there are two.

    Args:
        values: the loss, epoch by epoch.
        signatures: from `constant_output_losses`.
    """
    tail = [v for v in values[-max(1, len(values) // 3) :] if math.isfinite(v)]
    near = [(_distance(tail, s), s) for s in signatures if tail]
    best = min(near, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] <= TOLERANCE else None


def _distance(tail: Sequence[float], signature: Signature) -> float:
    """Largest relative distance of the curve's end from the signature's range."""
    outside = [max(signature.low - v, v - signature.high, 0.0) for v in tail]
    return max(outside) / max(signature.value, 1e-12)
