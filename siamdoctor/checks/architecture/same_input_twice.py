"""SD502: the output depends on one of the two inputs only."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement

TELLING = 5.0  # points


@check(
    "SD502",
    impact=Impact.FATAL,
    explains={
        "undertrained",
        "misaligned-labels",
        "inverted-labels",
        "margin-too-large",
        "margin-too-small",
        "untrained-encoder",
        "wrong-threshold",
        "collapsed-embedding",
        "mismatched-metric",
        "saturated-output",
        "inexpressive-head",
    },
)
def same_input_twice(case: Case) -> Evidence:
    """The output ignores one of its two inputs.

    A slip of the pen wires one input into both sides. The model compares each sample with itself, so its
    output says nothing about the pair, whatever is trained.

    How it looks: loss .6931 (cross-entropy) or constant; f(a, b) = f(a, c) for all c.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.layers.Dense(32, activation="relu")])
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(encoder(a) - encoder(a))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile("adam", "binary_crossentropy")
    history = model.fit([left, right], same, epochs=3, verbose=0).history
    assert np.isclose(history["loss"][-1], np.log(2), atol=0.01)   # .6931
    assert np.ptp(model.predict([left, right], verbose=0)) == 0
    ```

    The corrected line, after which the model must be trained again:

    ```python
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    model.fit([left, right], same, epochs=10, verbose=0)
    called = model.predict([left, right], verbose=0) > 0.5
    assert (called == same).mean() > 0.65
    ```

    Seen in: no public thread that we know of; injected in our own benchmark, where it ends at .6931 and 54 %.

    See: Bromley, Guyon, LeCun, Säckinger and Shah 1993 (Signature verification using a "Siamese" time delay neural
    network), the drawing with both inputs.
    """
    blueprint = case.blueprint
    present = blueprint.same_input_twice or bool(blueprint.ignored_inputs)
    ignored = ", ".join(blueprint.ignored_inputs) or "the second side"
    if not present:
        return Evidence(certainty=0.0, summary="Both inputs reach the output.", fix="Nothing to do.")
    recovers = None
    try:
        outcome = case.trial("both-inputs")
        # Only training again shows all that it costs; a small gain without it would understate the fault.
        recovers = outcome.gain if outcome.gain.low > TELLING else None
    except Unavailable:
        pass
    return Evidence(
        certainty=1.0,
        summary=f"The output does not depend on {ignored}: every sample is compared with itself.",
        fix="Wire both inputs into the comparison, and train again:\n    head([encoder(left), encoder(right)])",
        measurements=(Measurement(name="inputs that reach no output", value=ignored, expected="none"),),
        recovers=recovers,
        proof=True,
    )
