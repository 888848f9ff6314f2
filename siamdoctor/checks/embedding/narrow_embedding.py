"""SD304: all embeddings point the same way, or lie along one line."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.geometry import effective_rank, mean_pairwise_cosine
from siamdoctor.stats.ramps import ramp
from siamdoctor.trials.baselines import discriminant

BY_DIRECTION = frozenset({"cosine", "dot"})
WHOLE = 3  # an embedding of so many coordinates or fewer was made narrow
DROWNED = 0.35  # most that a linear layer's gain says: an encoder that has hardly been trained gains by one too


@check("SD304", impact=Impact.MAJOR, explains={"mismatched-metric", "wrong-threshold"})
def narrow_embedding(case: Case) -> Evidence:
    """The embeddings lie in a narrow cone, or along a line.

    In a cone every two embeddings have cosine .99, and what tells them apart is in the third decimal, below
    any customary threshold and close to rounding: a common offset, which no comparison needs, takes up the
    rest. Along a line (effective rank 1 to 2, often an embedding of two coordinates made for a plot) there is
    not room for many identities.

    How it looks: cosine .99 for same and for different pairs; effective rank 1 to 2.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    encoder = keras.Sequential([
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(2, activation="softplus",  # two, to plot them
                           bias_initializer="ones")])
    a, b = keras.Input((64,)), keras.Input((64,))
    u, v = encoder(a), encoder(b)
    similarity = keras.layers.Dot(axes=1, normalize=True)([u, v])
    model = keras.Model([a, b], similarity)
    model.compile("adam", "mse")
    model.fit([left, right], same, epochs=2, verbose=0)
    assert np.median(model.predict([left, right], verbose=0)) > 0.9
    ```

    The corrected lines; subtracting the mean helps the saved model at once, the others need training:

    ```python
    left_at, right_at = (encoder.predict(x, verbose=0) for x in (left, right))
    mean = left_at.mean(axis=0)                               # of training
    centred = [e / np.linalg.norm(e, axis=1, keepdims=True)
               for e in (left_at - mean, right_at - mean)]
    assert abs((centred[0] * centred[1]).sum(axis=1).mean()) < 0.5

    encoder = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                keras.layers.Dense(16),  # more, and no ReLU
                                keras.layers.UnitNormalization()])
    similarity = keras.layers.Dot(axes=1)([encoder(a), encoder(b)])
    model = keras.Model([a, b], similarity)
    model.compile(keras.optimizers.Adam(0.003), "mse")
    model.fit([left, right], same, epochs=10, verbose=0)
    called = model.predict([left, right], verbose=0) > 0.5
    assert (called == same).mean() > 0.8
    ```

    A cone harms cosine and dot product only: Euclidean distance does not see a common offset.

    Seen in: adambielski#43, keras-io#429 (cosine .994 against .9918), sentence-transformers#3469 (.996).

    See: Mu and Viswanath 2018 (All-but-the-top: simple and effective postprocessing for word representations);
    Ethayarajh 2019 (How contextual are contextualized word representations?), on embeddings in a cone.
    """
    cosine, rank = mean_pairwise_cosine(case.embeddings), effective_rank(case.embeddings)
    best = case.trial("metric").auc
    cone, recovers = _cone(case, cosine)
    dimension = case.encoder.dimension or case.embeddings.shape[1]
    line = ramp(rank, clear=3, sure=2) * ramp(best, clear=0.95, sure=0.87) * (1.0 if dimension <= WHOLE else 0.7)
    area = _discriminant(case)
    hidden = DROWNED * ramp(cosine, clear=0.5, sure=0.75) * ramp(area - best, clear=0.15, sure=0.3) if area else 0.0
    certainty = max(cone, line, hidden)
    return Evidence(
        certainty=certainty,
        summary=_summary(
            cosine, rank, dimension, cone=cone >= max(line, hidden), line=line >= hidden, found=certainty > 0
        ),
        fix=(
            "Subtract the mean embedding of the training data before the cosine, or train without the offset:\n"
            "    a, b = a - train_mean, b - train_mean\n"
            if cone >= max(line, hidden)
            else "Give the embedding room, and train again:\n"
        )
        + "    embedding = keras.layers.Dense(64)(x)   # no ReLU at the end\n"
        "    embedding = keras.layers.UnitNormalization()(embedding)",
        measurements=(
            Measurement(name="mean cosine between two embeddings", value=cosine, expected="below 0.9"),
            Measurement(name="effective rank", value=rank, expected="above 2.5"),
            Measurement(name="coordinates of an embedding", value=float(dimension), expected="16 or more"),
            Measurement(name="best AUC by any metric", value=best, expected="above 0.9"),
            *_row(area),
        ),
        recovers=recovers if cone and cone >= max(line, hidden) else None,
    )


def _discriminant(case: Case) -> float | None:
    """AUC that a linear layer after the embedding would reach, None where that cannot be measured."""
    try:
        return discriminant(case).auc
    except Unavailable:
        return None


def _row(area: float | None) -> tuple[Measurement, ...]:
    if area is None:
        return ()
    return (Measurement(name="AUC of a linear discriminant on the embeddings", value=area, expected="near the best"),)


def _cone(case: Case, cosine: float) -> tuple[float, Recovery | None]:
    """Certainty that the cone is to blame: directions are compared, and centring them first helps."""
    if case.rule.metric not in BY_DIRECTION:
        return 0.0, None
    try:
        outcome = case.trial("centred-cosine")
    except Unavailable:
        return 0.0, None
    helps = ramp(outcome.gain.points, clear=2, sure=7) if outcome.gain.low > 0 else 0.0
    return ramp(cosine, clear=0.9, sure=0.97) * helps, outcome.gain if helps else None


def _summary(cosine: float, rank: float, dimension: int, *, cone: bool, line: bool, found: bool) -> str:
    if not found:
        return f"Two embeddings have cosine {cosine:.2f} on average, and they fill {rank:.1f} directions."
    if cone:
        return f"All embeddings point nearly the same way: any two have cosine {cosine:.3f} on average."
    if not line:
        return (
            f"Two embeddings have cosine {cosine:.2f} on average: what they have in common drowns what tells the "
            "identities apart, which is there (see the linear discriminant)."
        )
    return f"The embeddings fill only {rank:.1f} of {dimension} directions, too few to keep the identities apart."
