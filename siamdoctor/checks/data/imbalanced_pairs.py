"""SD405: far more different than same-class pairs in training."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.signatures import chance_loss
from siamdoctor.taught import pair_lists

GUESSED = 0.45  # most that the predictions alone can say: an embedding that generalises badly predicts alike

GUESSED_OF_DISTANCES = 0.4
UNMOVED = 1e-3  # by which the accuracy of a constant may differ from epoch to epoch, where the last batch is dropped


@check("SD405", impact=Impact.MAJOR, explains={"wrong-threshold", "saturated-output"})
def imbalanced_pairs(case: Case) -> Evidence:
    """Training pairs are far from balanced, so nearly everything is called different (or the same).

    Two images drawn at random from C classes are of the same class once in C times. Trained on such pairs,
    "different" is right 90 % of the time without looking, and the border moves to where it is rarely wrong.
    The embedding is often sound; the decision is not.

    How it looks: training accuracy near 1 - 1/C from the first epoch; on balanced pairs nearly all predictions
    are "different"; another threshold repairs much of it.

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
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model

    x, y = digits()
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, len(x), size=(2, 2000))
    labels = y[left] == y[right]                              # 10 % True
    model = siamese()
    model.fit([x[left], x[right]], labels, epochs=8, verbose=0)
    assert model.evaluate([x[left], x[right]], labels, verbose=0)[1] > 0.85
    *balanced, same = digit_pairs(seed=1)
    assert (model.predict(balanced, verbose=0) > 0.5).mean() < 0.1
    assert model.evaluate(balanced, same, verbose=0)[1] < 0.6
    ```

    The corrected lines:

    ```python
    wanted = rng.random(2000) < 0.5
    right = np.array([rng.choice(np.flatnonzero((y == y[i]) == w))
                      for i, w in zip(left, wanted)])
    labels = y[left] == y[right]                              # about half True
    model = siamese()
    model.fit([x[left], x[right]], labels, epochs=8, verbose=0)
    assert model.evaluate(balanced, same, verbose=0)[1] > 0.65
    ```

    or keep the pairs and choose the threshold on balanced validation pairs.

    Seen in: keras#20133, yoavram/DataSciPy#8; in our own experiment the threshold alone took .613 to .883.

    See: Buda, Maki and Mazurowski 2018 (A systematic study of the class imbalance problem in convolutional neural
    networks), on oversampling and on moving the threshold.
    """
    outcome = case.trial("threshold")
    said = float(case.deployed.as_deployed.mean())
    one_sided = ramp(abs(said - 0.5), clear=0.05, sure=0.18)
    lopsided = one_sided if outcome.gain.low > 0 else 0.0
    sound = ramp(max(case.deployed.auc, outcome.auc), clear=0.6, sure=0.75)
    listed, kind = _listed(case)
    rows = [Measurement(name="share of balanced pairs called the same", value=said, expected="near 0.5")]
    if listed is not None:
        rows.insert(0, Measurement(name=f"share of same-class pairs, {kind}", value=listed, expected="0.3 to 0.7"))
        certainty = ramp(abs(listed - 0.5), clear=0.2, sure=0.35) * (0.0 if kind == "evaluation list" else one_sided)
    else:
        start, start_rows = _start(case)
        rows += start_rows
        certainty = lopsided * sound * start if said < 0.5 else 0.0  # noqa: PLR2004  (half of balanced pairs)
        if not case.blueprint.head.learned:  # a distance has no share of positives to learn; only a list would tell
            certainty = min(certainty, GUESSED_OF_DISTANCES)
    return Evidence(
        certainty=certainty,
        summary=(
            f"Only {100 * said:.0f} % of balanced pairs are called the same: training pairs were mostly different."
            if certainty and said < 0.5  # noqa: PLR2004
            else f"{100 * said:.0f} % of balanced pairs are called the same: training pairs were mostly same-class."
            if certainty
            else "Nothing says that training pairs were out of balance."
        ),
        fix="Draw as many same-class as different pairs, and train again; or tune the threshold on balanced pairs:\n"
        f"    same = score {'<' if case.rule.same_below else '>'} {outcome.detail}",
        measurements=tuple(rows),
        recovers=_recovery(case) if certainty > GUESSED_OF_DISTANCES else None,
    )


def _listed(case: Case) -> tuple[float | None, str]:
    """Share of same-class pairs in the user's own list of training pairs, or of evaluation pairs.

    What a watch saw being fed to the training counts as its list.
    """
    fed = case.settings.training.fed.positives
    if fed is not None:
        return fed, "training list"
    told = _told_by_constant(case)
    if told is not None:
        return told, "by the training accuracy of an output that is always 1"
    shares = ((float(pairs.same.mean()), f"{where} list") for where, _, pairs in pair_lists(case))
    return next(shares, (None, ""))


def _told_by_constant(case: Case) -> float | None:
    """Share of same-class pairs in training: the accuracy of an output that is 1 is the share of pairs labelled 1."""
    if case.before is None or not case.before.blueprint.head.constant:
        return None
    try:
        shown = case.history.column("accuracy")
    except Unavailable:
        return None
    if not shown or max(shown) - min(shown) > UNMOVED:
        return None
    return 1 - shown[-1] if case.settings.training.same_label == 0 else shown[-1]


def _start(case: Case) -> tuple[float, list[Measurement]]:
    """How far the very first epoch was better than a constant output can be on balanced pairs.

    A model that is good after one epoch on balanced pairs stays good on balanced pairs; this one is not.
    """
    try:
        history = case.history
    except Unavailable:
        return _by_output(case)
    declared = case.settings.training
    chance = chance_loss(declared.loss, declared.margin)
    losses, shown = history.column("loss"), history.column("accuracy")
    rows, signs = [], []
    if losses and chance:
        first = losses[0] / chance
        rows.append(Measurement(name="loss of the first epoch over a constant's", value=first, expected="0.7 or more"))
        signs.append(ramp(first, clear=0.85, sure=0.6))
    if shown:
        rows.append(Measurement(name="training accuracy of the first epoch", value=shown[0], expected="below 0.8"))
        signs.append(ramp(shown[0], clear=0.8, sure=0.88))
    return (min(signs), rows) if signs else _by_output(case)


def _by_output(case: Case) -> tuple[float, list[Measurement]]:
    """Without a history: a learned head's best border on balanced pairs is the share of positives it was taught."""
    if not case.blueprint.head.learned or case.rule.threshold is None:
        return 0.0, []
    border = float(case.trial("threshold").detail)
    taught = border if not case.rule.same_below else 1 - border
    row = Measurement(name="output that parts balanced pairs best", value=border, expected="near 0.5")
    return GUESSED * ramp(taught, clear=0.3, sure=0.12), [row]


def _recovery(case: Case) -> Recovery | None:
    gain = case.trial("threshold").gain
    return gain if gain.low > 0 else None
