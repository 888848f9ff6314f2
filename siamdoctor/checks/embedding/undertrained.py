"""SD306: training ended while the model was still getting better."""

from __future__ import annotations

import math

from siamdoctor.case import Case
from siamdoctor.data.history import History
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.curves import fall_to_come, recent_fall, roughness, settled
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.signatures import chance_loss
from siamdoctor.taught import taught
from siamdoctor.trials.baselines import fresh_encoder, own_embedding, rows

REACHABLE = 0.95  # what is assumed to be reached by training on
WORKS = 0.6
NOTHING_YET = 0.97  # loss over a constant's, from which training has not begun to tell, whatever fresh weights do
NOISE = 2.0  # a fall has to exceed the noise of the two means by so many standard deviations
ONE_EPOCH = 0.4  # certainty of a weak model after a single epoch, whose curve cannot be read
PLATEAU = 0.6  # certainty after a few epochs at chance, where some runs rest before they learn
WITHOUT_VALIDATION = 0.7  # the training loss also falls while a model learns by heart


@check("SD306", impact=Impact.MAJOR)
def undertrained(case: Case) -> Evidence:
    """Training ended while the model was still getting better.

    Twin networks often do nothing visible for hundreds of steps and then learn quickly; others creep because
    the learning rate is low. A model saved on the way is better than chance and far from what it could be.

    How it looks: the validation loss is still falling at the last epoch; training and validation are equally
    mediocre, so nothing has been learned by heart yet.

    A model that has it:

    ```python
    import keras
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs(4000)
    *validation, truth = digit_pairs(seed=1)
    encoder = keras.Sequential([keras.layers.Dense(64, activation="relu")])
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile(keras.optimizers.Adam(1e-4), "binary_crossentropy",
                  metrics=["accuracy"])
    short = model.fit([left, right], same, epochs=4, verbose=0,
                      validation_data=(validation, truth)).history
    falling = short["val_loss"]
    assert falling[0] > falling[1] > falling[2] > falling[3]
    ```

    The corrected lines: train until the validation loss has stopped falling, and keep the best weights:

    ```python
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy",
                  metrics=["accuracy"])
    long = model.fit([left, right], same, epochs=500, verbose=0,
                     validation_data=(validation, truth),
                     callbacks=[keras.callbacks.EarlyStopping(
                         patience=3, restore_best_weights=True)]).history
    assert max(long["val_accuracy"]) > max(short["val_accuracy"]) + 0.1
    ```

    If the loss has not moved at all, try another seed first: some starts never leave the plateau.

    Seen in: tensorfreitas#11 (flat for 700 iterations: "let it run"), tensorfreitas#2 (.5 to .8 by iteration
    4,480), keras#13006 (about half of the runs), keras-io#1617.

    See: Prechelt 1998 (Early stopping - but when?).
    """
    name, values = _curve(case.history)
    scale = chance_loss(case.settings.training.loss, case.settings.training.margin) or max(map(abs, values))
    fall = fall_to_come(values) / scale if scale > 0 else float("nan")
    level = settled(values) / scale if scale > 0 else float("nan")
    fresh, gap = case.tuned_accuracy, _gap(case)
    weak = ramp(fresh.high, clear=0.95, sure=0.87)
    lost = _destroyed(case)
    certainty = _moving(values, fall, level, validated=name == "val_loss") * weak
    certainty *= ramp(gap, clear=0.15, sure=0.07) * ramp(lost, clear=0.12, sure=0.05)
    if (
        fresh.low > WORKS and not level >= NOTHING_YET
    ):  # weak but at work: whether more epochs would help only more epochs can tell
        certainty = min(certainty, ONE_EPOCH)
    return Evidence(
        certainty=certainty,
        summary=(
            f"Training ended after {len(values)} epoch{'s' if len(values) > 1 else ''} with the loss at "
            f"{settled(values):.3g}, {'still falling' if fall > 0 else 'before it began to fall'}."
            if certainty
            else "The loss had stopped falling when training ended."
            if not _moving(values, fall, level, validated=True)
            else "The loss was still falling when training ended, but that is not what holds the model back."
        ),
        fix="Train on until the validation loss stops falling; if it creeps, raise the learning rate:\n"
        "    model.fit(..., epochs=500, callbacks=[\n"
        "        keras.callbacks.EarlyStopping(patience=20, restore_best_weights=True)])",
        measurements=(
            Measurement(name="epochs", value=float(len(values)), expected="until nothing changes any more"),
            Measurement(name=f"{name} over that of a constant output", value=level, expected="below 0.7"),
            Measurement(
                name=f"fall of {name} that is still to come, in the same unit", value=fall, expected="below 0.02"
            ),
            Measurement(
                name="accuracy on training pairs less that on validation pairs", value=gap, expected="below 0.15"
            ),
            Measurement(name="AUC of the untrained encoder less that of the model", value=lost, expected="below 0"),
            *rows(case),
        ),
        at_stake=100 * max(0.0, REACHABLE - case.accuracy.value),
    )


def _curve(history: History) -> tuple[str, tuple[float, ...]]:
    """The loss to judge by: the validation loss where there is one."""
    for name in ("val_loss", "loss"):
        values = history.column(name)
        if values and all(map(math.isfinite, values)):
            return name, values
    raise Unavailable("the training history holds no finite loss")


def _gap(case: Case) -> float:
    """How much better training pairs are told apart; 0 where there are no training data."""
    try:
        return max(0.0, case.training.tuned_accuracy.value - case.tuned_accuracy.value)
    except Unavailable:
        return 0.0


def _destroyed(case: Case) -> float:
    """How much AUC training took away: more of the same training would not bring it back."""
    seen = taught(case)
    return fresh_encoder(seen).auc - own_embedding(seen).auc


def _moving(values: tuple[float, ...], fall: float, level: float, *, validated: bool) -> float:
    """How sure it is that training was cut short: a fast fall, a slow steady one near chance, or an early end."""
    if len(values) == 1:
        return ONE_EPOCH
    plateau = PLATEAU * ramp(level, clear=0.9, sure=0.97) * ramp(len(values), clear=10, sure=5)
    width = max(1, len(values) // 3)
    noise = roughness(values)
    if fall <= 0 or (not math.isnan(noise) and recent_fall(values) < NOISE * noise * math.sqrt(2 / width)):
        return plateau
    fast = ramp(fall, clear=0.03, sure=0.12)
    creeping = ramp(fall, clear=0.0005, sure=0.004) * ramp(level, clear=0.6, sure=0.8)
    return max(plateau, max(fast, creeping) * (1.0 if validated else WITHOUT_VALIDATION))
