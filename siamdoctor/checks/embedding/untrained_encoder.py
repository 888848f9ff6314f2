"""SD305: the encoder's weights are where their initialisers put them."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.models.untouched import tally
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement


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
    encoder = build_encoder()
    encoder.trainable = False                            # frozen before any weights were loaded
    ```

    The corrected lines:

    ```python
    encoder.load_weights("pretrained.weights.h5")        # and check what was loaded
    encoder.trainable = True
    ```

    Seen in: triplet-reid#30 (the loading lines had been deleted); 23 of 139 repositories freeze an encoder.
    """
    weights = [w for w in case.blueprint.weights if w.part == "encoder"]
    if not weights:
        raise Unavailable("the encoder has no stored weights")
    found = tally(weights)
    if not found.constants and not found.kernels:
        raise Unavailable("no weight of the encoder has an initialiser that can be recognised afterwards")
    certainty = found.certainty
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
