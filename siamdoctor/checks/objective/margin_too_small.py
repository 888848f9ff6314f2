"""SD207: a margin so small that different pairs satisfy it without training."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.objective._margins import SPENT, declared_margin, threshold_from_margin
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.curves import settled
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import losses
from siamdoctor.trials.margins import active_share, initial_distances, reach, triplet_shares

AT_THE_FLOOR = 0.01  # margins near .000316, the floor of the distance itself, cannot be satisfied either


@check(
    "SD207",
    impact=Impact.MAJOR,
    explains={
        "undertrained",
        "wrong-threshold",
        "collapsed-embedding",
        "narrow-embedding",
        "mismatched-metric",
        "insufficient-augmentation",
        "easy-triplets",
    },
)
def margin_too_small(case: Case) -> Evidence:
    """The margin is so small that different pairs satisfy it from the start.

    Before any training, different pairs were already many margins apart, so they gave no gradient. Only the
    pull on same pairs is left, and it shrinks the whole embedding until distances are about one margin.

    How it looks: loss near 0 early; distances tiny, down to the floor .000316 = sqrt(1e-7).

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def contrastive_with(margin):
        def contrastive(same, distance):
            far = keras.ops.maximum(margin - distance, 0)
            return keras.ops.mean(same * distance**2 + (1 - same) * far**2)
        return contrastive

    def siamese(margin):
        encoder = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                    keras.layers.Dense(8)])
        a, b = keras.Input((64,)), keras.Input((64,))
        squares = keras.ops.square(encoder(a) - encoder(b))
        distance = keras.ops.sqrt(keras.ops.maximum(
            keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))
        model = keras.Model([a, b], distance)
        model.compile(keras.optimizers.Adam(0.003), contrastive_with(margin))
        return model

    left, right, same = digit_pairs()
    model = siamese(margin=0.01)
    before = model.predict([left, right], verbose=0)
    assert (before[same == 0] > 0.01).all()                   # nobody is pushed
    model.fit([left, right], same, epochs=15, verbose=0)
    after = model.predict([left, right], verbose=0)
    assert np.median(after) < np.median(before) / 10        # everything shrinks
    assert ((after < 0.5) == same).mean() < 0.55
    ```

    The corrected line; `siamdoctor sweep-margin` measures which margins would work:

    ```python
    model = siamese(margin=1.0)
    model.fit([left, right], same, epochs=15, verbose=0)
    after = model.predict([left, right], verbose=0)
    assert ((after < 0.5) == same).mean() > 0.8
    ```

    Seen in: the article "Why is my Siamese network achieving only 50% accuracy?"; keras#9054.

    See: Hadsell, Chopra and LeCun 2006 (Dimensionality reduction by learning an invariant mapping): without enough
    push the loss has a trivial solution, one point.
    """
    margin = declared_margin(case)
    distance, same = case.deployed.metric_distance("euclidean"), case.pairs.same
    active = active_share(distance, same, margin)
    initial = initial_distances(case)
    at_start = float(np.median(initial[~same]))
    ratio = margin / at_start if at_start > 0 else float("inf")
    active_at_start = active_share(initial, same, margin)
    limit = reach(case.encoder)
    learned = case.deployed.auc - case.untrained.auc
    idle = ramp(ratio, clear=0.2, sure=0.05) * ramp(learned, clear=0.1, sure=0.0)
    # A small margin ends in satisfied negatives, or in distances of its own size; far below an ordinary margin is
    # another fault (collapse).
    of_its_size = ramp(float(np.median(distance)) / margin, clear=0.1, sure=0.4)
    satisfied = 1.0 if margin < AT_THE_FLOOR else max(ramp(active, clear=0.95, sure=0.6), of_its_size)
    small = max(idle, ramp(margin / limit, clear=0.1, sure=0.03) if np.isfinite(limit) else 0.0)
    certainty = small * satisfied * ramp(active_at_start, clear=0.2, sure=0.02) * (1 - _left_to_learn(case, margin))
    return Evidence(
        certainty=certainty,
        summary=(
            f"The margin {margin:g} is small: untrained, this network puts different pairs {at_start:.3g} apart, so "
            f"{100 * (1 - active_at_start):.0f} % of them never trained."
            if certainty
            else f"The margin {margin:g} is not small for this network, which starts with distances of {at_start:.3g}."
        ),
        fix="Take a larger margin, and train again (`siamdoctor sweep-margin` says which):\n"
        f"    margin = {float(f'{max(at_start, 1e-6):.2g}'):g}",
        measurements=(
            Measurement(
                name="margin over the distance of different pairs before training",
                value=ratio,
                expected="above 0.2",
            ),
            Measurement(
                name="share of different pairs that trained at the start",
                value=active_at_start,
                expected="above 0.2",
            ),
            Measurement(name="share of different pairs still pushed", value=active, expected="above 0.05"),
        ),
        recovers=threshold_from_margin(case, margin) if certainty else None,
    )


def _left_to_learn(case: Case, margin: float) -> float:
    """How sure it is that training met no triplet that costs, though there are: not the margin spared them."""
    if case.settings.training.loss != "triplet":
        return 0.0
    reported = losses(case)
    if not reported or settled(reported) >= SPENT * margin:
        return 0.0
    try:
        return ramp(1 - triplet_shares(case.training, margin).easy, clear=0.05, sure=0.15)
    except Unavailable:
        return 0.0
