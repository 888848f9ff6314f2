"""SD101: the score is read in the wrong direction, so a good model shows an accuracy far below chance."""

from __future__ import annotations

from dataclasses import replace

from siamdoctor.case import Case
from siamdoctor.decision import CUSTOMARY, REVERSED
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import auc_interval
from siamdoctor.stats.roc import balanced_accuracy

CHANCE = 0.5
BLIND = 0.55  # where no other rule is declared, a shown accuracy at chance is as wrong (a metric that broadcasts)
SEPARATES = 0.65
SHOWN_ONLY = 0.4
MISREAD = 0.15  # a distance whose AUC is below this was recognised as the opposite of what it is
MENDED = (
    "Count a pair as the same where the distance is small, and do not use Keras' `accuracy` on a distance:\n"
    "    def accuracy(same, distance):\n"
    "        return keras.ops.mean(keras.ops.cast((distance < 0.5) == (same > 0.5), 'float32'))"
)


@check("SD101", impact=Impact.FATAL, explains={"wrong-threshold", "inverted-labels"})
def inverted_metric(case: Case) -> Evidence:
    """The score is read in the wrong direction.

    A distance is small for alike pairs, but Keras' own `accuracy` counts every output above 0.5 as label 1.
    On a distance with label 1 = same, it counts exactly the wrong pairs: the loss falls, the model is good,
    and the accuracy shown is 0.4 to 40 %, or a flat 50 % when all distances exceed 0.5.

    How it looks: accuracy well below one half while the loss falls normally; AUC far from 0.5.

    A model that has it:

    ```python
    import keras
    from siamdoctor.examples import digit_pairs

    def contrastive(same, distance, margin=1.0):
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
    model.compile("adam", contrastive, metrics=["accuracy"])
    history = model.fit([left, right], same, epochs=20, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["accuracy"][-1] < 0.3
    ```

    The corrected lines; no retraining is needed:

    ```python
    def accuracy(same, distance):
        called = keras.ops.cast(distance < 0.5, "float32")
        return keras.ops.mean(keras.ops.cast(called == same, "float32"))

    model.compile("adam", contrastive, metrics=[accuracy])
    assert model.evaluate([left, right], same, verbose=0)[1] > 0.8
    ```

    An `.h5` of Keras stores the bare word `accuracy` for Keras' metric and for a function of yours called `accuracy`
    alike. The cause is then no more than possible, until a history (`training.history`) tells which of them it was.

    Two relatives: `labels[pred < 0.5].mean()` is precision, not accuracy; and a metric over labels of shape
    (batch,) and distances of shape (batch, 1) broadcasts to a flat 0.50.

    Seen in: keras#4980 (0.42 % shown, 99.5 % in truth), keras#5052, keras#1866, keras#13018.

    See: Fawcett 2006 (An introduction to ROC analysis), on classifiers below the diagonal, to be read backwards.
    """
    view, rule = case.deployed, case.rule
    learned = rule.metric == "output"
    if rule.inverted:
        certainty = ramp(view.auc, clear=0.55, sure=0.65)
    else:
        backwards = (learned or view.auc < MISREAD) and auc_interval(view.distance, case.dyads).high < CHANCE
        certainty = ramp(CHANCE - view.auc, clear=0.1, sure=0.25) if backwards else 0.0
    recovers = None
    if certainty > 0:
        try:
            recovers = case.trial("reversed").gain
        except Unavailable:
            recovers = None
    shown = _shown_accuracy(case)
    if rule.origin == "accuracy of unknown origin" and not certainty:
        return _of_unknown_origin(case, shown)
    measurements = [Measurement(name="AUC of the score in its natural direction", value=view.auc, expected="above 0.5")]
    if shown is not None:
        measurements.append(Measurement(name="accuracy shown in the history", value=shown, expected="above 0.5"))
        misread = BLIND if rule.origin == "undeclared" else REVERSED
        if shown < misread and case.tuned_accuracy.low > SEPARATES and not certainty:
            # Where another rule is declared, only what the history shows is reversed, not what is deployed.
            declared = rule.origin == "declared"
            certainty, recovers = (SHOWN_ONLY, None) if declared else (1.0, _against_history(case, shown))
    return Evidence(
        certainty=certainty,
        summary=_summary(case, certainty, shown),
        fix=(
            MENDED
            if not learned
            else "Read the output the other way round: a high output means "
            f"{'different' if not rule.same_below else 'same'}:\n    same = model.predict([a, b])[:, 0] "
            f"{'<' if not rule.same_below else '>'} {rule.threshold:g}"
        ),
        measurements=tuple(measurements),
        recovers=recovers,
    )


def _summary(case: Case, certainty: float, shown: float | None) -> str:
    if not certainty:
        return "The score is read in the direction in which it separates."
    if case.rule.origin == "compiled accuracy":
        return "The output is a distance, but the compiled `accuracy` counts a large output as label 1."
    if case.rule.inverted or case.rule.metric == "output":
        return f"Pairs are told apart the wrong way round: AUC {case.deployed.auc:.2f} read as declared."
    return f"The history shows an accuracy of {shown or 0:.2f} while the distances separate the pairs well."


def _shown_accuracy(case: Case) -> float | None:
    """The accuracy that the user watched, where a history was given."""
    try:
        return case.history.shown_accuracy()
    except Unavailable:
        return None


def _if_of_keras(case: Case) -> float:
    """The accuracy of these pairs by Keras' own metric: label 1 = same, where the output exceeds one half."""
    rule = replace(case.rule, threshold=CUSTOMARY, same_below=False)
    return balanced_accuracy(case.view(rule=rule).as_deployed, case.pairs.same)


def _of_unknown_origin(case: Case, shown: float | None) -> Evidence:
    """The file names an `accuracy` that is Keras' own or the user's: possible, unless a history shows a sound one."""
    keras = _if_of_keras(case)
    sound = case.tuned_accuracy.value
    certainty = SHOWN_ONLY * ramp(case.deployed.auc, clear=0.55, sure=0.65)
    measurements = [Measurement(name="accuracy by Keras' own metric", value=keras, expected="above 0.5")]
    if shown is not None:
        measurements.append(Measurement(name="accuracy shown in the history", value=shown, expected="above 0.5"))
        if abs(shown - sound) < abs(shown - keras):
            certainty = 0.0
    told = (
        "If the `accuracy` in this file is Keras' own, it counts a large distance as label 1, shows "
        f"{100 * keras:.0f} %, and this is the cause; if it is a function of your own, nothing is wrong. The file "
        "does not tell which."
    )
    return Evidence(
        certainty=certainty,
        summary=told if certainty else "The score is read in the direction in which it separates.",
        fix=f"Only where it is Keras' own. {MENDED}",
        measurements=tuple(measurements),
    )


def _against_history(case: Case, shown: float) -> Recovery:
    """What reading the distance rightly gives over what the history shows."""
    tuned = case.tuned_accuracy
    return Recovery(points=100 * (tuned.value - shown), low=100 * (tuned.low - shown), high=100 * (tuned.high - shown))
