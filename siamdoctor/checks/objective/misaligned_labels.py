"""SD202: pair labels that belong to other pairs."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.checks.objective._labels import little_retained
from siamdoctor.checks.objective._listed_labels import REPAIR, from_list, repaired
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import auc_interval
from siamdoctor.trials.baselines import fresh_encoder, raw_inputs
from siamdoctor.trials.hindsight import Hindsight, hindsight

CHANCE = 0.5
INVERTED = 0.7  # part of the certainty that goes to inverted labels where these fit better
LEARNABLE = (0.55, 0.65)  # AUC without training: below the first there may be nothing to learn at all
UNSEEN = 0.45  # most that pairs learned by heart say where nothing shows that there was more to learn
FLAT = 0.6  # certainty where the loss never left that of a constant: a bad start looks the same


@check(
    "SD202",
    impact=Impact.FATAL,
    explains={"wrong-threshold", "mismatched-metric", "undertrained", "imbalanced-pairs"},
)
def misaligned_labels(case: Case) -> Evidence:
    """The labels belong to other pairs.

    Pairs and labels shuffled one without the other, or made by two generators with different seeds: label i
    is no longer that of pair i. There is nothing to learn, and what the network learns is the list by heart.

    How it looks: the loss rests at what a constant output costs (.6931, or p(1-p)m^2), or training fits and
    everything else stays at chance, fresh pairs of the *training* images included.

    A program that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def siamese():
        encoder = keras.Sequential([keras.layers.Dense(32, activation="relu")])
        a, b = keras.Input((64,)), keras.Input((64,))
        difference = keras.ops.absolute(encoder(a) - encoder(b))
        output = keras.layers.Dense(1, activation="sigmoid")(difference)
        model = keras.Model([a, b], output)
        model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy",
                      metrics=["accuracy"])
        return model

    rng = np.random.default_rng(0)
    pairs = np.stack(digit_pairs()[:2], axis=1)
    labels = digit_pairs()[2]
    rng.shuffle(pairs)
    rng.shuffle(labels)                                       # another order
    model = siamese()
    model.fit([pairs[:, 0], pairs[:, 1]], labels, epochs=15, verbose=0)
    *fresh, same = digit_pairs(seed=1)
    assert abs(model.evaluate(fresh, same, verbose=0)[1] - 0.5) < 0.1
    ```

    The corrected lines, after which the model must be trained again:

    ```python
    pairs, labels = np.stack(digit_pairs()[:2], axis=1), digit_pairs()[2]
    order = rng.permutation(len(pairs))
    pairs, labels = pairs[order], labels[order]             # one order for both
    model = siamese()
    model.fit([pairs[:, 0], pairs[:, 1]], labels, epochs=15, verbose=0)
    assert model.evaluate(fresh, same, verbose=0)[1] > 0.7
    ```

    Seen in: keras#6079 (".50000 all the time"); in our own experiment .643 in training and .552 on others.

    See: Zhang, Bengio, Hardt, Recht and Vinyals 2017 (Understanding deep learning requires rethinking
    generalization), who fit random labels to 100 %.
    """
    listed = from_list(case)
    if listed is not None:
        return listed
    known, training = hindsight(case), case.training
    seen = auc_interval(training.deployed.distance, training.dyads)
    raw, fresh = raw_inputs(training).auc, fresh_encoder(training).auc
    nothing = ramp(seen.value, clear=0.76, sure=0.66) if seen.high >= CHANCE else 0.0
    learnable = ramp(max(raw, fresh), clear=LEARNABLE[0], sure=LEARNABLE[1])
    certainty = nothing * max(
        _by_heart(known) * max(learnable, UNSEEN),
        _flat(known, fresh - seen.value) * learnable,
    )
    certainty *= 1 - _out_of_balance(case)
    certainty *= (1 - INVERTED * _contradicted(case)) * ramp(repaired(case), clear=REPAIR[0], sure=REPAIR[1])
    return Evidence(
        certainty=certainty,
        summary=_summary(known, seen.value, found=certainty > 0),
        fix="Build label and pair in one step, or shuffle both by one permutation, and train again:\n"
        "    order = rng.permutation(len(pairs))\n    pairs, labels = pairs[order], labels[order]",
        measurements=(
            Measurement(name="training loss as reported, over a constant's", value=known.told, expected="below 0.7"),
            Measurement(name="the same loss on fresh pairs of these samples", value=known.found, expected="near that"),
            Measurement(
                name="AUC on training identities", value=seen.value, low=seen.low, high=seen.high, expected="above 0.9"
            ),
            Measurement(name="AUC of raw training inputs", value=raw, expected="below the model's"),
            Measurement(name="AUC of the encoder with fresh weights", value=fresh, expected="below the model's"),
        ),
    )


def _out_of_balance(case: Case) -> float:
    """How far the training list is from balanced pairs, for which alone the loss of a constant is known here."""
    pairs = case.training.samples.pairs
    share = case.settings.training.fed.positives if pairs is None else float(pairs.same.mean())
    return ramp(abs(share - 0.5), clear=0.2, sure=0.35) if share is not None else 0.0


def _contradicted(case: Case) -> float:
    """How much it looks like labels that contradict the loss, which a learned head would have mended."""
    if case.rule.metric == "output":
        return 0.0
    try:
        return little_retained(case)
    except Unavailable:
        return 0.0


def _by_heart(known: Hindsight) -> float:
    """How sure it is that the training pairs were learned, and that fresh pairs of the same samples were not."""
    learned = ramp(known.told, clear=0.98, sure=0.92) * ramp(known.found, clear=0.85, sure=0.95)
    return learned * ramp(known.found - known.told, clear=0.01, sure=0.05) * ramp(known.epochs, clear=1, sure=5)


def _flat(known: Hindsight, destroyed: float) -> float:
    """How sure it is that nothing could be learned: the loss stayed a constant's while the embedding got worse."""
    dead = known.resting is not None and known.resting.dead
    level = 0.0 if dead else ramp(known.told, clear=0.85, sure=0.93) * ramp(known.told, clear=1.3, sure=1.1)
    return FLAT * level * ramp(destroyed, clear=0.0, sure=0.1) * ramp(known.epochs, clear=3, sure=8)


def _summary(known: Hindsight, seen: float, *, found: bool) -> str:
    if not found:
        return "What training learned agrees with the identities."
    if known.resting is not None and not known.resting.dead:
        return f"The training loss never left what a constant output costs; {known.resting.meaning}."
    return (
        f"Training fitted its pairs, but fresh pairs of the same images are told apart with AUC {seen:.2f}: "
        "the labels had nothing to do with the identities."
    )
