"""SD103: embeddings are compared by another metric than the space was trained for."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.ramps import ramp

STRICTER = 1.31  # 99 % of a normal over 95 %: one of nine metrics is nearly always ahead of the one in use


@check("SD103", impact=Impact.MAJOR)
def mismatched_metric(case: Case) -> Evidence:
    """Embeddings are compared by a metric that does not fit their space.

    A space trained with cosine carries its message in directions and lets lengths wander, so Euclidean
    distance drowns in them; a space trained with Euclidean distance may carry the message in lengths.

    How it looks: another metric, with its own tuned threshold, is clearly better on the same embeddings.

    A program that has it:

    ```python
    import keras
    import numpy as np
    from sklearn.metrics import roc_auc_score
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    rng = np.random.default_rng(0)
    brighter, darker = 10 ** rng.uniform(-1, 1, size=(2, len(left), 1))
    left, right = left * brighter, right * darker             # lengths wander
    encoder = keras.Sequential([keras.layers.Dense(32, use_bias=False),
                                keras.layers.Dense(16, use_bias=False)])
    a, b = keras.Input((64,)), keras.Input((64,))
    cosine = keras.layers.Dot(axes=1, normalize=True)([encoder(a), encoder(b)])
    model = keras.Model([a, b], cosine)
    model.compile("adam", "mse")                             # trained on cosine
    model.fit([left, right], same, epochs=10, verbose=0)

    u, v = (encoder.predict(x, verbose=0) for x in (left, right))
    euclidean = np.linalg.norm(u - v, axis=1)                # scored on another
    before = roc_auc_score(same, -euclidean)
    assert before < 0.75
    ```

    The corrected lines (scipy's `cosine` wants two vectors, not (1, d) arrays; this works on batches):

    ```python
    u = u / np.linalg.norm(u, axis=1, keepdims=True)
    v = v / np.linalg.norm(v, axis=1, keepdims=True)
    distance = 1 - (u * v).sum(axis=1)
    assert roc_auc_score(same, -distance) > before + 0.15
    ```

    or normalise inside the model, with `keras.layers.UnitNormalization()` as the encoder's last layer, after which
    the two metrics agree.

    Seen in: the article "Why is my Siamese network achieving only 50% accuracy?" (cosine +15 points),
    facenet#594, embetter#73, sigver#19.

    See: Wang, Xiang, Cheng and Yuille 2017 (NormFace: L2 hypersphere embedding for face verification).
    """
    if case.rule.metric == "output":
        return Evidence(
            certainty=0.0,
            summary="The decision is a learned head's output, not a metric between embeddings.",
            fix="Nothing to do.",
        )
    outcome = case.trial("metric")
    in_use = case.tuned_accuracy
    gain = outcome.excess
    surely = gain.points - STRICTER * (gain.points - gain.low)
    certainty = ramp(gain.points, clear=2, sure=7) if surely > 0 else 0.0
    return Evidence(
        certainty=certainty,
        summary=(
            f"{outcome.detail.capitalize()} separates the same embeddings better than {case.rule.metric}, "
            f"each with its own threshold: {100 * outcome.accuracy.value:.0f} % against {100 * in_use.value:.0f} %."
            if certainty
            else f"No metric is clearly better than the one in use ({case.rule.metric})."
        ),
        fix=_fix(outcome.detail),
        measurements=(
            Measurement(
                name=f"balanced accuracy, {case.rule.metric}, tuned threshold",
                value=in_use.value,
                low=in_use.low,
                high=in_use.high,
                expected="within 5 points of the best metric",
            ),
            Measurement(
                name=f"balanced accuracy, {outcome.detail}, tuned threshold",
                value=outcome.accuracy.value,
                low=outcome.accuracy.low,
                high=outcome.accuracy.high,
                expected="near the line above",
            ),
        ),
        recovers=gain if certainty else None,
    )


def _fix(metric: str) -> str:
    if "cosine" in metric or "normalised" in metric:
        centring = "    a, b = a - train_mean, b - train_mean\n" if "centred" in metric else ""
        return (
            "Compare directions, not lengths, and tune the threshold anew:\n"
            + centring
            + "    a = a / np.linalg.norm(a, axis=1, keepdims=True)  # b likewise\n"
            "    distance = 1 - (a * b).sum(axis=1)"
        )
    if metric == "manhattan":
        return "Compare by Manhattan distance and tune the threshold anew:\n    distance = np.abs(a - b).sum(axis=1)"
    if "dot" in metric:
        return (
            "Compare by the dot product (large = alike) and tune the threshold anew:\n    score = (a * b).sum(axis=1)"
        )
    return "Compare by Euclidean distance and tune the threshold anew:\n    distance = np.linalg.norm(a - b, axis=1)"
