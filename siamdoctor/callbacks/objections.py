"""What can be said against a training before its first step: of the labels, the pairs, and the metric shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from siamdoctor.callbacks.losses import LossFacts
from siamdoctor.callbacks.pair_statistics import Fed
from siamdoctor.callbacks.signs import Finding

FEW_PAIRS = 64  # below it shares are not spoken of
LOPSIDED = 0.2
OFTEN_TWICE = 0.5
SHOWN_AS_ACCURACY = frozenset({"accuracy", "acc", "binary_accuracy"})

Label = Literal[0, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of the model's last layer; None where it has no such thing, as a distance has no activation."""

    activation: str | None = None
    units: int | None = None

    @property
    def probability(self) -> bool:
        """Whether it puts out a probability rather than a distance."""
        return self.activation in {"sigmoid", "softmax"}


def label_of_same(declared: Label | None, fed: Fed | None, loss: LossFacts) -> Label | None:
    """The label of a same-class pair: as declared, else as pairs of one image twice have it, else as the loss wants."""
    if declared is not None:
        return declared
    if fed is not None and fed.identical_label is not None:
        return fed.identical_label
    return loss.similar


def object_to(
    loss: LossFacts, fed: Fed | None, *, declared: Label | None, head: Head, metrics: Iterable[str]
) -> Iterator[Finding]:
    """Everything that is certain or plain enough to be said at once. None of it stops a training.

    Args:
        loss: what is known of the loss.
        fed: statistics of the pairs, None where they could not be seen.
        declared: the label of a same-class pair as the user says.
        head: the model's last layer.
        metrics: names of the compiled metrics.
    """
    distance = loss.kind == "contrastive" and not head.probability
    if head.activation == "softmax" and head.units == 1:
        yield _objection("single-unit-softmax", "A softmax over one unit is 1 for every pair; a sigmoid is meant.")
    given = declared if declared is not None else fed.identical_label if fed is not None else None
    if loss.similar is not None and given is not None and given != loss.similar and distance:
        yield _objection(
            "inverted-labels",
            f"Same-class pairs have the label {given}, and the loss pulls pairs of the label {loss.similar} together: "
            "it will push the same class apart.",
        )
    if distance and loss.similar == 1 and SHOWN_AS_ACCURACY & set(metrics):
        yield _objection(
            "inverted-metric",
            "The accuracy shown will be wrong: Keras counts an output above one half as label 1, and here label 1 "
            "goes with small distances. Far below 50 % would mean that all is well.",
        )
    if fed is None or fed.pairs < FEW_PAIRS:
        return
    same = label_of_same(declared, fed, loss)
    if fed.ones is not None and not LOPSIDED <= fed.ones <= 1 - LOPSIDED:
        yield _objection(
            "imbalanced-pairs", f"{fed.ones:.0%} of the first {fed.pairs} pairs have the label 1; one half is healthy."
        )
    if fed.identical_by_label is not None:
        share = fed.identical_by_label[same] if same is not None else max(fed.identical_by_label)
        if share > OFTEN_TWICE:
            yield _objection(
                "identical-positive-pairs", f"{share:.0%} of the same-class pairs are one and the same image twice."
            )


def _objection(cause: str, says: str) -> Finding:
    return Finding(symptom="data", cause=cause, says=says, epoch=0, fatal=False)
