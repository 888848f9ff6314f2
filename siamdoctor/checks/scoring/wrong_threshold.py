"""SD102: the score separates the pairs, but not at the threshold in use."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.decision import CUSTOMARY
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.roc import balanced_accuracy

WORTH_A_LINE = 0.15
SEPARATES = 0.65  # balanced accuracy at the best threshold, below which there is nothing for a threshold to show


@check("SD102", impact=Impact.FATAL)
def wrong_threshold(case: Case) -> Evidence:
    """The decision threshold does not fit the scale of the score.

    The scale of a distance is set by the margin, the length of the embedding and its normalisation, so 0.5
    is right only by luck. The margin is not the threshold either; the threshold lies somewhere below it.

    How it looks: about 50 % at 0.5, all predictions on one side, and much more at another threshold.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def contrastive(same, distance, margin=10.0):
        far = keras.ops.maximum(margin - distance, 0)
        return keras.ops.mean(same * distance**2 + (1 - same) * far**2)

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                keras.layers.Dense(8)])
    a, b = keras.Input((64,)), keras.Input((64,))
    squares = keras.ops.square(encoder(a) - encoder(b))
    distance = keras.ops.sqrt(
        keras.ops.maximum(keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))
    model = keras.Model([a, b], distance)
    model.compile(keras.optimizers.Adam(0.003), contrastive)
    model.fit([left, right], same, epochs=20, verbose=0)

    *fresh, truth = digit_pairs(seed=1)
    distances = model.predict(fresh, verbose=0)
    assert ((distances < 0.5) == truth).mean() < 0.6          # they run to 10
    ```

    The corrected lines (choose on validation pairs, report on others, store it with the model):

    ```python
    from sklearn.metrics import roc_curve

    false, true, cuts = roc_curve(truth, -distances)
    threshold = -cuts[np.argmax(true - false)]
    *others, truth = digit_pairs(seed=2)
    distances = model.predict(others, verbose=0)
    assert ((distances <= threshold) == truth).mean() > 0.8
    ```

    Seen in: keras#7119, keras#9054 ("margin has absolutely nothing to do with the threshold, except
    0 < threshold < margin"), facenet#594 (60 to 92.5 %), deepface#285.

    See: Huang, Ramesh, Berg and Learned-Miller 2007 (Labeled faces in the wild), where thresholds are chosen on nine
    folds and scored on the tenth; Youden 1950 (Index for rating diagnostic tests).
    """
    view, rule = case.deployed, case.rule
    outcome = case.trial("threshold")
    share = float(np.mean(view.as_deployed))
    if rule.threshold is None and case.encoder.left_out:
        raise Unavailable(f"the threshold is one for what layer {case.encoder.left_out[0]!r} makes of the embeddings")
    if rule.threshold is None:
        return _undeclared(case, float(outcome.detail))
    customary = case.settings.decision.threshold in {None, CUSTOMARY}
    if customary and case.before is not None and case.before.blueprint.head.constant:
        raise Unavailable("nobody has chosen a threshold yet for the sigmoid that is missing")
    wrong_way = rule.inverted or view.auc < 0.5  # noqa: PLR2004  (chance; the direction has to be mended first)
    certainty = 0.0 if wrong_way or outcome.gain.low <= 0 else ramp(outcome.gain.points, clear=2, sure=8)
    if not certainty and (margin := _margin_below(case)) is not None:
        return _beyond_the_margin(case, margin)
    sign = "<" if rule.same_below else ">"
    return Evidence(
        certainty=certainty,
        summary=(
            f"At the threshold {rule.threshold:g} {100 * share:.0f} % of the pairs are called the same "
            f"(true share {100 * case.pairs.same.mean():.0f} %); the data want about {outcome.detail}."
            if certainty
            else f"The threshold {rule.threshold:g} is about where the data want it ({outcome.detail})."
        ),
        fix=(
            "Choose the threshold on validation pairs and store it with the model:\n"
            f"    same = score {sign} {outcome.detail}   # instead of {rule.threshold:g}"
        ),
        measurements=(
            Measurement(name="share of pairs called the same", value=share, expected="near the true share"),
            Measurement(
                name="balanced accuracy at the threshold in use",
                value=case.accuracy.value,
                low=case.accuracy.low,
                high=case.accuracy.high,
                expected="near the next line",
            ),
            Measurement(
                name="balanced accuracy at a tuned threshold",
                value=outcome.accuracy.value,
                low=outcome.accuracy.low,
                high=outcome.accuracy.high,
                expected="near the line above",
            ),
            Measurement(name="tuned threshold", value=float(outcome.detail), expected=f"near {rule.threshold:g}"),
        ),
        recovers=outcome.gain if certainty else None,
    )


def _margin_below(case: Case) -> float | None:
    """The margin, where the threshold lies above it and another fault keeps that from being measured."""
    rule, training = case.rule, case.settings.training
    if training.loss != "contrastive" or training.margin is None or rule.metric != "euclidean" or rule.inverted:
        return None
    hidden = case.tuned_accuracy.value < SEPARATES
    return training.margin if hidden and rule.threshold is not None and rule.threshold >= training.margin else None


def _beyond_the_margin(case: Case, margin: float) -> Evidence:
    """The score separates nothing, so tuning recovers nothing; but once it does, the threshold will be wrong."""
    threshold = case.rule.threshold or 0.0
    return Evidence(
        certainty=0.4,
        hidden=True,
        summary=(
            f"The threshold {threshold:g} lies beyond the margin {margin:g}, up to which the loss pushes different "
            "pairs: it will call them the same once the embedding tells pairs apart, which it does not yet."
        ),
        fix=(
            f"Mend the other causes first. Then choose the threshold on validation pairs; it will lie below {margin:g}:"
            "\n    false, true, cuts = roc_curve(same, -distance)\n    threshold = -cuts[np.argmax(true - false)]"
        ),
        measurements=(
            Measurement(name="threshold over margin", value=threshold / margin, expected="between 0 and 1"),
            Measurement(
                name="balanced accuracy at a tuned threshold",
                value=case.tuned_accuracy.value,
                low=case.tuned_accuracy.low,
                high=case.tuned_accuracy.high,
                expected="clearly above 0.5 before a threshold can be judged",
            ),
        ),
    )


def _undeclared(case: Case, tuned: float) -> Evidence:
    """No threshold is declared: say what the customary one would cost, and claim no more."""
    view, same = case.deployed, case.pairs.same
    score = view.score
    customary = balanced_accuracy(score < CUSTOMARY if case.rule.same_below else score > CUSTOMARY, same)
    loss = case.tuned_accuracy.value - customary
    costly = loss > WORTH_A_LINE and case.tuned_accuracy.low > customary
    return Evidence(
        certainty=0.3 if costly else 0.0,
        summary=(
            f"No threshold is declared. The customary {CUSTOMARY} would score {100 * customary:.0f} %, "
            f"{tuned:.3g} scores {100 * case.tuned_accuracy.value:.0f} %."
            if costly
            else "No threshold is declared, and the customary one would do no harm."
        ),
        fix=f"If your code compares with {CUSTOMARY}, compare with {tuned:.3g}; declare it as decision.threshold.",
        measurements=(
            Measurement(name="balanced accuracy at the customary 0.5", value=customary, expected="near the next line"),
            Measurement(
                name="balanced accuracy at a tuned threshold",
                value=case.tuned_accuracy.value,
                low=case.tuned_accuracy.low,
                high=case.tuned_accuracy.high,
                expected="near the line above",
            ),
        ),
    )
