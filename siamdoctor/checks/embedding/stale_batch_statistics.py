"""SD307: BatchNormalization uses statistics at inference that do not fit the data."""

from __future__ import annotations

import math

import numpy as np

from siamdoctor.case import Case
from siamdoctor.decision import CUSTOMARY
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import paired_gain

AUC_GAIN = 0.03


@check(
    "SD307",
    impact=Impact.FATAL,
    explains={
        "undertrained",
        "wrong-threshold",
        "mismatched-metric",
        "collapsed-embedding",
        "narrow-embedding",
        "insufficient-augmentation",
        "saturated-output",
    },
)
def stale_batch_statistics(case: Case) -> Evidence:
    """BatchNormalization's stored statistics do not fit the data.

    While training, the layer normalises by the batch; at inference by moving averages. With few steps, the
    default momentum of .99, tiny batches, or pretrained statistics from other data, the averages are not yet
    those of the data, and a network that trains well predicts at chance.

    How it looks: training accuracy high, `predict` and validation at 50 %.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    left, right = 20 * left + 100, 20 * right + 100           # far from 0
    encoder = keras.Sequential([
        keras.layers.BatchNormalization(),                    # momentum .99
        keras.layers.Dense(32, activation="relu")])
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy",
                  metrics=["accuracy"])
    history = model.fit([left, right], same, epochs=5, batch_size=200,
                        verbose=0).history                    # 25 steps
    shown = history["accuracy"][-1]
    true = ((model.predict([left, right], verbose=0) > 0.5) == same).mean()
    assert shown > true + 0.1
    ```

    The corrected line is `keras.layers.BatchNormalization(momentum=0.9)`; or re-estimate on the finished model:
    forward passes in training mode, without a gradient:

    ```python
    encoder.layers[0].momentum = 0.9
    for _ in range(20):
        for start in range(0, len(left), 100):
            encoder(left[start : start + 100], training=True)
    true = ((model.predict([left, right], verbose=0) > 0.5) == same).mean()
    assert true > shown - 0.1
    ```

    When fine-tuning a frozen backbone, call it with `training=False`.

    Seen in: keras#7177, keras PR #9965, keras#12450, keras-resnet#46, tfsim#260, facenet#56.

    See: Ioffe and Szegedy 2015 (Batch normalization), section 3.1 on inference; Wu and Johnson 2021 (Rethinking
    "Batch" in BatchNorm), on re-estimated statistics.
    """
    outcome = case.trial("batch-statistics")
    before = case.deployed.auc
    separates_better = outcome.auc - before >= AUC_GAIN and outcome.excess.low > 0
    certainty = ramp(outcome.gain.points, clear=2, sure=7) if separates_better and outcome.gain.low > 0 else 0.0
    scale = _scale(case)
    moved = case.twin.statistics_moved(case.with_fresh_statistics.twin)
    elsewhere = max(ramp(abs(math.log10(scale)), clear=0.3, sure=0.7), ramp(moved, clear=1.0, sure=2.5))
    at_threshold = _at_the_threshold(case) if certainty < 1 and elsewhere else None
    if at_threshold is not None and at_threshold.low > 0:
        certainty = max(certainty, ramp(at_threshold.points, clear=5, sure=15) * elsewhere)
    recovers = outcome.gain if outcome.gain.low > 0 else None
    return Evidence(
        certainty=certainty,
        summary=(
            "With BatchNormalization's statistics re-estimated on this data, and no weight changed, "
            f"the AUC rises from {before:.2f} to {outcome.auc:.2f}."
            if certainty and separates_better
            else "With BatchNormalization's statistics re-estimated on this data, and no weight changed, distances are "
            f"{scale:.3g} times as large, and the threshold {_threshold(case):g} fits better."
            if certainty and at_threshold is not None
            else "Re-estimating BatchNormalization's statistics on this data changes little."
        ),
        fix="Let the statistics catch up (forward passes, no gradient), or lower the momentum and train again:\n"
        "    for batch in batches: encoder(batch, training=True)\n"
        "    layers.BatchNormalization(momentum=0.9)",
        measurements=(
            Measurement(name="AUC with the stored statistics", value=before, expected="near the next line"),
            Measurement(name="AUC with statistics of this data", value=outcome.auc, expected="near the line above"),
            Measurement(name="distances with statistics of this data over those now", value=scale, expected="near 1"),
            Measurement(
                name="stored statistics from those of this data, in standard deviations and log variances",
                value=moved,
                expected="below 1",
            ),
        ),
        recovers=recovers if certainty else None,
        at_stake=at_threshold.points if certainty and recovers is None and at_threshold is not None else None,
    )


def _scale(case: Case) -> float:
    """How many times as large the usual distance is with fresh statistics; 1 where one of them is 0 or no number."""
    now, then = (float(np.median(v.metric_distance("euclidean"))) for v in (case.deployed, case.with_fresh_statistics))
    return then / now if now > 0 and then > 0 and np.isfinite(then / now) else 1.0


def _threshold(case: Case) -> float:
    return CUSTOMARY if case.rule.threshold is None else case.rule.threshold


def _at_the_threshold(case: Case) -> Recovery:
    """What fresh statistics gain at the threshold that was meant, which distances out of scale may all lie below."""
    border, below = _threshold(case), case.rule.same_below
    scores = (view.score for view in (case.deployed, case.with_fresh_statistics))
    now, then = (score < border if below else score > border for score in scores)
    return paired_gain(now, then, case.dyads)
