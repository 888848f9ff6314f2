"""SD104: the model is judged on samples that it was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siamdoctor.case import Case
from siamdoctor.data.audit import leakage
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Interval, Measurement
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import Dyads, accuracy_interval

MANY = 20_000  # training samples whose content is looked at
FEWEST = 30  # pairs without a leaked sample from which their accuracy is worth a line


@check("SD104", impact=Impact.MINOR)
def leaky_evaluation(case: Case) -> Evidence:
    """The evaluation holds samples that the model was trained on.

    Splitting *pairs* at random puts one image into training and validation alike, in different company. The
    validation accuracy then says how well the images are remembered, and is as high as in training, while
    new images end near chance. The same identities on both sides are no leak: many tasks are about known
    identities, and where they are not, fresh identities must be set apart before pairing.

    How it looks: validation as high as training; anything new at chance.

    A program that has it:

    ```python
    import itertools
    import keras
    import numpy as np
    from siamdoctor.examples import digits

    def all_pairs(images):
        first, second = np.array(list(itertools.combinations(images, 2))).T
        return first, second, y[first] == y[second]

    def siamese():
        encoder = keras.Sequential([keras.layers.Dense(64, activation="relu")])
        a, b = keras.Input((64,)), keras.Input((64,))
        difference = keras.ops.absolute(encoder(a) - encoder(b))
        output = keras.layers.Dense(1, activation="sigmoid")(difference)
        model = keras.Model([a, b], output)
        model.compile("adam", "binary_crossentropy")
        return model

    x, y = digits()
    rng = np.random.default_rng(0)
    first, second, same = all_pairs(np.arange(60))
    order = rng.permutation(len(same))
    train, held_out = order[300:], order[:300]                # splits the pairs
    model = siamese()
    left, right = first[train], second[train]
    model.fit([x[left], x[right]], same[train], epochs=5, verbose=0)
    known = np.isin(first[held_out], np.r_[left, right])
    assert known.all()                                        # no image is new
    ```

    The corrected lines: split the identities (or at least the images) first, then pair:

    ```python
    from sklearn.model_selection import train_test_split

    known, fresh = train_test_split(np.unique(y), test_size=0.3, random_state=0)
    first, second, same = all_pairs(np.flatnonzero(np.isin(y, known))[:60])
    model = siamese()
    model.fit([x[first], x[second]], same, epochs=5, verbose=0)
    left, right, truth = all_pairs(np.flatnonzero(np.isin(y, fresh))[:60])
    honest = model.evaluate([x[left], x[right]], truth, verbose=0)
    assert not set(y[left]) & set(y[first])
    ```

    Seen in: keras-io PR #461 (the official example was changed for it), fastai#2781, keras-io#1625.

    See: Kapoor and Narayanan 2023 (Leakage and the reproducibility crisis in machine-learning-based science).
    """
    found = leakage(case.training.samples, case.samples)
    leaked = _equal(case)
    equal = float(leaked.mean())
    share = equal + (1 - equal) * found.near_share
    clean, tainted = (_accuracy(case, kept) for kept in _parted(case, leaked))
    overstated = 100 * max(0.0, case.accuracy.value - clean.value) if clean is not None else None
    identities = len(found.shared_identities) / max(1, np.unique(case.identity).size)
    rows = [
        Measurement(name="share of samples that are in the training data", value=equal, expected="0"),
        Measurement(name="share that show a training image in other bytes", value=found.near_share, expected="near 0"),
        Measurement(name="identities in both, per identity judged", value=identities, expected="any"),
    ]
    if found.shared_pairs is not None:
        rows.append(Measurement(name="pairs in both lists", value=float(found.shared_pairs), expected="0"))
    for name, value in (("pairs of such samples", tainted), ("pairs without them", clean)):
        if value is not None:
            rows.append(
                Measurement(
                    name=f"accuracy on {name}", value=value.value, low=value.low, high=value.high, expected="equal"
                )
            )
    return Evidence(
        certainty=ramp(share, clear=0.01, sure=0.1),
        summary=(
            f"{100 * share:.0f} % of the samples judged by were trained on"
            + (f"; without them the accuracy is {100 * clean.value:.0f} %." if clean is not None else ".")
            if share
            else "No sample judged by is among the training data."
        ),
        fix="Split identities (or images) first, then make pairs within each part:\n"
        "    known, fresh = train_test_split(np.unique(identities), test_size=0.2)",
        measurements=tuple(rows),
        at_stake=overstated,
    )


def _equal(case: Case) -> NDArray[np.bool_]:
    """(n,) which of the samples read have the very content of a training sample; blank ones are all alike."""
    training = case.training.samples
    every = np.arange(len(training))
    looked_at = every if every.size <= MANY else np.sort(case.rng("leak").choice(every, MANY, replace=False))
    known = set(training.digest(looked_at))
    repeated = np.array([digest in known for digest in case.samples.digest(case.used)])
    blank = np.asarray(np.ptp(case.pixels.reshape(len(case.pixels), -1), axis=1) == 0)
    return np.asarray(repeated & ~blank)


def _parted(case: Case, leaked: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(p,) pairs with no leaked side, and pairs with two."""
    left, right = leaked[case.pairs.left], leaked[case.pairs.right]
    return ~left & ~right, left & right


def _accuracy(case: Case, kept: NDArray[np.bool_]) -> Interval | None:
    """Balanced accuracy on some of the pairs; None where they are too few, or all of them."""
    same = case.pairs.same[kept]
    if kept.all() or same.sum() < FEWEST or (~same).sum() < FEWEST:
        return None
    every = case.dyads
    part = Dyads(left=every.left[kept], right=every.right[kept], same=same, weights=every.weights)
    return accuracy_interval(case.deployed.as_deployed[kept], part)
