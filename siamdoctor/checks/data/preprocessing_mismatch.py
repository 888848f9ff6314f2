"""SD401: pixels reach the model on another scale than in training."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.data.scaling import AS_STORED
from siamdoctor.errors import Unavailable
from siamdoctor.mending import rescaled
from siamdoctor.models.untouched import moved
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.scaling_choice import best_scaling
from siamdoctor.stats.geometry import dead_unit_share
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import paired_auc_gain
from siamdoctor.stats.roc import balanced_accuracy
from siamdoctor.taught import resting
from siamdoctor.trials.baselines import fresh_encoder, raw_inputs

AUC_GAIN = 0.02
DEAD = 0.99
TAUGHT = 0.03  # AUC that training adds at least
WELL_ABOVE = 0.95  # AUC that is good whatever fresh weights reach, where the data are easy
RANKS_BETTER = 5.0  # hundredths of AUC
ONE_SIDED = 0.84  # 95 % on one side over 95 % on two: that it is not worse is all that is asked
WORTH_A_LINE = 0.15
UNKNOWN = 0.3  # certainty where only the user knows whether the fault is there
OUT_OF_PROPORTION = 0.45  # most that values far from 1 say where no scale was ever learnt
PLAUSIBLE = (
    0.05,
    20.0,
)  # largest value that a first layer is usually fed; outside it something was left out or done twice


@check(
    "SD401",
    impact=Impact.FATAL,
    explains={
        "undertrained",
        "wrong-threshold",
        "mismatched-metric",
        "saturated-output",
        "collapsed-embedding",
        "narrow-embedding",
        "stale-batch-statistics",
        "insufficient-augmentation",
        "margin-too-large",
        "margin-too-small",
        "identical-positive-pairs",
        "misaligned-labels",
        "too-few-identities",
    },
)
def preprocessing_mismatch(case: Case) -> Evidence:
    """Pixels are scaled otherwise than in training.

    Division by 255 left out or done twice (once inside the model, once outside), [-1, 1] against [0, 1],
    BGR against RGB, black on white against white on black: the model sees what it was never trained on.

    How it looks: outputs constant or poor at inference while training was fine.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    left, right = np.round(255 * left), np.round(255 * right)
    encoder = keras.Sequential([keras.layers.Rescaling(1 / 255),  # inside ...
                                keras.layers.Dense(32, activation="relu")])
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    model.fit([left, right], same, epochs=15, verbose=0)

    score = model.predict([left / 255, right / 255], verbose=0)   # and outside
    assert np.std(score) < 0.01
    assert abs(((score > 0.5) == same).mean() - 0.5) < 0.1
    ```

    The corrected line; keep the scaling in one place, best inside the model:

    ```python
    score = model.predict([left, right], verbose=0)
    assert ((score > 0.5) == same).mean() > 0.75
    ```

    Seen in: devtrack#927 (Rescaling inside and /255 outside), facenet#594, keras-applications#64,
    keras-io PR #1185; in our own experiment .483 became .924.

    See: Sculley et al. 2015 (Hidden technical debt in machine learning systems), on two copies of one preparation.
    """
    if case.samples.kind == "tokens":
        raise Unavailable("the data are numbers of words, which are not scaled")
    if not case.scaling_declared and not case.encoder.has_rescaling and not _wants_training_scale(case):
        return _undeclared(case)
    outcome = case.trial("scaling")
    before = case.deployed.auc
    largest = _largest_fed(case)
    implausible = case.samples.kind == "images" and not PLAUSIBLE[0] <= largest <= PLAUSIBLE[1]
    gains = outcome.gain.low > 0 and outcome.detail != case.scaling.name
    taught = gains and not _failed_in_training(case) and _trained_on(case, implausible=implausible)
    certainty = ramp(outcome.gain.points, clear=2, sure=7) if gains and (taught or implausible) else 0.0
    # Values out of all proportion that no scaling sets right were there in training, too, which must be repeated.
    certainty = certainty if taught else min(certainty, OUT_OF_PROPORTION)
    return Evidence(
        certainty=certainty,
        summary=(
            f"{_noun(case).capitalize()} are {case.scaling.name}; {outcome.detail} they give AUC {outcome.auc:.2f} "
            f"instead of {before:.2f}."
            if certainty
            else f"No other scaling is clearly better than the one in use ({_noun(case)} {case.scaling.name})."
        ),
        fix=_fix(case, outcome.detail),
        measurements=(
            Measurement(name="largest value the first layer is fed", value=largest, expected="about 1"),
            Measurement(name="AUC as scaled now", value=before, expected="near the next line"),
            Measurement(
                name=f"AUC with {_noun(case)} {outcome.detail}", value=outcome.auc, expected="near the line above"
            ),
            Measurement(
                name=f"balanced accuracy with {_noun(case)} {outcome.detail}",
                value=outcome.accuracy.value,
                low=outcome.accuracy.low,
                high=outcome.accuracy.high,
                expected="the accuracy in use",
            ),
        ),
        recovers=outcome.gain if certainty and taught else None,
    )


def _trained_on(case: Case, *, implausible: bool) -> bool:
    """Whether the best scaling is that of the training, and not one that suits any network."""
    best = best_scaling(case)
    if best is None:
        return False
    if not moved(case.blueprint, "encoder"):
        # A head can have learned the scale that an encoder without training gives it.
        return implausible and moved(case.blueprint, "head")
    there, outcome = rescaled(case, best), case.trial("scaling")
    if not _learned(case, there):
        return False
    clearly = outcome.excess.low > 0 or _ranks_better(case, there)
    return implausible or (outcome.auc - case.deployed.auc >= AUC_GAIN and clearly)


def _learned(case: Case, there: Case) -> bool:
    """Whether the score under the best scaling tells more than the same network with fresh weights does."""
    fresh = max(fresh_encoder(there).auc, fresh_encoder(case).auc)
    if dead_unit_share(case.embeddings) > DEAD:  # units that died in training revive for any other numbers
        fresh = max(fresh, raw_inputs(case).auc)
    return case.trial("scaling").auc > min(fresh + min(TAUGHT, (1 - fresh) / 2), WELL_ABOVE)


def _failed_in_training(case: Case) -> bool:
    """Whether training itself ended at the loss of a constant output, on whatever scale it was fed."""
    return resting(case) is not None


def _ranks_better(case: Case, there: Case) -> bool:
    """Whether the best scaling separates clearly better over all thresholds, which is seen sooner than at one."""
    gain = paired_auc_gain(case.deployed.distance, there.deployed.distance, case.dyads)
    return gain.points >= RANKS_BETTER and gain.points > ONE_SIDED * (gain.points - gain.low)


def _wants_training_scale(case: Case) -> bool:
    """Whether the data are of another scale than the training data, and do better on that."""
    fitted = case.scaling_as_in_training
    return fitted is not None and case.trial("scaling").detail == fitted.name


def _noun(case: Case) -> str:
    return "pixels" if case.samples.kind == "images" else "values"


def _undeclared(case: Case) -> Evidence:
    """No scaling is declared: say what leaving it out would cost, and claim no more."""
    plain = case.view(scaling=AS_STORED)
    unscaled = balanced_accuracy(plain.as_deployed, case.pairs.same)
    cost = case.accuracy.value - unscaled
    costly = case.scaling.name != AS_STORED.name and cost > WORTH_A_LINE and case.accuracy.low > unscaled
    return Evidence(
        certainty=UNKNOWN if costly else 0.0,
        summary=(
            f"No scaling is declared. Pixels {case.scaling.name} give {100 * case.accuracy.value:.0f} %, "
            f"pixels as stored {100 * unscaled:.0f} %: if your code leaves the scaling out, this is the cause."
            if costly
            else f"No scaling is declared; the best found is assumed (pixels {case.scaling.name})."
        ),
        fix=_fix(case, case.scaling.name) + "\nDeclare what your code does as data.rescale.",
        measurements=(
            Measurement(name="balanced accuracy with pixels as stored", value=unscaled, expected="near the next line"),
            Measurement(
                name=f"balanced accuracy with pixels {case.scaling.name}",
                value=case.accuracy.value,
                low=case.accuracy.low,
                high=case.accuracy.high,
                expected="near the line above",
            ),
        ),
    )


def _largest_fed(case: Case) -> float:
    """Largest absolute value after the pipeline and a Rescaling layer at the model's beginning."""
    factor = 1.0
    for layer in case.encoder.layers:
        if layer.class_name == "Rescaling":
            scale = dict(layer.settings).get("scale", "1")
            try:
                factor *= float(scale)
            except ValueError:
                return 1.0
    return float(np.abs(case.inputs).max() * abs(factor))


def _fix(case: Case, scaling: str) -> str:
    fitted = case.scaling_as_in_training
    if fitted is not None and fitted.name == scaling:
        return (
            "Prepare these data as the training data were, with the training's own numbers, best inside the model:\n"
            "    normalize = keras.layers.Normalization();  normalize.adapt(x_train_raw)"
        )
    if case.encoder.has_rescaling:
        return (
            f"The model scales its input itself; give it pixels {scaling}:\n"
            "    model.predict([left, right])   # no / 255 outside"
        )
    return (
        f"Scale as in training (pixels {scaling}), best inside the model, where it cannot be forgotten:\n"
        "    x = keras.layers.Rescaling(1 / 255)(inputs)"
    )
