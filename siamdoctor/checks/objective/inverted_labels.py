"""SD201: the labels contradict the loss, so training pulled different identities together."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.objective._labels import (
    declared_against_the_loss,
    little_retained,
    retained_share,
    similarity_for_distance,
)
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Interval, Measurement
from siamdoctor.stats.curves import settled
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import auc_interval
from siamdoctor.stats.signatures import chance_loss
from siamdoctor.taught import losses, taught
from siamdoctor.trials.baselines import without_training

CHANCE = 0.5
INDISTINCT = 0.62  # AUC above which the embedding still tells pairs apart
OF_A_SIMILARITY = 0.5  # part that remains where the loss was given a similarity, which is loss-head-mismatch
AMBIGUOUS = 0.8  # shuffled labels and other ruin can come near the same place


@check(
    "SD201",
    impact=Impact.FATAL,
    explains={"wrong-threshold", "mismatched-metric", "insufficient-augmentation", "undertrained", "margin-too-large"},
)
def inverted_labels(case: Case) -> Evidence:
    """The pair labels contradict the loss.

    Contrastive loss comes in two conventions, `y d^2 + (1-y) max(m-d, 0)^2` with 1 = same, and its mirror
    image with 1 = different. With the wrong one, training pulls different classes together and pushes a
    class apart, which cannot be done in general: the embedding is ruined, not merely reversed.

    How it looks: AUC near 0.5 on fresh data (not near 0!) and *below* 0.5 on the training data; the loss
    stays near p(1-p)m^2; no threshold and no flipping of the decision helps. Under a learned sigmoid head
    the mismatch is harmless, because the head learns the sign.

    A model that has it:

    ```python
    import keras
    from sklearn.metrics import roc_auc_score
    from siamdoctor.examples import digit_pairs

    def contrastive(y, d, margin=1.0):                        # wants 1 = same
        far = keras.ops.maximum(margin - d, 0)
        return keras.ops.mean(y * d**2 + (1 - y) * far**2)

    def siamese():
        encoder = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                    keras.layers.Dense(8)])
        a, b = keras.Input((64,)), keras.Input((64,))
        squares = keras.ops.square(encoder(a) - encoder(b))
        distance = keras.ops.sqrt(keras.ops.maximum(
            keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))
        model = keras.Model([a, b], distance)
        model.compile("adam", contrastive)
        return model

    left, right, same = digit_pairs()
    y = 1 - same                                           # gives 1 = different
    model = siamese()
    model.fit([left, right], y, epochs=20, verbose=0)
    assert roc_auc_score(same, -model.predict([left, right], verbose=0)) < 0.5
    ```

    The corrected line, after which the model must be trained again:

    ```python
    y = same
    model = siamese()
    model.fit([left, right], y, epochs=20, verbose=0)
    assert roc_auc_score(same, -model.predict([left, right], verbose=0)) > 0.9
    ```

    Seen in: signet-pytorch#2 (confirmed by its author), keras#4980; twelve threads argue about it, most of
    them about a convention that was consistent.

    See: Hadsell, Chopra and LeCun 2006 (Dimensionality reduction by learning an invariant mapping), where 0 is
    similar.
    """
    if case.rule.metric == "output":
        return Evidence(
            certainty=0.0,
            summary="A learned head learns the sign of the labels by itself.",
            fix="Nothing to do.",
        )
    fresh = auc_interval(case.deployed.distance, case.dyads)
    seen = _training_auc(case)
    telling = min((fresh, seen) if seen is not None else (fresh,), key=lambda i: i.value)
    wrong_way = ramp(CHANCE - telling.value, clear=0.01, sure=0.06) if telling.high < CHANCE else 0.0
    measurements = [_row("AUC of near = same", fresh)] + ([_row("the same on training data", seen)] if seen else [])
    ruined = taught_against = 0.0
    if not wrong_way and seen is not None:
        taught_against, rows = _taught_against(case, seen, fresh)
        measurements += rows
    if not wrong_way and fresh.value < INDISTINCT:
        ruined, rows = _ruined_to_a_constant(case)
        measurements += rows
    elif not wrong_way and declared_against_the_loss(case):
        ruined, rows = _half_ruined(case)
        measurements += rows
    if similarity_for_distance(case):  # which has the same end, and another remedy
        ruined, wrong_way = OF_A_SIMILARITY * ruined, OF_A_SIMILARITY * wrong_way
    certainty = max(wrong_way, ruined, taught_against)
    return Evidence(
        certainty=certainty,
        summary=(
            f"Same-class pairs lie farther apart than different-class pairs (AUC {telling.value:.2f}): "
            "training pushed the wrong pairs apart."
            if wrong_way
            else f"Training made its own pairs harder to tell apart than strangers (AUC {telling.value:.2f} against "
            f"{fresh.value:.2f}): so it does where labels contradict the loss."
            if taught_against and taught_against >= ruined
            else "Training made all pairs about equally distant and lost what the untrained network could tell: "
            "so it ends when labels contradict the loss."
            if ruined
            else "Same-class pairs do not lie farther apart than different-class pairs."
        ),
        fix="Make the labels follow the loss, and train again; flipping the decision does not repair it:\n"
        "    y = (class_left == class_right).astype('float32')   # for y*d**2 + (1-y)*max(m-d, 0)**2",
        measurements=tuple(measurements),
    )


def _taught_against(case: Case, seen: Interval, fresh: Interval) -> tuple[float, list[Measurement]]:
    """Pairs that trained are told apart worse than before training, and worse than pairs that did not train.

    What else ruins an embedding ruins it for both; a shuffled list tells nothing before training either.
    """
    before = without_training(case.training)
    spoilt = ramp(before - seen.value, clear=0.1, sure=0.25)
    on_purpose = ramp(fresh.value - seen.value, clear=0.05, sure=0.15) if seen.high < fresh.low else 0.0
    row = Measurement(name="the same on training data without training", value=before, expected="below the last")
    return AMBIGUOUS * spoilt * on_purpose, [row] if spoilt * on_purpose else []


def _ruined_to_a_constant(case: Case) -> tuple[float, list[Measurement]]:
    """The optimum of contradicting labels: all pairs at about one distance, and nothing left of what was told before.

    Only data that the untrained network could tell apart allow the conclusion.
    """
    distance = case.deployed.metric_distance("euclidean")
    mean, spread = float(distance.mean()), float(distance.std())
    if not np.isfinite(mean) or mean <= 0:
        return 0.0, []
    try:
        erased = little_retained(case)
    except Unavailable:
        return 0.0, []
    before, auc = _before_and_after(case)
    declared = declared_against_the_loss(case)
    even = ramp(spread / mean, clear=0.7, sure=0.5) if declared else ramp(spread / mean, clear=0.55, sure=0.35)
    lost = ramp(before - auc, clear=0.05, sure=0.15)
    rows = [
        Measurement(name="spread of the distances over their mean", value=spread / mean, expected="above 0.5"),
        Measurement(
            name="AUC without training (raw samples or untrained network)", value=before, expected="below the AUC"
        ),
        *_retained(case),
    ]
    if declared:
        rows.append(Measurement(name="declared label of a same-class pair", value="0", expected="1 for y d^2 + ..."))
    return AMBIGUOUS * even * erased * (1.0 if declared else lost), rows


def _half_ruined(case: Case) -> tuple[float, list[Measurement]]:
    """On the way to that end: training cost what could be told before, and its own loss hardly fell."""
    declared = case.settings.training
    reported, chance = losses(case), chance_loss(declared.loss, declared.margin)
    if not reported or not chance:
        return 0.0, []
    level, (before, now) = settled(reported) / chance, _before_and_after(case)
    rows = [
        Measurement(name="training loss over a constant's", value=level, expected="below 0.5"),
        Measurement(name="AUC without training (raw samples or untrained network)", value=before, expected="below"),
        Measurement(name="declared label of a same-class pair", value="0", expected="1 for y d^2 + ..."),
    ]
    return AMBIGUOUS * ramp(before - now, clear=0.03, sure=0.12) * ramp(level, clear=0.5, sure=0.7), rows


def _retained(case: Case) -> tuple[Measurement, ...]:
    try:
        share = retained_share(case)
    except Unavailable:
        return ()
    name = "share of the untrained network's AUC that is left"
    return (Measurement(name=name, value=share, expected="above 1 when trained"),)


def _before_and_after(case: Case) -> tuple[float, float]:
    """AUC without training and AUC now, on the samples where more was lost: those trained on, where known, or these."""
    parts = [(without_training(part), part.deployed.auc) for part in (case, taught(case))]
    return max(parts, key=lambda part: part[0] - part[1])


def _training_auc(case: Case) -> Interval | None:
    try:
        training = case.training
        return auc_interval(training.deployed.distance, training.dyads)
    except Unavailable:
        return None


def _row(name: str, interval: Interval) -> Measurement:
    return Measurement(name=name, value=interval.value, low=interval.low, high=interval.high, expected="above 0.5")
