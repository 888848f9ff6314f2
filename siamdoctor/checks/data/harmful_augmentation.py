"""SD403: the declared augmentation destroys what tells identities apart, or does nothing."""

from __future__ import annotations

import numpy as np

from siamdoctor.answer_results import AugmentationReview
from siamdoctor.case import Case
from siamdoctor.data.pipeline import Pipeline
from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.geometry import distance_matrix
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import taught
from siamdoctor.trials.augmentation import declared, review
from siamdoctor.trials.baselines import raw_inputs

PROBES = 192
SURELY = 1.28  # standard errors below the share that was lost, its 90 % bound
IDLE = 0.3  # certainty where all that is wrong is a part without effect


@check("SD403", impact=Impact.MAJOR, explains={"undertrained", "misaligned-labels", "wrong-threshold"})
def harmful_augmentation(case: Case) -> Evidence:
    """The declared augmentation destroys identities, or does nothing.

    Augmentation must change what does not matter and keep what does. Turned by 180 degrees a 6 is a 9,
    mirrored a b is a d, and shifted by half its width a character is half a character: the network is told
    that these are the same, and learns to ignore what tells classes apart. The other extreme does no harm
    but no good either: `shear_range` is in degrees, so 0.2 changes nothing.

    How it looks: training accuracy stays low, and what was augmented is recognised as another identity.
    A relative that no file shows: the two sides of a pair augmented by two generators that have fallen out
    of step, so that labels no longer belong to their pairs (see misaligned-labels).

    A pipeline that has it:

    ```python
    import numpy as np
    import tensorflow as tf
    from siamdoctor.examples import digits

    x, y = digits()
    images = x.reshape(-1, 8, 8, 1)

    def still_itself(generator):
        # How often the nearest other digit of an augmented one is its kind.
        np.random.seed(0)
        moved = np.array([generator.random_transform(i) for i in images[:300]])
        apart = ((moved.reshape(-1, 1, 64) - x[None]) ** 2).sum(axis=-1)
        apart[np.arange(300), np.arange(300)] = np.inf        # itself is out
        return (y[apart.argmin(axis=1)] == y[:300]).mean()

    ImageDataGenerator = tf.keras.preprocessing.image.ImageDataGenerator
    wild = ImageDataGenerator(rotation_range=180, horizontal_flip=True)
    idle = ImageDataGenerator(shear_range=0.2)
    assert still_itself(wild) < 0.7                           # a 6 is a 9
    assert np.allclose(idle.random_transform(images[0]), images[0], atol=0.05)
    ```

    The corrected line:

    ```python
    mild = ImageDataGenerator(rotation_range=10, shear_range=10)
    assert still_itself(mild) > 0.85
    ```

    `siamdoctor check-augmentation` judges each part by itself.

    Seen in: no public thread that we can name; injected in our own benchmark, turns by any angle and shifts by half
    leave .50 of digits that reach .93 without.

    See: Shorten and Khoshgoftaar 2019 (A survey on image data augmentation for deep learning), on transforms that do
    not keep the label, 6 and 9 among them.
    """
    seen = taught(case)  # which is what was augmented
    reviewed = review(seen)
    before, after = _recognised(seen, declared(seen))
    lost = _lost(before, after, min(PROBES, len(seen.pixels)))
    weak = ramp(seen.tuned_accuracy.high, clear=0.93, sure=0.82)
    harm = ramp(lost, clear=0.2, sure=0.5) * weak * (1 - _met_in_use(case, seen))
    idle = IDLE if reviewed.no_op else 0.0
    return Evidence(
        certainty=max(harm, idle),
        summary=_summary(reviewed, before, after, harm=harm, idle=idle),
        fix=_fix(reviewed, harm=harm > idle),
        measurements=(
            Measurement(name="images recognised as they are", value=before, expected="near 1"),
            Measurement(name="images recognised after the declared augmentation", value=after, expected="near that"),
            Measurement(
                name="difference between two versions, in images", value=reviewed.diversity, expected="0.1 to 1"
            ),
            Measurement(name="parts that destroy identities", value=_names(reviewed.harmful), expected="none"),
            Measurement(name="parts that change nothing", value=_names(reviewed.no_op), expected="none"),
        ),
    )


def _lost(before: float, after: float, images: int) -> float:
    """Share of the recognised images that are surely no longer so: of a few that were, a few may miss by chance."""
    difference = before - after
    error = np.sqrt(max(0.0, before + after - difference**2) / images)
    return float((difference - SURELY * error) / before) if before > 0 else 0.0


def _met_in_use(case: Case, seen: Case) -> float:
    """How sure it is that the images judged vary as the augmented ones do: then there is no harm in it.

    The sign is that raw images, compared as they are, tell identities apart in training and not in use.
    """
    if seen is case:
        return 0.0
    try:
        return ramp(raw_inputs(seen).auc - raw_inputs(case).auc, clear=0.05, sure=0.1)
    except Unavailable:
        return 0.0


def _recognised(case: Case, pipeline: Pipeline) -> tuple[float, float]:
    """Share of images whose nearest other one is of their identity, before and after the whole pipeline.

    By pixels or by the embedding, whichever recognises more of the changed ones.
    """
    chosen = np.sort(case.rng("recognised").permutation(len(case.pixels))[:PROBES])
    images, identity = case.pixels[chosen], case.identity[chosen]
    changed = pipeline.apply(images, case.rng("recognised after"))

    def flat(x: FloatArray) -> FloatArray:
        return x.reshape(len(x), -1)

    def embedded(x: FloatArray) -> FloatArray:
        return case.twin.embed(case.scaling.apply(x))

    pairs = []
    for space in (flat, embedded):
        originals = space(images)
        pairs.append([_share(space(x), originals, identity) for x in (images, changed)])
    return max(before for before, _ in pairs), max(after for _, after in pairs)


def _share(moved: FloatArray, originals: FloatArray, identity: np.ndarray) -> float:
    distance = distance_matrix(np.concatenate([moved, originals]))[: len(moved), len(moved) :]
    np.fill_diagonal(distance, np.inf)
    return float((identity[distance.argmin(1)] == identity).mean())


def _names(parts: tuple[str, ...]) -> str:
    return ", ".join(parts) or "none"


def _summary(reviewed: AugmentationReview, before: float, after: float, *, harm: float, idle: float) -> str:
    if harm > idle:
        worst = f" ({_names(reviewed.harmful)})" if reviewed.harmful else ""
        return (
            f"After the declared augmentation{worst} only {100 * after:.0f} % of the images are still recognised "
            f"as themselves, {100 * before:.0f} % before."
        )
    if idle:
        return f"Parts of the declared augmentation change nothing: {_names(reviewed.no_op)}."
    return f"The declared augmentation leaves {100 * after:.0f} % of the images recognisable, of {100 * before:.0f} %."


def _fix(reviewed: AugmentationReview, *, harm: bool) -> str:
    if harm:
        return (
            "Narrow the ranges until identities survive, leave out flips where mirror images are other classes, "
            "and train again:\n    ImageDataGenerator(rotation_range=15, width_shift_range=0.1, height_shift_range=0.1)"
        )
    if reviewed.no_op:
        return f"Give {_names(reviewed.no_op)} a range that shows (shear is in degrees):\n    shear_range=10"
    return "Nothing to do."
