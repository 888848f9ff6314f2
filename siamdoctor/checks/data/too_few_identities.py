"""SD404: what was learned of the training identities does not carry over to others."""

from __future__ import annotations

from dataclasses import dataclass

from siamdoctor.case import Case
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.ramps import ramp
from siamdoctor.trials.baselines import BEATEN_BY, learned_nothing, own_embedding, raw_inputs

HANDFUL = (12, 4)  # training identities: from the first on this says nothing, from the second down all
SHARED = 0.45  # most that can be said where the identities are known ones: worth a line only


@check("SD404", impact=Impact.MAJOR, explains={"insufficient-augmentation", "saturated-output"})
def too_few_identities(case: Case) -> Evidence:
    """Too few identities to learn from: what was learned does not carry over to new ones.

    A twin network sees a pair as one example, but what it can learn from is identities. With ten people it
    learns to tell those ten apart, by whatever sets them apart, and that says little about an eleventh. More
    pairs, dropout or weight decay hardly change it.

    How it looks: training .95 to 1, validation .5 to .7; on new identities the raw pixels tell pairs apart
    as well as the trained embedding does, or better.

    A training set that has it:

    ```python
    import itertools
    import keras
    import numpy as np
    from sklearn.metrics import roc_auc_score
    from siamdoctor.examples import digits

    x, y = digits()

    def pairs_of(*classes):
        images = np.concatenate([np.flatnonzero(y == c)[:25] for c in classes])
        first, second = np.array(list(itertools.combinations(images, 2))).T
        return [x[first], x[second]], (y[first] == y[second]).astype("float32")

    def trained_on(*classes):
        encoder = keras.Sequential([keras.layers.Dense(64, activation="relu")])
        a, b = keras.Input((64,)), keras.Input((64,))
        difference = keras.ops.absolute(encoder(a) - encoder(b))
        output = keras.layers.Dense(1, activation="sigmoid")(difference)
        model = keras.Model([a, b], output)
        model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
        pairs, same = pairs_of(*classes)
        model.fit(pairs, same, epochs=3, verbose=0)
        return roc_auc_score(same, model.predict(pairs, verbose=0)), model

    fresh, truth = pairs_of(7, 8, 9)
    seen, model = trained_on(0, 1)                            # two identities
    unseen = roc_auc_score(truth, model.predict(fresh, verbose=0))
    assert unseen < seen - 0.1
    ```

    The corrected lines: more identities before more images:

    ```python
    _, model = trained_on(0, 1, 2, 3, 4, 5, 6)
    assert roc_auc_score(truth, model.predict(fresh, verbose=0)) > unseen
    ```

    Where there are none to be had, start from an encoder that has seen many:

    ```python no-run: MobileNetV2's weights are downloaded
    backbone = keras.applications.MobileNetV2(
        include_top=False, pooling="avg", weights="imagenet")
    backbone.trainable = False
    encoder = keras.Sequential([backbone, keras.layers.Dense(64),
                                keras.layers.UnitNormalization()])
    ```

    Seen in: SO 45295501 (95 against 65 to 70 %), datascience.stackexchange.com/questions/45629 and /65128,
    kutoga/going_deeper#5, jingpingjiao#1, CloserLookFewShot#14; ten threads, hardly any resolved.

    See: Chen, Liu, Kira, Wang and Huang 2019 (A closer look at few-shot classification).
    """
    facts = _facts(case)
    fresh = ramp(facts.known, clear=0.9, sure=0.5)
    learned, carried = facts.seen - facts.seen_raw, facts.unseen - facts.unseen_raw
    lost = ramp(carried / learned, clear=0.6, sure=0.2) if learned > 0 else 0.0
    gap = ramp(facts.seen - facts.unseen, clear=0.04, sure=0.12)
    beaten = 0.7 if carried < BEATEN_BY else 0.0
    few = max(ramp(facts.identities, clear=100, sure=15), beaten)
    certainty = lost * gap * few * ramp(learned, clear=0.01, sure=0.05)
    familiar = min(certainty, SHARED) * ramp(facts.each, clear=40, sure=10)
    certainty = max(fresh * certainty + (1 - fresh) * familiar, fresh * _handful(case, facts.identities))
    return Evidence(
        certainty=certainty,
        summary=_summary(facts, fresh=fresh > 0, found=certainty > 0),
        fix="Train on more identities (more images of the same ones help less), or start from an encoder that has "
        "seen many:\n"
        "    backbone = keras.applications.MobileNetV2(include_top=False, pooling='avg', weights='imagenet')",
        measurements=(
            Measurement(name="training identities", value=float(facts.identities), expected="100 or more"),
            Measurement(name="images of each", value=facts.each, expected="20 or more"),
            Measurement(
                name="evaluated identities that were trained on", value=facts.known, expected="0 for a fair test"
            ),
            Measurement(name="AUC on training identities", value=facts.seen, expected="near the next line"),
            Measurement(name="AUC on the identities evaluated", value=facts.unseen, expected="near the line above"),
            Measurement(name="AUC of raw inputs, training", value=facts.seen_raw, expected="below the model"),
            Measurement(name="AUC of raw inputs, evaluation", value=facts.unseen_raw, expected="below the model"),
        ),
    )


def _handful(case: Case, identities: int) -> float:
    """Four identities or fewer, known by heart: where others fail, there is no need to look for another reason."""
    if identities >= HANDFUL[0]:
        return 0.0
    gap = case.training.accuracy.value - case.accuracy.value
    return ramp(identities, clear=HANDFUL[0], sure=HANDFUL[1]) * ramp(gap, clear=0.1, sure=0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """AUC by the better metric, of the embedding and of raw inputs, on training data and on evaluation data.

    identities, each: training identities, and images of each on average. known: share of the evaluated
    identities that bear the name of a training identity. nothing: raw inputs do as well there.
    """

    identities: int
    each: float
    known: float
    seen: float
    seen_raw: float
    unseen: float
    unseen_raw: float
    nothing: bool


def _facts(case: Case) -> _Facts:
    training = case.training
    known = case.known_identities
    names = set(training.samples.identity_names)
    return _Facts(
        identities=len(names),
        each=len(training.samples) / max(1, len(names)),
        known=known,
        seen=own_embedding(training).auc,
        seen_raw=raw_inputs(training).auc,
        unseen=own_embedding(case).auc,
        unseen_raw=raw_inputs(case).auc,
        nothing=learned_nothing(case),
    )


def _summary(facts: _Facts, *, fresh: bool, found: bool) -> str:
    if not found:
        return "What was learned of the training identities carries over to those evaluated."
    if not fresh:
        return (
            f"{facts.each:.0f} images of each identity were not enough: AUC {facts.seen:.2f} on them, "
            f"{facts.unseen:.2f} on new images."
        )
    beaten = ", no better than raw pixels" if facts.nothing else ""
    return (
        f"{facts.identities} identities were learned by heart (AUC {facts.seen:.2f}); on others the AUC is "
        f"{facts.unseen:.2f}{beaten}."
    )
