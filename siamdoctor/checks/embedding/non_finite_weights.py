"""SD302: weights that are not numbers."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement


@check(
    "SD302",
    impact=Impact.FATAL,
    explains={
        "undertrained",
        "misaligned-labels",
        "wrong-threshold",
        "collapsed-embedding",
        "untrained-encoder",
        "inverted-metric",
        "mismatched-metric",
        "saturated-output",
    },
)
def non_finite_weights(case: Case) -> Evidence:
    """Some weights are NaN or infinite.

    The derivative of a square root is infinite at 0. One pair of equal embeddings (the same image twice, or
    a dead encoder) makes the gradient infinite and the weights NaN. A comparison with NaN is False, so the
    accuracy then shows a calm 50 %, and on some devices the loss does not show NaN either.

    A model that has it:

    ```python
    distance = keras.ops.sqrt(keras.ops.sum(keras.ops.square(a - b), axis=1, keepdims=True))
    ```

    The corrected line, then train again from the last good checkpoint:

    ```python
    distance = keras.ops.sqrt(keras.ops.maximum(
        keras.ops.sum(keras.ops.square(a - b), axis=1, keepdims=True), 1e-7))
    ```

    `keras.callbacks.TerminateOnNaN()` stops a run at once.

    Seen in: keras#9097, keras PR #6223, keras#4541 (accuracy and loss at .5 over NaN weights), SigNet#1.
    """
    broken = total = 0
    names = []
    for weight in case.blueprint.weights:
        values = weight.load()
        bad = int(values.size - np.isfinite(values).sum())
        broken, total = broken + bad, total + values.size
        if bad:
            names.append(f"{weight.layer}/{weight.variable}")
    share = broken / total if total else 0.0
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
    return Evidence(
        certainty=1.0 if broken else 0.0,
        summary=(
            f"{broken:,} of {total:,} weights are NaN or infinite ({shown})." if broken else "All weights are finite."
        ),
        fix="Keep the root away from 0, reload the last checkpoint before the NaN, and train on:\n"
        "    distance = ops.sqrt(ops.maximum(ops.sum(ops.square(a - b), axis=1, keepdims=True), 1e-7))",
        measurements=(Measurement(name="share of weights that are no numbers", value=share, expected="0"),),
        proof=bool(broken),
    )
