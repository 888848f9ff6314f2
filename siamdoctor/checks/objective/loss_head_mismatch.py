"""SD203: the loss expects another kind of number than the head gives."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.objective._loss_domains import described, find_mismatch, loss_in_use, wanted
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery

WORTHWHILE = 5.0  # points; a remedy that recovers less leaves the fault to be mended by training
SEPARATES = 0.8  # AUC from which the mismatch has evidently not ruined the embedding


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
    loss = loss_in_use(case.blueprint, case.settings)
    if loss is None:
        raise Unavailable("the loss is neither in the file nor declared (training.loss)")
    mismatch = find_mismatch(case.blueprint, case.settings, loss)
    rows = [
        Measurement(name="loss", value=loss, expected="one that fits the head"),
        Measurement(name="head", value=described(case.blueprint.head), expected=wanted(loss)),
    ]
    rows += _range_rows(case, loss)
    if mismatch is None:
        return Evidence(
            certainty=0.0,
            summary=f"The head ({described(case.blueprint.head)}) gives what the loss ({loss}) expects.",
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
    return gain if gain.low > 0 and gain.points >= WORTHWHILE else None
