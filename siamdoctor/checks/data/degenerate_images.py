"""SD407: blank, broken or duplicate images among the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Interval, Measurement, Recovery
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import Dyads, accuracy_draws, interval
from siamdoctor.stats.roc import balanced_accuracy

FLAT = 1e-3  # spread of an image's values, in units of the data's scale, below which there is no picture
TELLING = 0.1  # by how much more training images must be unusable to be named before those evaluated
FEWEST = 60  # pairs of sound images from which their accuracy is worth a line


@check(
    "SD407",
    impact=Impact.MAJOR,
    explains={
        "wrong-threshold",
        "mismatched-metric",
        "too-few-identities",
        "undertrained",
        "misaligned-labels",
        "leaky-evaluation",
    },
)
def degenerate_images(case: Case) -> Evidence:
    """Blank, broken or duplicate images among the data.

    A folder of crops from a failed face detector, downloads that were cut off, one picture saved under many
    names. A blank image is as far from its own identity as from any other, so its pairs cannot be told
    apart, and in training it teaches that all identities are alike.

    How it looks: many images without contrast; files that cannot be decoded; equal files under two identities.

    A data set that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digits

    x, y = digits()
    rng = np.random.default_rng(0)
    blank = rng.random(len(x)) < 0.4
    images = np.where(blank[:, None], 0, x)                  # crops that failed

    def trained_on(images, y):
        left = rng.integers(0, len(images), size=2000)
        alike = [rng.choice(np.flatnonzero(y == y[i])) for i in left[:1000]]
        other = [rng.choice(np.flatnonzero(y != y[i])) for i in left[1000:]]
        right = np.array(alike + other)
        encoder = keras.Sequential([keras.layers.Dense(32, activation="relu")])
        a, b = keras.Input((64,)), keras.Input((64,))
        difference = keras.ops.absolute(encoder(a) - encoder(b))
        output = keras.layers.Dense(1, activation="sigmoid")(difference)
        model = keras.Model([a, b], output)
        model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy",
                      metrics=["accuracy"])
        return model.fit([images[left], images[right]], y[left] == y[right],
                         epochs=10, verbose=0).history["accuracy"][-1]

    before = trained_on(images, y)
    ```

    The corrected lines: find them, leave them out before pairing, and train again:

    ```python
    blank = np.ptp(images, axis=1) < 3 / 255                  # no contrast
    _, once = np.unique(images, axis=0, return_index=True)    # no copies
    kept = np.intersect1d(np.flatnonzero(~blank), once)
    assert trained_on(images[kept], y[kept]) > before + 0.05
    ```

    Seen in: no public thread that we know of; injected in our own benchmark.

    See: Northcutt, Athalye and Mueller 2021 (Pervasive label errors in test sets destabilize machine learning
    benchmarks).
    """
    if case.samples.kind != "images":
        raise Unavailable("the data are not images")
    parts = {"evaluation": case} | _training(case)
    found = {name: _counts(part) for name, part in parts.items()}
    worst = max(found, key=lambda name: found[name].unusable + (TELLING if name == "evaluation" else 0.0))
    counts = found[worst]
    certainty = ramp(counts.unusable, clear=0.02, sure=0.15)
    recovers, sound = _on_sound_pairs(case, counts) if worst == "evaluation" and certainty else (None, None)
    rows = [row for name, part in found.items() for row in part.rows(name)]
    if sound is not None:
        rows.append(
            Measurement(
                name="accuracy on pairs of sound images",
                value=sound.value,
                low=sound.low,
                high=sound.high,
                expected="the accuracy",
            )
        )
    return Evidence(
        certainty=certainty,
        summary=(
            f"{100 * counts.unusable:.0f} % of the {worst} images cannot be used: {counts.in_words()}."
            if certainty
            else "Hardly any image is blank, broken or filed under two identities."
        ),
        fix="Leave out images without contrast and files that cannot be decoded, and train again:\n"
        "    paths = [p for p in paths if np.ptp(np.asarray(Image.open(p))) >= 3]",
        measurements=tuple(rows),
        recovers=recovers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Shares of the images that were read. blank: (n,) bool. unreadable: of all that were asked for."""

    blank: np.ndarray
    unreadable: float
    two_owners: np.ndarray
    copies: float

    @property
    def unusable(self) -> float:
        """Share of images that no pair can be made of."""
        return self.unreadable + (1 - self.unreadable) * float((self.blank | self.two_owners).mean())

    def in_words(self) -> str:
        """Which kinds there are."""
        kinds = {
            "without contrast": float(self.blank.mean()),
            "not decodable": self.unreadable,
            "equal to one of another identity": float((self.two_owners & ~self.blank).mean()),
        }
        return ", ".join(f"{100 * share:.0f} % {kind}" for kind, share in kinds.items() if share > 0)

    def rows(self, name: str) -> tuple[Measurement, ...]:
        """The numbers as evidence."""
        return (
            Measurement(name=f"{name}: share of images without contrast", value=float(self.blank.mean()), expected="0"),
            Measurement(name=f"{name}: share that cannot be decoded", value=self.unreadable, expected="0"),
            Measurement(
                name=f"{name}: share equal to one of another identity",
                value=float((self.two_owners & ~self.blank).mean()),
                expected="0",
            ),
            Measurement(name=f"{name}: share that are copies of another", value=self.copies, expected="near 0"),
        )


def _training(case: Case) -> dict[str, Case]:
    try:
        return {"training": case.training}
    except Unavailable:
        return {}


def _counts(case: Case) -> _Counts:
    """Blank images by their spread, duplicates by their content, unreadable files by what reading left out."""
    values = case.pixels.reshape(len(case.pixels), -1)
    blank = np.ptp(values, axis=1) <= FLAT * case.samples.stored_scale
    _, content = np.unique(np.array(case.samples.digest(case.used)), return_inverse=True)
    copies = np.bincount(content)[content] > 1
    owners = np.unique(np.stack([content, case.identity]), axis=1)[0]
    failed = len(case.samples.unreadable())
    return _Counts(
        blank=blank,
        unreadable=failed / (failed + len(values)),
        two_owners=np.bincount(owners)[content] > 1,
        copies=float(copies.mean()),
    )


def _on_sound_pairs(case: Case, counts: _Counts) -> tuple[Recovery | None, Interval | None]:
    """Accuracy where neither side is degenerate, and how far it lies above that on all pairs.

    Both are resampled with the same weights of identities, so that what they share cancels out.
    """
    bad = counts.blank | counts.two_owners
    kept = ~(bad[case.pairs.left] | bad[case.pairs.right])
    correct, every = case.deployed.as_deployed == case.pairs.same, case.dyads
    if kept.sum() < FEWEST or not case.pairs.same[kept].any() or case.pairs.same[kept].all():
        return None, None
    sound = Dyads(left=every.left[kept], right=every.right[kept], same=every.same[kept], weights=every.weights)
    value = balanced_accuracy(case.deployed.as_deployed[kept], case.pairs.same[kept])
    draws = accuracy_draws(correct[kept], sound)
    gain = interval(
        value - case.accuracy.value, draws - accuracy_draws(correct, every), every.clusters, low=-1.0, high=1.0
    )
    recovery = Recovery(points=100 * gain.value, low=100 * gain.low, high=100 * gain.high)
    return recovery if gain.low > 0 else None, interval(value, draws, every.clusters)
