"""SD301: all samples land on (nearly) one point."""

from __future__ import annotations

import math

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.embedding._piles import units_at_an_end
from siamdoctor.models.untouched import untouched
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.geometry import dead_unit_share, effective_rank, relative_spread
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import resting
from siamdoctor.trials.baselines import fresh_encoder, shrinkage

SATURATED = 0.7  # part of the certainty that goes to units at the ends of their range
TOLD = 0.9  # certainty where the training loss is that of distances of 0


@check(
    "SD301",
    impact=Impact.FATAL,
    explains={
        "wrong-threshold",
        "mismatched-metric",
        "margin-too-large",
        "insufficient-augmentation",
        "narrow-embedding",
        "saturated-output",
        "easy-triplets",
        "too-few-identities",
        "undertrained",
    },
)
def collapsed_embedding(case: Case) -> Evidence:
    """The embedding has collapsed to one point.

    Mapping everything to one point is a resting place of both triplet and contrastive loss. Hardest-negative
    mining, a learning rate that is too high, or ReLU units that all died lead there.

    How it looks: the loss sits at exactly the margin (triplet) or at (1-p)m^2 (contrastive); distances end
    at the floor .000316 = sqrt(1e-7); no threshold and no metric separates anything.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def contrastive(same, distance, margin=1.0):
        far = keras.ops.maximum(margin - distance, 0)
        return keras.ops.mean(same * distance**2 + (1 - same) * far**2)

    def siamese(*last, rate):
        encoder = keras.Sequential(
            [keras.layers.Dense(32, activation="relu"), *last])
        a, b = keras.Input((64,)), keras.Input((64,))
        squares = keras.ops.square(encoder(a) - encoder(b))
        distance = keras.ops.sqrt(keras.ops.maximum(
            keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))
        model = keras.Model([a, b], distance)
        model.compile(keras.optimizers.Adam(rate), contrastive)
        return model

    left, right, same = digit_pairs()
    model = siamese(keras.layers.Dense(8, activation="relu"), rate=10.0)
    history = model.fit([left, right], same, epochs=5, verbose=0).history
    assert model.predict([left, right], verbose=0).max() < 0.001   # one point
    assert np.isclose(history["loss"][-1], 0.5, atol=0.02)         # (1-p)m^2
    ```

    The corrected lines (a lower rate, no ReLU as the last layer, L2-normalised); train again:

    ```python
    model = siamese(keras.layers.Dense(8), keras.layers.UnitNormalization(),
                    rate=0.001)
    model.fit([left, right], same, epochs=15, verbose=0)
    distances = model.predict([left, right], verbose=0)
    assert ((distances < 0.5) == same).mean() > 0.8
    ```

    With a triplet loss, take semi-hard or all triplets of a batch before the hardest ones.

    Seen in: omoindrot#6, #14, #37, #51, triplet-reid#30, OML#367, keras#4387; the commonest single cause.

    See: Hermans, Beyer and Leibe 2017 (In defense of the triplet loss for person re-identification), on the loss
    that stays at the margin; Schroff, Kalenichenko and Philbin 2015 (FaceNet), for semi-hard triplets.
    """
    embeddings = case.embeddings
    if not np.isfinite(embeddings).all():
        return Evidence(certainty=0.0, summary="The embeddings are not finite.", fix="See non-finite-weights.")
    spread, rank = relative_spread(embeddings), effective_rank(embeddings)
    dead = dead_unit_share(embeddings)
    best = _best_auc(case)
    start = relative_spread(case.untrained.embeddings)
    # Sigmoid units around one half are tight before any training; a collapse is what training did.
    tightened = ramp(spread, clear=0.9 * start, sure=0.4 * start) if start > 0 else 1.0
    shrunk = shrinkage(case)
    # Nor is it one where training moved everything away together and drew it apart in many directions as well.
    drawn_apart = ramp(math.log10(max(shrunk, 1e-12)), clear=0.0, sure=0.3) * ramp(rank, clear=3, sure=6)
    tight = ramp(math.log10(max(spread, 1e-12)), clear=-0.7, sure=-1.7) * tightened * (1 - drawn_apart)
    shrunken = ramp(math.log10(max(shrunk, 1e-12)), clear=-1.3, sure=-2.0)  # to the origin, where shape says nothing
    useless = max(ramp(best, clear=0.8, sure=0.65), _told(case), min(tight, shrunken) * _unlearnt(case, best))
    # Units driven to the ends of a sigmoid or tanh end in one point as well; then the ends are what is wrong.
    piled = units_at_an_end(case)
    own = 1 - SATURATED * (piled.certainty if piled is not None else 0.0)
    # An encoder that was never trained gives one point where its fresh weights do.
    own *= 1 - SATURATED * untouched(case.blueprint, "encoder")
    certainty = max(tight, ramp(dead, clear=0.9, sure=0.995), shrunken) * useless * own
    return Evidence(
        certainty=certainty,
        summary=(
            f"All embeddings lie at one point: they spread by {100 * spread:.2g} % of their length, "
            f"{100 * dead:.0f} % of the units never change, and distances are {shrunk:.2g} of the untrained network's."
            if certainty
            else f"The embeddings spread by {100 * spread:.0f} % of their length."
        ),
        fix="Train again with a lower rate, milder mining, and no ReLU at the end:\n"
        "    keras.optimizers.Adam(1e-4);  layers.Dense(dim);  layers.UnitNormalization()",
        measurements=(
            Measurement(name="spread of the embeddings over their length", value=spread, expected="above 0.2"),
            Measurement(name="effective rank", value=rank, expected="above 2"),
            Measurement(name="share of units that never change", value=dead, expected="below 0.9"),
            Measurement(name="usual distance over that of the untrained network", value=shrunk, expected="above 0.05"),
            Measurement(name="best AUC by any metric", value=best, expected="above 0.8"),
        ),
    )


def _told(case: Case) -> float:
    """Whether training itself rested where all distances are 0, whatever is left to be seen under a lens."""
    if case.settings.training.loss not in {"contrastive", "triplet"}:
        return 0.0
    signature = resting(case)
    return TOLD if signature is not None and signature.dead else 0.0


def _unlearnt(case: Case, best: float) -> float:
    """How sure it is that what can still be told apart, the network could tell apart before it was trained."""
    return ramp(best - fresh_encoder(case).auc, clear=0.05, sure=0.0)


def _best_auc(case: Case) -> float:
    """How well the embedding separates by whatever metric suits it best."""
    return case.trial("metric").auc
