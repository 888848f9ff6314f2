"""SD305: the encoder's weights are where their initialisers put them."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.models.untouched import tally
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.taught import losses

ZERO = 1e-6
NOTHING_TO_LEARN = 0.4  # part that remains where the loss left nothing to train for: that is then the cause


@check(
    "SD305",
    impact=Impact.MAJOR,
    explains={
        "wrong-threshold",
        "narrow-embedding",
        "mismatched-metric",
        "insufficient-augmentation",
        "undertrained",
    },
)
def untrained_encoder(case: Case) -> Evidence:
    """The encoder was never trained.

    Weights that were not loaded, an encoder that was frozen while still random, or an optimiser that never
    saw its variables: training moves every bias away from exactly 0, and here none has moved.

    How it looks: the embedding is no better than that of the same network freshly initialised.

    A model that has it:

    ```python
    import keras
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.Input((64,)),
                                keras.layers.Dense(32, activation="relu")])
    encoder.trainable = False                                 # still random
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    model.fit([left, right], same, epochs=5, verbose=0)
    kernel, bias = encoder.get_weights()
    assert (bias == 0).all()                                  # none has moved
    frozen = ((model.predict([left, right], verbose=0) > 0.5) == same).mean()
    ```

    The corrected lines (or `encoder.load_weights("pretrained.weights.h5")` before freezing, and a look at what
    was loaded):

    ```python
    encoder.trainable = True
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    model.fit([left, right], same, epochs=15, verbose=0)
    kernel, bias = encoder.get_weights()
    assert (bias != 0).any()
    trained = ((model.predict([left, right], verbose=0) > 0.5) == same).mean()
    assert trained > frozen + 0.05
    ```

    Seen in: triplet-reid#30 (the loading lines had been deleted); 23 of 139 repositories freeze an encoder.

    See: Zhang, Bengio and Singer 2022 (Are all layers created equal?), who tell trained layers from reset ones.
    """
    weights = [w for w in case.blueprint.weights if w.part == "encoder"]
    if not weights:
        raise Unavailable("the encoder has no stored weights")
    found = tally(weights)
    if not found.constants and not found.kernels:
        raise Unavailable("no weight of the encoder has an initialiser that can be recognised afterwards")
    certainty = found.certainty * (NOTHING_TO_LEARN if _nothing_cost(case) else 1.0)
    measurements = [
        Measurement(
            name="biases and scales still exactly at their start",
            value=f"{found.unmoved} of {found.constants}",
            expected="0",
        ),
        Measurement(
            name="kernels that still fit their initialiser",
            value=f"{found.fitting} of {found.kernels}",
            expected="0",
        ),
    ]
    return Evidence(
        certainty=certainty,
        summary=(
            f"All {found.constants} biases and scales of the encoder are exactly where they were initialised: "
            "it was never trained, or its weights were not loaded."
            if certainty
            else "The encoder's weights have left their initial values."
        ),
        fix="Load the weights that you mean to use, or let the encoder train:\n"
        "    encoder.trainable = True   # before compile()\n"
        "    assert len(model.trainable_weights) > 2",
        measurements=tuple(measurements),
    )


def _nothing_cost(case: Case) -> bool:
    """Whether the loss was 0 from the first epoch: no gradient came, whatever could have been trained."""
    reported = losses(case)
    return bool(reported) and max(map(abs, reported)) <= ZERO
