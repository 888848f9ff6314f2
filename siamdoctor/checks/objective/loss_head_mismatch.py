"""SD203: the loss expects another kind of number than the head gives."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.objective._labels import little_retained, similarity_for_distance
from siamdoctor.checks.objective._loss_domains import Mismatch, described, find_mismatch, loss_in_use, wanted
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.ramps import ramp

WORTHWHILE = 5.0  # points; a remedy that recovers less leaves the fault to be mended by training
DRIVEN_APART = 0.9  # a loss of that name may have been written for a similarity, and something else be wrong
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
    import keras
    from sklearn.metrics import roc_auc_score
    from siamdoctor.examples import digit_pairs

    def new_distance():
        encoder = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                    keras.layers.Dense(8)])
        squares = keras.ops.square(encoder(a) - encoder(b))
        return keras.ops.sqrt(keras.ops.maximum(
            keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))

    left, right, same = digit_pairs()
    a, b = keras.Input((64,)), keras.Input((64,))
    distance = new_distance()
    model = keras.Model([a, b], distance)
    model.compile("adam", "binary_crossentropy")
    model.fit([left, right], same, epochs=10, verbose=0)
    near = -model.predict([left, right], verbose=0)
    assert roc_auc_score(same, near) < 0.7                    # near is not same
    ```

    The corrected lines, one or the other; train again:

    ```python
    near_is_same = keras.initializers.Constant(-1)            # not left to luck
    output = keras.layers.Dense(1, activation="sigmoid",
                                kernel_initializer=near_is_same)(new_distance())
    mended = keras.Model([a, b], output)
    mended.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    mended.fit([left, right], same, epochs=20, verbose=0)
    assert roc_auc_score(same, mended.predict([left, right], verbose=0)) > 0.8
    ```

    ```python
    def contrastive(same, distance, margin=1.0):
        far = keras.ops.maximum(margin - distance, 0)
        return keras.ops.mean(same * distance**2 + (1 - same) * far**2)

    mended = keras.Model([a, b], new_distance())
    mended.compile("adam", contrastive)
    mended.fit([left, right], same, epochs=20, verbose=0)
    assert roc_auc_score(same, -mended.predict([left, right], verbose=0)) > 0.8
    ```

    Contrastive loss on a sigmoid with margin 1 works in a fashion and is no cause of 50 % by itself; it stood
    in the official example until keras-io PR #2261.

    Seen in: datascience.stackexchange.com/questions/65128 (cosine distance and cross-entropy), kubeflow#259,
    keras-io#2230; at least ten repositories.

    See: Hadsell, Chopra and LeCun 2006 (Dimensionality reduction by learning an invariant mapping), for the loss
    that wants a distance; Koch, Zemel and Salakhutdinov 2015 (Siamese neural networks for one-shot image
    recognition), for the head that wants cross-entropy.
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
    if mismatch is None and similarity_for_distance(case):
        mismatch = _driven_apart(case)
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


def _driven_apart(case: Case) -> Mismatch | None:
    """A similarity where contrastive loss wants a distance; what training left shows that the loss took it for one."""
    try:
        lost = little_retained(case) * ramp(max(case.deployed.auc, 0.5), clear=0.65, sure=0.55)
    except Unavailable:
        return None
    return Mismatch(
        sentence="Contrastive loss wants a distance and is given a similarity: it drove same-class pairs to 0 and "
        "the others beyond the margin.",
        fix="Give the loss a distance, and train again:\n"
        "    distance = 1 - keras.layers.Dot(axes=1, normalize=True)([a, b])",
        certainty=DRIVEN_APART * lost,
        proof=False,
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
