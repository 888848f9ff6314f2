"""SD402: the embedding is not invariant to variation that it meets on new images."""

from __future__ import annotations

from dataclasses import dataclass

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Interval, Measurement, TransformDrift
from siamdoctor.stats.ramps import ramp
from siamdoctor.trials.baselines import raw_inputs
from siamdoctor.trials.invariance import drifts, perturbed_accuracy, strongest

UNSETTLED = 0.45  # a gap to identities never seen may be that of identities; retraining would tell


@check("SD402", impact=Impact.MAJOR, explains={"mismatched-metric", "wrong-threshold", "narrow-embedding"})
def insufficient_augmentation(case: Case) -> Evidence:
    """Too little augmentation: the embedding moves with rotation, shift, shear or zoom.

    A twin network that saw each identity in few poses learns the poses. On training pairs it is right, on
    pictures that are turned, shifted or scaled a little it guesses.

    How it looks: training accuracy high, validation low; a mildly transformed picture moves about as far as
    another identity.

    A pipeline that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    def contrastive(same, distance, margin=1.0):
        far = keras.ops.maximum(margin - distance, 0)
        return keras.ops.mean(same * distance**2 + (1 - same) * far**2)

    def siamese():
        encoder = keras.Sequential([keras.layers.Flatten(),
                                    keras.layers.Dense(64, activation="relu"),
                                    keras.layers.Dense(16)])
        a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
        squares = keras.ops.square(encoder(a) - encoder(b))
        distance = keras.ops.sqrt(keras.ops.maximum(
            keras.ops.sum(squares, axis=1, keepdims=True), 1e-7))
        model = keras.Model([a, b], distance)
        model.compile(keras.optimizers.Adam(0.003), contrastive)
        return model

    left, right, same = digit_pairs()
    left, right = (side.reshape(-1, 8, 8, 1) for side in (left, right))
    model = siamese()
    model.fit([left, right], same, epochs=15, verbose=0)   # scaled, and no more

    turn = keras.layers.RandomRotation(40 / 360, fill_mode="nearest", seed=0)
    turned = keras.ops.convert_to_numpy(turn(right, training=True))
    met = ((model.predict([left, right], verbose=0) < 0.5) == same).mean()
    new = ((model.predict([left, turned], verbose=0) < 0.5) == same).mean()
    assert new < met - 0.05
    ```

    The corrected lines (add a flip only where mirror images are of one class, which digits are not; note that
    `shear_range` of ImageDataGenerator is in degrees, so .2 does nothing):

    ```python
    augment = keras.Sequential([
        keras.layers.RandomRotation(40 / 360, fill_mode="nearest", seed=1),
        keras.layers.RandomTranslation(0.05, 0.05, fill_mode="nearest", seed=1),
        keras.layers.RandomZoom(0.05, fill_mode="nearest", seed=1),
    ])
    model = siamese()
    for _ in range(40):
        varied = [keras.ops.convert_to_numpy(augment(side, training=True))
                  for side in (left, right)]
        model.fit(varied, same, verbose=0)
    better = ((model.predict([left, turned], verbose=0) < 0.5) == same).mean()
    assert better > new
    ```

    Seen in: the article "Why is my Siamese network achieving only 50% accuracy?" (62 to 88 %).

    See: Simard, Steinkraus and Platt 2003 (Best practices for convolutional neural networks applied to visual
    document analysis).
    """
    profile = strongest(drifts(case))
    moved = tuple(d for d in profile if d.drift > d.tolerance and "flip" not in d.name)
    facts = _facts(case)
    certainty = _certainty(case, moved, facts)
    names = ", ".join(d.name for d in moved) or "none"
    return Evidence(
        certainty=certainty,
        summary=(
            f"The embedding is not invariant to {names if moved else 'turns and shifts together'}: mildly "
            f"transformed, the training pairs themselves fall from {100 * facts.seen.value:.0f} to "
            f"{100 * facts.perturbed.value:.0f} %."
            if facts is not None and certainty
            else f"Transforms that move an image as far as another identity: {names}."
        ),
        fix="Augment with what the embedding is not invariant to, and train again:\n"
        "    keras.layers.RandomRotation(20 / 360, fill_mode='nearest')\n"
        "    keras.layers.RandomTranslation(0.2, 0.2, fill_mode='nearest')\n"
        "    keras.layers.RandomZoom(0.2, fill_mode='nearest')",
        measurements=_measurements(profile, facts, case),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """Tuned accuracy on training pairs, and on the same pairs with one side mildly transformed."""

    seen: Interval
    perturbed: Interval


def _facts(case: Case) -> _Facts | None:
    """What training data tell: they are needed to say that variation, and not something else, is the cause."""
    try:
        training = case.training
        return _Facts(seen=training.tuned_accuracy, perturbed=perturbed_accuracy(training))
    except Unavailable:
        return None


def _certainty(case: Case, moved: tuple[TransformDrift, ...], facts: _Facts | None) -> float:
    """High where the gap to new images is large and mild transforms of training images open the same gap."""
    sensitivity = ramp(len(moved), clear=0, sure=3)
    if facts is None:
        return 0.4 * sensitivity
    gap = facts.seen.value - case.tuned_accuracy.value
    opened = facts.seen.value - facts.perturbed.value
    learned = ramp(facts.seen.value, clear=0.7, sure=0.85)
    explained = ramp(opened / gap, clear=0.2, sure=0.6) if gap > 0 else 0.0
    real = facts.seen.low > case.tuned_accuracy.high - 0.02
    certainty = ramp(gap, clear=0.05, sure=0.15) * explained * learned * (1.0 if real else 0.5)
    if _same_identities(case):
        return certainty
    return min(certainty, UNSETTLED + (1 - UNSETTLED) * _varies_more(case))


def _varies_more(case: Case) -> float:
    """How sure it is that images vary more in use than in training: compared as they are, they tell less."""
    try:
        return ramp(raw_inputs(case.training).auc - raw_inputs(case).auc, clear=0.08, sure=0.18)
    except Unavailable:
        return 0.0


def _same_identities(case: Case) -> bool:
    """Whether the gap is one between images of the same identities; to fresh identities there is one anyway."""
    try:
        return case.known_identities > 0.5  # noqa: PLR2004  (most of them)
    except Unavailable:
        return False


def _measurements(profile: tuple[TransformDrift, ...], facts: _Facts | None, case: Case) -> tuple[Measurement, ...]:
    rows = [
        Measurement(name=f"drift under {d.name} {d.strength:g}", value=d.drift, expected=f"below {d.tolerance:.2f}")
        for d in sorted(profile, key=lambda d: -d.drift)[:4]
    ]
    if facts is None:
        return tuple(rows)
    seen, fresh, perturbed = facts.seen, case.tuned_accuracy, facts.perturbed
    for name, value, wanted in (
        ("accuracy on training pairs", seen, "near validation"),
        ("accuracy on validation pairs", fresh, "near training"),
        ("accuracy on training pairs, one side mildly transformed", perturbed, "near training"),
    ):
        rows.append(Measurement(name=name, value=value.value, low=value.low, high=value.high, expected=wanted))
    return tuple(rows)
