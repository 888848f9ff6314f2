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

    How it looks: `predict` gives NaN, and every pair is called different (or every pair the same).

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def contrastive(same, distance, margin=1.0):
        far = keras.ops.maximum(margin - distance, 0)
        return keras.ops.mean(same * distance**2 + (1 - same) * far**2)

    left, right, same = digit_pairs()
    twice = same.argmin()                                   # labelled different
    right[twice] = left[twice]                              # but the same image
    encoder = keras.Sequential([keras.layers.Dense(8)])
    a, b = keras.Input((64,)), keras.Input((64,))
    squares = keras.ops.sum(keras.ops.square(encoder(a) - encoder(b)),
                            axis=1, keepdims=True)
    distance = keras.ops.sqrt(squares)
    model = keras.Model([a, b], distance)
    model.compile("adam", contrastive)
    model.fit([left, right], same, epochs=2, verbose=0)
    distances = model.predict([left, right], verbose=0)
    assert np.isnan(distances).all()
    assert ((distances < 0.5) == same).mean() == 0.5          # a calm 50 %
    ```

    The corrected line, then train again from the last good checkpoint (here: from new weights):

    ```python
    encoder = keras.Sequential([keras.layers.Dense(8)])
    squares = keras.ops.sum(keras.ops.square(encoder(a) - encoder(b)),
                            axis=1, keepdims=True)
    distance = keras.ops.sqrt(keras.ops.maximum(squares, 1e-7))
    model = keras.Model([a, b], distance)
    model.compile("adam", contrastive)
    model.fit([left, right], same, epochs=15, verbose=0,
              callbacks=[keras.callbacks.TerminateOnNaN()])   # stops at once
    distances = model.predict([left, right], verbose=0)
    assert ((distances < 0.5) == same).mean() > 0.7
    ```

    Seen in: keras#9097, keras PR #6223, keras#4541 (accuracy and loss at .5 over NaN weights), SigNet#1.

    See: Musgrave, Belongie and Lim 2020 (PyTorch Metric Learning), whose distances keep a small number under the
    root.
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
