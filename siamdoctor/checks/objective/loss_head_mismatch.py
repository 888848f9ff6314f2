"""SD203: the loss expects another kind of number than the head gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import DISTANCE_HEADS, Blueprint, Head
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.settings import Settings
from siamdoctor.stats.ramps import ramp

CROSS_ENTROPY = frozenset({"binary_crossentropy", "BinaryCrossentropy", "BinaryFocalCrossentropy"})
UNBOUNDED = frozenset({None, "linear", "relu", "leaky_relu", "elu", "softplus", "selu", "gelu", "silu", "swish"})
RIGHT_WAY = 0.45  # certainty where only the range does not fit: worth a line, not worth failing a build
SEPARATES = 0.8  # AUC from which the mismatch has evidently not ruined the embedding
BOUNDED_BY_ONE = frozenset({"sigmoid", "softmax", "hard_sigmoid", "tanh"})


@check(
    "SD203",
    impact=Impact.FATAL,
    explains={
        "inverted-metric",
        "wrong-threshold",
        "inverted-labels",
        "misaligned-labels",
        "mismatched-metric",
        "margin-too-large",
        "saturated-output",
        "collapsed-embedding",
        "undertrained",
    },
)
def loss_head_mismatch(case: Case) -> Evidence:
    """The loss expects another kind of number than the head gives.

    Cross-entropy wants a probability that says "same", between 0 and 1. A raw distance is neither: it has no
    upper bound, and with label 1 = same the loss pushes same pairs one unit *apart*. A ReLU or linear unit
    gives numbers below 0 and above 1, which Keras clips, and what is clipped has no gradient. The other way
    round, contrastive loss wants a distance: a sigmoid ends at 1, so no margin above 1 is ever reached.

    How it looks: the loss stays at .69 to .75, or at 8; the AUC stays near one half.

    A model that has it:

    ```python
    distance = EuclideanDistance()([encoder(left), encoder(right)])
    model = keras.Model([left, right], distance)
    model.compile(loss="binary_crossentropy")
    ```

    The corrected lines, one or the other; train again:

    ```python
    output = keras.layers.Dense(1, activation="sigmoid")(distance)
    model = keras.Model([left, right], output)
    model.compile(loss="binary_crossentropy")
    ```

    ```python
    model = keras.Model([left, right], distance)
    model.compile(loss=contrastive_loss)
    ```

    Contrastive loss on a sigmoid with margin 1 works in a fashion and is no cause of 50 % by itself; it stood
    in the official example until keras-io PR #2261.

    Seen in: datascience.stackexchange.com/questions/65128 (cosine distance and cross-entropy), kubeflow#259,
    keras-io#2230; at least ten repositories.
    """
    loss = _loss(case.blueprint, case.settings)
    if loss is None:
        raise Unavailable("the loss is neither in the file nor declared (training.loss)")
    mismatch = _mismatch(case.blueprint, case.settings, loss)
    rows = [
        Measurement(name="loss", value=loss, expected="one that fits the head"),
        Measurement(name="head", value=_described(case.blueprint.head), expected=_wanted(loss)),
    ]
    rows += _range_rows(case, loss)
    if mismatch is None:
        return Evidence(
            certainty=0.0,
            summary=f"The head ({_described(case.blueprint.head)}) gives what the loss ({loss}) expects.",
            fix="Nothing to do.",
            measurements=tuple(rows),
        )
    return Evidence(
        certainty=mismatch.certainty,
        summary=mismatch.sentence,
        fix=mismatch.fix,
        measurements=tuple(rows),
        recovers=_recovery(case) if mismatch.certainty >= 0.5 else None,  # noqa: PLR2004  (likely, by the contract)
        proof=mismatch.proof and not _separates(case),
    )


def _separates(case: Case) -> bool:
    """Whether the output tells pairs apart nevertheless, in one direction or the other."""
    try:
        area = case.deployed.auc
    except Unavailable:
        return False
    return max(area, 1 - area) >= SEPARATES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mismatch:
    """What does not fit, how sure that is, and the corrected lines."""

    sentence: str
    fix: str
    certainty: float
    proof: bool


def _loss(blueprint: Blueprint, settings: Settings) -> str | None:
    """The loss as declared, else the file's where it is one of Keras' own."""
    if settings.training.loss not in {None, "other"}:
        return settings.training.loss
    if blueprint.loss in CROSS_ENTROPY:
        return "binary_crossentropy"
    return "contrastive" if blueprint.loss is not None and "contrastive" in blueprint.loss.lower() else None


def _mismatch(blueprint: Blueprint, settings: Settings, loss: str) -> _Mismatch | None:
    head = blueprint.head
    if loss == "binary_crossentropy":
        return _under_cross_entropy(blueprint, settings, head)
    margin = settings.training.margin
    ends_at_one = head.learned and head.activation in BOUNDED_BY_ONE
    if loss == "contrastive" and ends_at_one and margin is not None and margin > 1:
        return _Mismatch(
            sentence=f"Contrastive loss with margin {margin:g} is given a {head.activation}, which ends at 1: "
            "no different pair can ever satisfy it.",
            fix="Give contrastive loss the distance itself, and train again:\n"
            "    model = keras.Model([left, right], distance)   # no Dense(1, activation='sigmoid') behind it",
            certainty=ramp(margin, clear=1.0, sure=1.5),
            proof=True,
        )
    return None


def _under_cross_entropy(blueprint: Blueprint, settings: Settings, head: Head) -> _Mismatch | None:
    """A distance, or a cosine, or a unit without a sigmoid, where a probability is expected."""
    if blueprint.loss_from_logits:
        return None
    fix = (
        "Let a sigmoid turn the distance into a probability, and train again:\n"
        "    output = keras.layers.Dense(1, activation='sigmoid')(distance)"
    )
    if head.kind in DISTANCE_HEADS or head.kind == "cosine_similarity":
        cosine = head.kind == "cosine_similarity"
        what = "a cosine between -1 and 1" if cosine else "a raw distance"
        # A cosine, and a distance with label 1 = different, point the right way and merely leave the range.
        right_way = cosine or settings.training.same_label == 0
        return _Mismatch(
            sentence=f"Binary cross-entropy is given {what} where it expects the probability of label 1.",
            fix=fix,
            certainty=RIGHT_WAY if right_way else 1.0,
            proof=not right_way,
        )
    if head.learned and head.units == 1 and head.activation in UNBOUNDED:
        # Without the file's own word, a loss made with from_logits=True cannot be ruled out.
        known = blueprint.loss in CROSS_ENTROPY or head.activation == "relu"
        return _Mismatch(
            sentence=f"Binary cross-entropy is given a unit with activation {head.activation or 'linear'}; "
            "what lies outside 0 to 1 is clipped and has no gradient.",
            fix="End in a sigmoid, or say that these are logits, and train again:\n"
            "    output = keras.layers.Dense(1, activation='sigmoid')(x)\n"
            "    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))   # instead of that",
            certainty=1.0 if known else 0.4,
            proof=known,
        )
    return None


def _described(head: Head) -> str:
    return f"{head.merge} + Dense({head.units}, {head.activation or 'linear'})" if head.learned else head.kind


def _wanted(loss: str) -> str:
    return {
        "binary_crossentropy": "a sigmoid",
        "contrastive": "a distance",
        "triplet": "embeddings",
        "mse": "a number between 0 and 1",
    }.get(loss, "what the loss expects")


def _range_rows(case: Case, loss: str) -> list[Measurement]:
    """Where the outputs lie in fact, if the model can be run."""
    try:
        output = case.deployed.output
    except Unavailable:
        return []
    outside = float(np.mean((output < 0) | (output > 1)))
    expected = "0" if loss in {"binary_crossentropy", "mse"} else "any"
    return [
        Measurement(
            name="smallest and largest output", value=f"{output.min():.3g} to {output.max():.3g}", expected="-"
        ),
        Measurement(name="share of outputs outside 0 to 1", value=outside, expected=expected),
    ]


def _recovery(case: Case) -> Recovery | None:
    """What a logistic unit on the model's output recovers, where the embedding has survived."""
    try:
        gain = case.trial("logistic-output").gain
    except Unavailable:
        return None
    return gain if gain.low > 0 else None
