"""SD206: a margin that the embedding cannot reach."""

from __future__ import annotations

import math

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.objective._margins import declared_margin, threshold_from_margin
from siamdoctor.models.untouched import untouched
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.ramps import ramp
from siamdoctor.trials.baselines import shrinkage
from siamdoctor.trials.margins import active_share, reach

TINY = 1e-12


@check(
    "SD206",
    impact=Impact.MAJOR,
    explains={
        "undertrained",
        "wrong-threshold",
        "narrow-embedding",
        "mismatched-metric",
        "insufficient-augmentation",
        "saturated-output",
    },
)
def margin_too_large(case: Case) -> Evidence:
    """The margin is larger than the distances that the embedding can reach.

    Two unit vectors are at most 2 apart, two sigmoid embeddings sqrt(dim). With a margin beyond that, no
    negative pair is ever satisfied: every pair is pushed at every step, the positives' part of the loss
    drowns, and the loss has a floor of (margin - reach)^2.

    How it looks: all negatives active to the end; positives nearly as far apart as negatives; a threshold
    derived from the margin calls everything the same.

    A model that has it:

    ```python
    import keras
    from siamdoctor.examples import digit_pairs

    def contrastive_with(margin):
        def contrastive(same, distance):
            far = keras.ops.maximum(margin - distance, 0)
            return keras.ops.mean(same * distance**2 + (1 - same) * far**2)
        return contrastive

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                keras.layers.Dense(8),
                                keras.layers.UnitNormalization()])
    a, b = keras.Input((64,)), keras.Input((64,))
    squares = keras.ops.square(encoder(a) - encoder(b))
    distance = keras.ops.sqrt(
        keras.ops.maximum(keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))
    model = keras.Model([a, b], distance)
    margin = 5.0
    model.compile("adam", contrastive_with(margin))
    model.fit([left, right], same, epochs=15, verbose=0)
    distances = model.predict([left, right], verbose=0)
    assert (distances < margin).all()                     # every pair is pushed
    assert (distances < margin / 2).all()                     # called the same
    ```

    The corrected line; `siamdoctor sweep-margin` measures which margins would work:

    ```python
    margin = 1.0
    model.compile("adam", contrastive_with(margin))
    model.fit([left, right], same, epochs=15, verbose=0)
    distances = model.predict([left, right], verbose=0)
    assert ((distances < margin / 2) == same).mean() > 0.8
    ```

    Seen in: sentence-transformers#1183, pytorch-metric-learning#504, adambielski#51.

    See: Schroff, Kalenichenko and Philbin 2015 (FaceNet), a margin of 0.2 on unit vectors and squared distances;
    Musgrave, Belongie and Lim 2020 (A metric learning reality check), who search for each margin.
    """
    margin = declared_margin(case)
    distance, same = case.deployed.metric_distance("euclidean"), case.pairs.same
    limit, far = reach(case.encoder), float(np.quantile(distance[~same], 0.95))
    active = active_share(distance, same, margin)
    unreachable = ramp(margin / limit, clear=0.95, sure=1.2) if np.isfinite(limit) else 0.0
    # Too large a margin keeps pushing pairs apart; where training drew them together, that is a collapse.
    pushed = ramp(math.log10(max(shrinkage(case), TINY)), clear=-1.3, sure=-0.7)
    # Nor did a margin keep an encoder from its reach that was never trained.
    pushed *= 1 - untouched(case.blueprint, "encoder")
    unreached = pushed * ramp(margin / far, clear=2.5, sure=6.0) if far > 0 else 0.0
    certainty = max(unreachable, unreached) * ramp(active, clear=0.9, sure=0.99)
    return Evidence(
        certainty=certainty,
        summary=(
            f"The margin {margin:g} is out of reach: embeddings can be {limit:.3g} apart at most, and "
            f"{100 * active:.0f} % of the different pairs are still pushed."
            if certainty and np.isfinite(limit)
            else f"The margin {margin:g} was never reached: 95 % of the different pairs lie within {far:.3g}."
            if certainty
            else f"The margin {margin:g} is within reach; {100 * (1 - active):.0f} % of the different pairs satisfy it."
        ),
        fix="Take a margin within reach, and train again (`siamdoctor sweep-margin` says which):\n"
        f"    margin = {_suggestion(limit):g}",
        measurements=(
            Measurement(
                name="margin",
                value=margin,
                expected=f"below {limit:.3g}" if np.isfinite(limit) else "reached",
            ),
            Measurement(
                name="distance that 95 % of the different pairs stay within",
                value=far,
                expected="near the margin or above",
            ),
            Measurement(name="share of different pairs still pushed", value=active, expected="below 0.9"),
        ),
        recovers=threshold_from_margin(case, margin) if certainty else None,
    )


def _suggestion(limit: float) -> float:
    """The article's starting point, or half of what can be reached where that is less."""
    return min(1.0, limit / 2)
