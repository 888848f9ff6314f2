"""SD205: a head that cannot say "equal", whatever its weights."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import Head
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.additivity import interaction_share

SUMS = frozenset({"concatenate", "difference", "add", "average"})  # merges that a linear layer cannot use
STRAIGHT = frozenset({None, "linear"})
WORTHWHILE = 5.0  # points; a remedy that recovers less leaves the fault to be mended by training
EXACT = 1e-5  # share of interaction that rounding in float32 leaves of none
SIDE = 40  # samples on either side of the table in which additivity is measured
FLOAT_LIMIT = 1e-6  # outputs nearer to 0 or 1 than this have lost their logit


@check("SD205", impact=Impact.FATAL, explains={"wrong-threshold", "undertrained", "misaligned-labels"})
def inexpressive_head(case: Case) -> Evidence:
    """The head is a linear unit on both embeddings, which cannot compare them.

    A linear layer on concatenated embeddings computes f(a) + g(b). Whatever the weights, s(a,b) + s(c,d) =
    s(a,d) + s(c,b): it can like a and it can like b, but not that they are the same. A sigmoid behind it
    changes nothing. The signed difference a - b is no better; its absolute value or square is.

    How it looks: training and validation both at chance, although a distance between the two embeddings
    separates the pairs.

    A model that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digit_pairs

    left, right, same = digit_pairs()
    encoder = keras.Sequential([keras.layers.Dense(32, activation="relu")])
    a, b = keras.Input((64,)), keras.Input((64,))
    merged = keras.layers.Concatenate()([encoder(a), encoder(b)])
    output = keras.layers.Dense(1)(merged)                    # a logit
    model = keras.Model([a, b], output)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit([left, right], same, epochs=10, verbose=0)

    score = lambda i, j: model.predict([left[i], right[j]], verbose=0)
    i, j = np.arange(500), np.arange(500, 1000)
    crossed = score(i, i) + score(j, j) - score(i, j) - score(j, i)
    assert np.abs(crossed).max() < 1e-3                     # always f(a) + g(b)
    ```

    The corrected lines, after which the model must be trained again:

    ```python
    merged = keras.ops.absolute(encoder(a) - encoder(b))
    output = keras.layers.Dense(1)(merged)
    mended = keras.Model([a, b], output)
    mended.compile(keras.optimizers.Adam(0.003), loss)
    mended.fit([left, right], same, epochs=20, verbose=0)
    better = mended.predict([left, right], verbose=0) > 0
    worse = model.predict([left, right], verbose=0) > 0
    assert (better == same).mean() > (worse == same).mean() + 0.1
    ```

    or a hidden layer in between, which learns the comparison but needs more pairs for it:

    ```python
    merged = keras.layers.Concatenate()([encoder(a), encoder(b)])
    merged = keras.layers.Dense(64, activation="relu")(merged)
    output = keras.layers.Dense(1)(merged)
    ```

    Seen in: ai.stackexchange.com/questions/34041; 19 of 139 repositories concatenate, most with hidden layers.

    See: Zagoruyko and Komodakis 2015 (Learning to compare image patches via convolutional neural networks), who
    put hidden layers behind the concatenation.
    """
    head = case.blueprint.head
    if not head.learned:
        return Evidence(certainty=0.0, summary="The two embeddings meet in no learned head.", fix="Nothing to do.")
    straight = _is_a_sum(head)
    try:
        share = interaction_share(_logits(case))
    except Unavailable:
        if not straight:
            raise
        share = float("nan")
    one_sided = case.blueprint.same_input_twice or bool(case.blueprint.ignored_inputs)
    additive = straight or (share < EXACT and not one_sided)
    return Evidence(
        certainty=1.0 if straight else 0.8 if additive else 0.0,
        summary=(
            "The head is a linear unit on both embeddings, f(a) + g(b): no weights let it tell equal from different."
            if additive
            else "The head can compare the two embeddings."
        ),
        fix="Let the head see how far the embeddings are apart, and train again:\n"
        "    merged = keras.ops.absolute(encoder(left) - encoder(right))\n"
        "    output = keras.layers.Dense(1, activation='sigmoid')(merged)",
        measurements=_rows(head, share),
        recovers=_recovery(case) if additive else None,
        proof=straight,
    )


def _is_a_sum(head: Head) -> bool:
    """Whether nothing between the merge and the output is bent."""
    trained = [number for number, layer in enumerate(head.layers) if layer.units is not None]
    if head.merge not in SUMS or not trained:
        return False
    before = head.layers[: trained[-1]]
    return all(layer.activation in STRAIGHT for layer in before)


def _logits(case: Case) -> np.ndarray:
    """(k, l) scores of every left with every right sample, the sigmoid undone."""
    twin, head = case.twin, case.blueprint.head
    if not twin.can_compare:
        raise Unavailable("the model's head cannot be run without its own code")
    count = len(case.embeddings)
    chosen = case.rng("additivity").permutation(count)[: 2 * SIDE]
    rows, columns = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
    left = case.embeddings[np.repeat(rows, columns.size)]
    right = case.deployed.right_embeddings[np.tile(columns, rows.size)]
    scores = twin.compare(left, right).astype(np.float64).reshape(rows.size, columns.size)
    if head.activation not in {"sigmoid", "softmax"}:
        return scores
    return np.asarray(logit(np.clip(scores, FLOAT_LIMIT, 1 - FLOAT_LIMIT)))


def _rows(head: Head, share: float) -> tuple[Measurement, ...]:
    hidden = sum(1 for layer in head.layers if layer.units is not None) - 1
    found = [
        Measurement(name="how the embeddings meet", value=head.merge or "unknown", expected="absolute_difference"),
        Measurement(name="hidden layers after that", value=float(hidden), expected="1 or more after a concatenation"),
    ]
    if not np.isnan(share):
        found.append(
            Measurement(name="share of the score that compares (interaction)", value=share, expected="above 0.1")
        )
    return tuple(found)


def _recovery(case: Case) -> Recovery | None:
    """What a distance between the branch outputs gains over the head."""
    try:
        gain = case.trial("embedding-distance").gain
    except Unavailable:
        return None
    return gain if gain.low > 0 and gain.points >= WORTHWHILE else None
