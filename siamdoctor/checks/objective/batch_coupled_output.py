"""SD209: what is predicted for a pair depends on the other pairs in the batch."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Interval, Measurement
from siamdoctor.stats.geometry import pair_distance
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.resampling import Dyads, accuracy_interval

JUDGED = 300  # pairs judged by themselves, once the fault is found
PAIRS = 24  # predicted one at a time as well, which is slow
ROUNDING = 1e-3  # outputs that vary by less, in units of the largest, are taken to vary by this much
TINY = 1e-4  # a cosine of two nearly equal vectors is rounded to a millionth of a unit
UNTRIED = 0.6  # certainty where the graph says so and the model cannot be run
WORKING = 0.6  # balanced accuracy from which a model does something
CHANCE = 0.5  # balanced accuracy of an output that says nothing


@check(
    "SD209",
    impact=Impact.FATAL,
    explains={
        "wrong-threshold",
        "mismatched-metric",
        "collapsed-embedding",
        "saturated-output",
        "narrow-embedding",
        "misaligned-labels",
        "preprocessing-mismatch",
    },
)
def batch_coupled_output(case: Case) -> Evidence:
    """A pair's output depends on the other pairs in its batch.

    A norm, sum or mean without the right axis runs over the batch as well. While training, each pair is
    judged in the company of 31 others; at inference, alone or in other company, the numbers are different
    ones. With a batch of one, `normalize(x, axis=0)` leaves only the signs.

    How it looks: `predict` on many pairs and on one pair disagree; loss at the margin, accuracy 48 to 57 %.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    dense = keras.layers.Dense(32, activation="relu")
    embed = lambda x: keras.ops.normalize(dense(x), axis=0)   # across the batch
    a, b = keras.Input((64,)), keras.Input((64,))
    difference = keras.ops.absolute(embed(a) - embed(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile("adam", "binary_crossentropy")
    model.fit([left, right], same, epochs=3, verbose=0)
    together = model.predict([left, right], verbose=0)[:1]
    alone = model.predict([left[:1], right[:1]], verbose=0)
    assert np.abs(together - alone).max() > 0.01
    ```

    The corrected line, after which the model must be trained again:

    ```python
    embed = lambda x: keras.ops.normalize(dense(x), axis=-1)  # each by itself
    difference = keras.ops.absolute(embed(a) - embed(b))
    output = keras.layers.Dense(1, activation="sigmoid")(difference)
    model = keras.Model([a, b], output)
    model.compile("adam", "binary_crossentropy")
    model.fit([left, right], same, epochs=3, verbose=0)
    together = model.predict([left, right], verbose=0)[:1]
    alone = model.predict([left[:1], right[:1]], verbose=0)
    assert np.abs(together - alone).max() < 1e-5
    ```

    A distance needs its axis too:
    `keras.ops.sqrt(keras.ops.sum(keras.ops.square(a - b), axis=-1, keepdims=True))`.

    Seen in: stackoverflow.com/questions/47239837 (near 98 % without the line), RajParikh7 (a maximum over
    the batch inside the loss).

    See: the Keras documentation of `keras.ops.normalize`, whose axis is -1 where none is given.
    """
    named = case.blueprint.batch_coupled
    try:
        single, others = _influence(case)
    except Unavailable:
        if not named:
            raise
        single = others = float("nan")
    untried = np.isnan(max(single, others)) or _left_out(case)
    change = float("nan") if untried else max(single, others)
    certainty = UNTRIED if untried else ramp(change, clear=0.01, sure=0.1)
    where = ", ".join(named) or "a layer"
    alone = _alone(case) if certainty and not untried else None
    rows = []
    if alone is not None:
        for name, value in (("in batches", case.accuracy), ("each pair by itself", alone)):
            rows.append(
                Measurement(
                    name=f"accuracy, {name}", value=value.value, low=value.low, high=value.high, expected="equal"
                )
            )
    return Evidence(
        certainty=certainty,
        summary=(
            f"The output of a pair depends on the other pairs in the batch ({where} runs over the batch axis)."
            if certainty
            else "A pair's output is the same in any company."
        ),
        fix="Reduce over the last axis only, and train again:\n"
        "    keras.ops.sum(keras.ops.square(a - b), axis=-1, keepdims=True)\n"
        "    keras.layers.UnitNormalization(axis=-1)",
        measurements=(
            *rows,
            Measurement(name="layers that run over the batch axis", value=", ".join(named) or "none", expected="none"),
            Measurement(name="change of the output in a batch of one, in its own spread", value=single, expected="0"),
            Measurement(name="change of the output among other pairs, in its own spread", value=others, expected="0"),
        ),
        at_stake=_at_stake(case, alone) if alone is not None else _all_of_it(case, untried),
        proof=bool(named) and certainty == 1,
    )


def _left_out(case: Case) -> bool:
    """Whether a layer that runs over the batch had to be left out of the model that is tried here."""
    absent = {layer.name for layer in case.blueprint.lambdas if layer.recognised_as is None}
    return bool(absent & set(case.blueprint.batch_coupled))


def _at_stake(case: Case, alone: Interval) -> float | None:
    """The points between company and none; unknown (None) where neither works, and training had the fault as well."""
    if max(case.accuracy.value, alone.value) < WORKING:
        return None
    return 100 * abs(case.accuracy.value - alone.value)


def _all_of_it(case: Case, untried: bool) -> float | None:  # noqa: FBT001  (one fact about the same case)
    """What is at stake where the layer was left out: the accuracy found without it may be all that there is to lose."""
    try:
        return 100 * (case.tuned_accuracy.value - CHANCE) if untried and _left_out(case) else None
    except Unavailable:
        return None


def _influence(case: Case) -> tuple[float, float]:
    """How much outputs (of an encoder saved alone: embeddings) change alone, and in the company of others."""
    twin, pairs, inputs = case.twin, case.pairs, case.inputs
    chosen = case.rng("company").permutation(pairs.same.size)[: 2 * PAIRS]
    left, right = inputs[pairs.left[chosen]], inputs[pairs.right[chosen]]

    def answers(a: FloatArray, b: FloatArray, batch: int) -> FloatArray:
        if twin.can_compare:
            return twin.predict(a, b, batch_size=batch)
        return twin.embed(a, batch_size=batch)

    together = answers(left[:PAIRS], right[:PAIRS], PAIRS)
    single = answers(left[:PAIRS], right[:PAIRS], 1)
    crowd = answers(left, right, len(left))[:PAIRS]
    spread = max(float(together.std()), ROUNDING * float(np.abs(together).max(initial=0)), TINY)
    if not (np.isfinite(together).all() and np.isfinite(single).all() and np.isfinite(crowd).all()):
        raise Unavailable("the output is not finite")
    return float(np.abs(single - together).mean() / spread), float(np.abs(crowd - together).mean() / spread)


def _alone(case: Case) -> Interval:
    """Balanced accuracy on some of the pairs, each judged by itself."""
    pairs, rule, view = case.pairs, case.rule, case.deployed
    chosen = case.rng("alone").permutation(pairs.same.size)[:JUDGED]
    left, right = case.inputs[pairs.left[chosen]], case.inputs[pairs.right[chosen]]
    if rule.source == "output":
        score = case.twin.predict(left, right, batch_size=1)
    else:
        ends = case.twin.embed(left, batch_size=1), case.twin.embed(right, side=1, batch_size=1)
        score = np.asarray(pair_distance(rule.metric, *ends), dtype=np.float32)  # type: ignore[arg-type]
    if rule.threshold is None:
        distance = score if rule.near_is_low else -score
        said = distance < sum(view.tuned_thresholds) / 2
    else:
        said = score < rule.threshold if rule.same_below else score > rule.threshold
    every = case.dyads
    part = Dyads(left=every.left[chosen], right=every.right[chosen], same=every.same[chosen], weights=every.weights)
    return accuracy_interval(said, part)
