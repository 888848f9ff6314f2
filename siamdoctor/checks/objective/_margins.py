"""What the checks of margins and triplets share: the declared margin, and a threshold that was derived from it."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.results import Recovery

CLOSE = 0.02
SPENT = 0.03  # of the margin, below which a triplet loss is gone


def declared_margin(case: Case) -> float:
    """The margin of a loss that has one."""
    training = case.settings.training
    if training.loss not in {None, "contrastive", "triplet"}:
        raise Unavailable(f"the loss has no margin (training.loss is {training.loss})")
    if training.margin is None:
        raise Unavailable("no margin is declared (training.margin)")
    if case.encoder.left_out:
        raise Unavailable(f"the margin is one for what layer {case.encoder.left_out[0]!r} makes of the embeddings")
    return training.margin


def threshold_from_margin(case: Case, margin: float) -> Recovery | None:
    """What tuning the threshold recovers, where the threshold in use is the margin or half of it.

    Then the margin is what put the decision where it is, so the margin is to blame for it.
    """
    threshold = case.rule.threshold
    if threshold is None or case.rule.inverted:
        return None
    derived = any(abs(threshold - part * margin) <= CLOSE * margin for part in (0.5, 1.0))
    gain = case.trial("threshold").gain
    return gain if derived and gain.low > 0 else None
