"""SD303: outputs or embedding units pile up at the end of their range."""

from __future__ import annotations

import numpy as np

from siamdoctor.case import Case
from siamdoctor.checks.embedding._piles import ENDS, Pile, units_at_an_end
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.curves import settled
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import losses, resting

TOLD = 0.8  # certainty where the training loss is that of outputs at 0 and 1


@check(
    "SD303",
    impact=Impact.MAJOR,
    explains={"wrong-threshold", "undertrained", "untrained-encoder", "narrow-embedding"},
)
def saturated_output(case: Case) -> Evidence:
    """Outputs or embedding units pile up at the end of their range.

    exp(-d) is 0.05 at d = 3 and 0 for all purposes at d = 10, and a Manhattan distance over many coordinates
    is soon larger. A sigmoid fed with large numbers is 0 or 1. There the gradient vanishes: what is piled up
    stays piled up, and the pairs in the pile can no longer be told apart.

    How it looks: nearly every output below .01 (or above .99), for same and for different pairs alike.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.layers.Dense(512)])
    a, b = keras.Input((64,)), keras.Input((64,))
    apart = keras.ops.absolute(encoder(a) - encoder(b))
    similarity = keras.ops.exp(-keras.ops.sum(apart, axis=1, keepdims=True))
    model = keras.Model([a, b], similarity)
    model.compile("adam", "mse")
    model.fit([left, right], same, epochs=3, verbose=0)
    assert (model.predict([left, right], verbose=0) < 0.01).all()
    ```

    The corrected lines: keep the argument near 1, and train again:

    ```python
    similarity = keras.ops.exp(-keras.ops.mean(apart, axis=1, keepdims=True))
    model = keras.Model([a, b], similarity)
    model.compile(keras.optimizers.Adam(0.003), "mse")
    model.fit([left, right], same, epochs=20, verbose=0)
    output = model.predict([left, right], verbose=0)
    assert (output < 0.01).mean() < 0.05
    assert ((output > 0.5) == same).mean() > 0.7
    ```

    With sigmoid embeddings scale the inputs (divide by 255) and put BatchNormalization before the sigmoid.
    Saturation alone does no harm: sigmoid embeddings on unscaled pixels reached .887 in our own experiment,
    so it counts only where the pairs can no longer be told apart.

    Seen in: whosebug.com/question/4715380; exp(-Manhattan) heads stand in five of 139 repositories.

    See: Mueller and Thyagarajan 2016 (Siamese recurrent architectures for learning sentence similarity), for the
    exp(-Manhattan) head; Glorot and Bengio 2010 (Understanding the difficulty of training deep feedforward neural
    networks), on saturation.
    """
    outputs, units = _outputs(case), units_at_an_end(case)
    told = _told(case) if outputs is not None else None
    if told is not None and outputs is not None and told.certainty > outputs.certainty:
        outputs = told
    if outputs is None and units is None:
        raise Unavailable("neither output nor embedding has an end of its range to pile up at")
    pile = outputs.certainty if outputs is not None else 0.0
    stuck = units.certainty if units is not None else 0.0
    certainty = max(pile, stuck)
    chosen = outputs if pile >= stuck and outputs is not None else units
    return Evidence(
        certainty=certainty,
        summary=chosen.sentence if chosen is not None and certainty else "Nothing is piled up at the end of its range.",
        fix="Keep the numbers in front of exp or sigmoid near 1 (scale the inputs, normalise), and train again:\n"
        "    distance = keras.ops.mean(keras.ops.absolute(a - b), axis=1, keepdims=True)   # mean, not sum",
        measurements=tuple(row for part in (outputs, units) if part is not None for row in part.rows),
        recovers=_recovery(case) if pile and pile >= stuck else None,
    )


def _outputs(case: Case) -> Pile | None:
    """Same and different pairs at the same end: what a sound model's confident outputs never are."""
    head = case.blueprint.head
    if head.kind != "exp_manhattan" and not (head.learned and head.activation == "sigmoid"):
        return None
    try:
        output = case.deployed.output
    except Unavailable:
        return None
    same = case.pairs.same
    low, high = (min(float(end[same].mean()), float(end[~same].mean())) for end in (output < ENDS[0], output > ENDS[1]))
    share, end = max((low, "0"), (high, "1"))
    return Pile(
        certainty=ramp(share, clear=0.7, sure=0.95),
        sentence=f"{100 * share:.0f} % of the outputs, of same and of different pairs alike, are piled up at {end}.",
        rows=(
            Measurement(name="share of same-class outputs below .01", value=_below(output, same), expected="near 0"),
            Measurement(name="share of different-class outputs below .01", value=_below(output, ~same), expected="any"),
            Measurement(name="smaller share of the two kinds at one end", value=share, expected="below 0.7"),
        ),
    )


def _told(case: Case) -> Pile | None:
    """The history's word, for models that were saturated in training and are fed otherwise now."""
    reported, signature = losses(case), resting(case)
    if not reported:
        return None
    of_outputs = case.settings.training.loss in {"mse", "binary_crossentropy"}
    dead = signature is not None and signature.dead and of_outputs
    level = settled(reported)
    return Pile(
        certainty=TOLD if dead else 0.0,
        sentence=f"The training loss rested at {level:.3g}, where every output is exactly 0 or exactly 1.",
        rows=(Measurement(name="training loss", value=level, expected="not that of a saturated output"),),
    )


def _below(output: np.ndarray, chosen: np.ndarray) -> float:
    return float((output[chosen] < ENDS[0]).mean())


def _recovery(case: Case) -> Recovery | None:
    """The distance in front of the exponential, or a head refitted on the embeddings."""
    name = "unsaturated" if case.blueprint.head.kind == "exp_manhattan" else "refit-head"
    try:
        gain = case.trial(name).gain
    except Unavailable:
        return None
    return gain if gain.low > 0 else None
