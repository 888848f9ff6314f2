"""SD501: the two sides are encoded by two networks that share no weights."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.geometry import pair_distance
from siamdoctor.stats.ramps import ramp
from siamdoctor.trials.sides import told_apart


@check(
    "SD501",
    impact=Impact.MAJOR,
    explains={
        "wrong-threshold",
        "mismatched-metric",
        "undertrained",
        "misaligned-labels",
        "stale-batch-statistics",
        "collapsed-embedding",
    },
)
def untied_towers(case: Case) -> Evidence:
    """The two towers share no weights.

    A Siamese network is one encoder called twice. Building the encoder twice gives two networks with two
    spaces: the same picture lands in two places, and a distance between the spaces means little.

    How it looks: f(a, b) differs from f(b, a), and a sample is far from itself. On easy data it may hardly
    hurt, and some designs are asymmetric on purpose (sketch and photo), so it is ranked by what it costs.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def build_encoder():
        return keras.Sequential([keras.layers.Dense(32, activation="relu")])

    left, right, same = digit_pairs()
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(build_encoder()(a) - build_encoder()(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile("adam", "binary_crossentropy")
    model.fit([left, right], same, epochs=3, verbose=0)
    forth = model.predict([left, right], verbose=0)
    back = model.predict([right, left], verbose=0)
    assert np.abs(forth - back).max() > 0.01
    ```

    The corrected lines, after which the model must be trained again:

    ```python
    encoder = build_encoder()
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile("adam", "binary_crossentropy")
    model.fit([left, right], same, epochs=3, verbose=0)
    forth = model.predict([left, right], verbose=0)
    back = model.predict([right, left], verbose=0)
    assert np.abs(forth - back).max() < 1e-5
    ```

    Seen in: three of 139 repositories; many threads ask how to know (keras#4459, keras#242).

    See: Bromley et al. 1993 (Signature verification using a "Siamese" time delay neural network), for two identical
    networks joined at the output.
    """
    if case.blueprint.twins != "separate":
        return Evidence(certainty=0.0, summary="Both sides go through the same weights.", fix="Nothing to do.")
    measurements = [Measurement(name="weights shared by the towers", value="none", expected="all")]
    certainty, recovers = 0.5, None
    try:
        gap = _distance_to_itself(case)
        costly = ramp(case.tuned_accuracy.value, clear=0.82, sure=0.72)
        apart = costly * ramp(gap, clear=0.1, sure=0.5)
        certainty = 0.3 + 0.7 * apart
        measurements.append(
            Measurement(name="distance of a sample to itself, in between-class distances", value=gap, expected="0")
        )
        outcome = case.trial("one-tower")
        # Towers that agree badly do better when one of them serves both sides, though neither learned alone; where a
        # sample is as far from itself as from a stranger, they never agreed at all.
        told = max(ramp(outcome.excess.points, clear=-0.5, sure=1.5), ramp(gap, clear=0.9, sure=1.1))
        apart_by_nature = told_apart(case)
        one_kind = ramp(apart_by_nature, clear=0.95, sure=0.8)  # of photographs and drawings two networks may be meant
        certainty = 0.3 + 0.7 * apart * told * one_kind
        measurements.append(
            Measurement(
                name="balanced accuracy with one tower for both sides",
                value=outcome.accuracy.value,
                low=outcome.accuracy.low,
                high=outcome.accuracy.high,
                expected="no better than with two",
            )
        )
        if one_kind < 1:
            measurements.append(
                Measurement(
                    name="AUC of telling left samples from right ones",
                    value=apart_by_nature,
                    expected="near 0.5; two kinds may want two networks",
                )
            )
        worthwhile = outcome.excess.low > 0 and outcome.excess.points >= 5  # noqa: PLR2004  (the contract's bound)
        recovers = outcome.excess if worthwhile else None
    except Unavailable:
        pass
    return Evidence(
        certainty=certainty,
        summary="The two sides are encoded by two networks that share no weights.",
        fix="Build the encoder once, call it twice, and train again:\n"
        "    encoder = build_encoder()\n    left, right = encoder(input_a), encoder(input_b)",
        measurements=tuple(measurements),
        recovers=recovers,
    )


def _distance_to_itself(case: Case) -> float:
    """Mean distance between the two towers' embeddings of one sample over the usual distance of negatives."""
    view = case.deployed
    itself = pair_distance("euclidean", view.embeddings, view.right_embeddings)
    others = view.metric_distance("euclidean")[~case.pairs.same]
    median = float(np.median(others))
    if not np.isfinite(median) or median <= 0:
        raise Unavailable("all distances are zero")
    return float(itself.mean() / median)
