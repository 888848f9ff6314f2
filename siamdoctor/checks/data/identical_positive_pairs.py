"""SD406: same-class pairs are one image, twice."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.data.audit import audit_pairs
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import pair_lists
from siamdoctor.trials.hindsight import hindsight, natural_decisions


@check(
    "SD406",
    impact=Impact.FATAL,
    explains={
        "mismatched-metric",
        "wrong-threshold",
        "imbalanced-pairs",
        "saturated-output",
        "misaligned-labels",
        "margin-too-small",
        "insufficient-augmentation",
    },
)
def identical_positive_pairs(case: Case) -> Evidence:
    """Same-class pairs are the same image twice.

    Whatever the encoder does, an image has distance 0 from itself, so such a pair costs nothing and teaches
    nothing. All that is left is to push different images apart, those of one identity among them.

    How it looks: training accuracy 1.000 at once and loss near 0, validation .5: every genuine pair is called
    different, an image and itself are called the same.

    A program that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs, digits

    def siamese():
        encoder = keras.Sequential([keras.layers.Dense(32, activation="relu")])
        a, b = keras.Input((64,)), keras.Input((64,))
        difference = keras.ops.absolute(encoder(a) - encoder(b))
        output = keras.layers.Dense(1, activation="sigmoid")(difference)
        model = keras.Model([a, b], output)
        model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy",
                      metrics=["accuracy"])
        return model

    x, y = digits()
    rng = np.random.default_rng(0)
    pairs, labels = [], []
    for image in range(600):
        pairs.append([image, image])                          # twice the same
        labels.append(1)
        pairs.append([image, rng.choice(np.flatnonzero(y != y[image]))])
        labels.append(0)
    left, right = np.array(pairs).T
    model = siamese()
    model.fit([x[left], x[right]], np.array(labels), epochs=10, verbose=0)
    *fresh, same = digit_pairs(seed=1)
    seen = model.evaluate([x[left], x[right]], np.array(labels), verbose=0)
    assert seen[1] > 0.99
    assert model.evaluate(fresh, same, verbose=0)[1] < 0.6
    ```

    The corrected lines, after which the model must be trained again:

    ```python
    for at in range(0, len(pairs), 2):
        image = pairs[at][0]
        others = np.setdiff1d(np.flatnonzero(y == y[image]), image)
        pairs[at] = [image, rng.choice(others)]            # two of one identity
    left, right = np.array(pairs).T
    model = siamese()
    model.fit([x[left], x[right]], np.array(labels), epochs=10, verbose=0)
    assert model.evaluate(fresh, same, verbose=0)[1] > 0.65
    ```

    A tuned threshold recovers a part: in our own experiment .525 became .811.

    Seen in: payal8797's repository (`pairs.append([ele, ele])`).

    See: Koch, Zemel and Salakhutdinov 2015 (Siamese neural networks for one-shot image recognition), where same pairs
    are two drawings of one character by different people.
    """
    listed = _listed(case)
    if listed is not None:
        share, where = listed
        certainty = ramp(share, clear=0.02, sure=0.3)
        rows = [Measurement(name=f"same-class pairs of one content, {where}", value=share, expected="0")]
    else:
        certainty, rows = _by_hindsight(case)
        share, where = 1.0, "training"
    return Evidence(
        certainty=certainty,
        summary=_summary(share, where, listed=listed is not None, found=certainty > 0),
        fix="Pair two different images of an identity, and train again:\n"
        "    for first, second in itertools.combinations(images_of_one_identity, 2):",
        measurements=tuple(rows),
        recovers=_recovery(case) if certainty and where == "training" else None,
        proof=certainty == 1 and listed is not None and where == "training",
    )


def _listed(case: Case) -> tuple[float, str] | None:
    """Share of one-content pairs among the same-class pairs of the user's own list; training list first."""
    found = ((samples, where) for where, samples, pairs in pair_lists(case) if pairs.same.any())
    samples, where = next(found, (None, ""))
    return (audit_pairs(samples).identical_same_share, where) if samples is not None else None


def _by_hindsight(case: Case) -> tuple[float, list[Measurement]]:
    """The history reports perfect pairs, and yet two real images of one training identity count as different."""
    known, natural = hindsight(case), natural_decisions(case.training)
    perfect = ramp(known.told / max(known.found, 1e-9), clear=0.3, sure=0.1) * ramp(known.told, clear=0.7, sure=0.3)
    strangers = ramp(natural.recall, clear=0.15, sure=0.05) * ramp(natural.specificity, clear=0.85, sure=0.97)
    worse_than_nothing = ramp(known.found, clear=0.9, sure=1.5)
    # An embedding taught by few but real same-class pairs still separates its own training identities, and the
    # border that a learned head then wants is not beyond all probabilities.
    seen = case.training.trial("metric").auc
    itself = ramp(natural.themselves, clear=0.5, sure=0.9)
    rows = [
        Measurement(name="training loss as reported, over a constant's", value=known.told, expected="near the next"),
        Measurement(name="the same loss on fresh pairs of these samples", value=known.found, expected="below 1"),
        Measurement(name="training samples found the same as themselves", value=natural.themselves, expected="1"),
        Measurement(name="same-class training pairs found the same", value=natural.recall, expected="above 0.8"),
        Measurement(name="different training pairs found different", value=natural.specificity, expected="above 0.8"),
        Measurement(name="best AUC on training identities", value=seen, expected="above 0.95"),
    ]
    border = _border(case)
    if border is None:
        return perfect * strangers * worse_than_nothing * itself * ramp(seen, clear=0.95, sure=0.9), rows
    rows.append(Measurement(name="output that parts balanced pairs best", value=border, expected="near 0.5"))
    return perfect * strangers * worse_than_nothing * itself * ramp(border, clear=3e-4, sure=5e-5), rows


def _border(case: Case) -> float | None:
    """Output of a learned head, read as the probability of "same", that parts balanced pairs best.

    Where same-class pairs were merely rare it is about their share in training; where they were one image twice,
    two real images of one identity are pushed beyond any such share.
    """
    if not case.blueprint.head.learned or case.rule.threshold is None:
        return None
    border = float(case.trial("threshold").detail)
    return border if not case.rule.same_below else 1 - border


def _recovery(case: Case) -> Recovery | None:
    """What can be had without training again: another threshold, or a head fitted anew on the embeddings."""
    gains = []
    for name in ("threshold", "refit-head"):
        try:
            gains.append(case.trial(name).gain)
        except Unavailable:
            continue
    best = max(gains, key=lambda gain: gain.low)
    return best if best.low > 0 else None


def _summary(share: float, where: str, *, listed: bool, found: bool) -> str:
    if not found:
        return "Same-class pairs are two different images, as far as can be told."
    if listed:
        return f"{100 * share:.0f} % of the same-class pairs of the {where} list are one image twice."
    return (
        "The history reports a loss near 0, yet two images of one training identity count as different: "
        "same-class pairs were one image twice."
    )
