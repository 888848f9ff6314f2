"""SD208: triplets that cost nothing teach nothing."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.checks.objective._margins import SPENT, declared_margin
from siamdoctor.errors import Unavailable
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.curves import settled
from siamdoctor.stats.ramps import ramp
from siamdoctor.stats.signatures import Signature, constant_output_losses, matching
from siamdoctor.taught import losses
from siamdoctor.trials.margins import TripletShares, triplet_shares

EXHAUSTED = 0.45  # certainty where training pairs are told apart and fresh ones are not
AT_ONCE = 0.7  # the same where the loss was gone within two epochs: nobody learns identities that fast


@check("SD208", impact=Impact.MAJOR, explains={"wrong-threshold", "mismatched-metric", "undertrained"})
def easy_triplets(case: Case) -> Evidence:
    """The triplets were too easy to learn from, or so hard that everything fell together.

    A triplet whose negative is already farther than the positive by the margin costs nothing and gives no
    gradient. Drawn at random, nearly all are like that after a short while, and the loss is 0 long before
    the embedding is good. With the hardest negative of each batch the opposite happens: the cheapest way
    out is to map everything to one point, where the loss is exactly the margin.

    How it looks: triplet loss near 0 while the pairs are told apart badly; or a loss of exactly the margin.

    A program that has it:

    ```python
    import keras
    import numpy as np
    from siamdoctor.examples import digits

    x, y = digits()
    rng = np.random.default_rng(0)
    anchor = rng.permutation(len(x))[:600]
    positive = np.array([rng.choice(np.flatnonzero(y == y[i])) for i in anchor])
    negative = np.array([rng.choice(np.flatnonzero(y != y[i])) for i in anchor])
    triplets = np.stack([x[anchor], x[positive], x[negative]], axis=1)

    def drawn_once(_, embedding, margin=0.05):
        a, p, n = embedding[:, 0], embedding[:, 1], embedding[:, 2]
        pull = keras.ops.sum((a - p) ** 2, axis=1)
        push = keras.ops.sum((a - n) ** 2, axis=1)
        return keras.ops.maximum(pull - push + margin, 0)

    def new_encoder():
        return keras.Sequential([keras.layers.Dense(32, activation="relu"),
                                 keras.layers.Dense(8),
                                 keras.layers.UnitNormalization()])

    model = keras.Sequential([keras.Input((3, 64)), new_encoder()])
    model.compile("adam", drawn_once)
    model.fit(triplets, np.zeros(len(triplets)), epochs=10, verbose=0)
    costs = drawn_once(None, model.predict(triplets, verbose=0))
    assert np.mean(costs == 0) > 0.8                        # most teach nothing
    ```

    The corrected lines: all triplets of a batch, averaged over those that cost something, or semi-hard ones;
    train again:

    ```python
    def batch_all(label, embedding, margin=0.2):
        apart = keras.ops.sum(
            (embedding[:, None] - embedding[None, :]) ** 2, axis=-1)
        alike = label == keras.ops.transpose(label)
        valid = keras.ops.cast(
            alike[:, :, None] & ~alike[:, None, :], "float32")
        cost = valid * keras.ops.maximum(
            apart[:, :, None] - apart[:, None, :] + margin, 0)
        active = keras.ops.sum(keras.ops.cast(cost > 0, "float32"))
        return keras.ops.sum(cost) / keras.ops.maximum(active, 1)

    model = keras.Sequential([keras.Input((64,)), new_encoder()])
    model.compile("adam", batch_all)
    model.fit(x[:900], y[:900, None].astype("float32"), epochs=5, verbose=0)
    fresh = model.predict(x[900:], verbose=0)
    apart = ((fresh[:, None] - fresh[None, :]) ** 2).sum(axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert (y[900:][apart.argmin(axis=1)] == y[900:]).mean() > 0.85
    ```

    Seen in: omoindrot#6, #37, #51, pytorch-metric-learning#20, wanggrun#1.

    See: Schroff, Kalenichenko and Philbin 2015 (FaceNet), for semi-hard triplets; Hermans, Beyer and Leibe 2017
    (In defense of the triplet loss for person re-identification), for batch-all and the mean over active ones.
    """
    if (case.settings.training.loss or case.blueprint.loss or "") != "triplet":
        named = (case.blueprint.loss or "").lower()
        if case.settings.training.loss is not None or "triplet" not in named:
            raise Unavailable("the loss is not a triplet loss (training.loss)")
    margin = declared_margin(case)
    seen, shares = _shares(case, margin)
    level, signature = _loss(case, margin)
    starved = max(ramp(shares.easy, clear=0.9, sure=0.98), ramp(level / margin, clear=0.15, sure=0.03))
    short = ramp(seen.tuned_accuracy.high, clear=0.92, sure=0.8)
    collapsed = 0.7 if signature is not None and signature.dead and short else 0.0
    # Where the triplets are used up and only new samples fail, harder ones may help, and more data as well.
    exhausted = (
        (AT_ONCE if _gone_at_once(case, margin) else EXHAUSTED)
        * starved
        * ramp(case.tuned_accuracy.high, clear=0.92, sure=0.86)
    )
    certainty = max(starved * short, collapsed, exhausted)
    return Evidence(
        certainty=certainty,
        summary=(
            f"The triplet loss stands at exactly the margin {margin:g}: {signature.meaning}."
            if collapsed and signature is not None and collapsed >= certainty
            else f"{100 * shares.easy:.0f} % of the triplets cost nothing at margin {margin:g}, "
            f"and yet only {100 * case.tuned_accuracy.value:.0f} % of the pairs are told apart."
            if certainty
            else f"{100 * (1 - shares.easy):.0f} % of the triplets still cost something, or there is no need to."
        ),
        fix="Average over the triplets that cost something (batch-all), or take semi-hard ones, and train again:\n"
        "    loss = ops.sum(cost) / ops.maximum(ops.sum(ops.cast(cost > 0, 'float32')), 1)",
        measurements=(
            Measurement(name="share of easy triplets", value=shares.easy, expected="below 0.9 while training"),
            Measurement(name="share of semi-hard triplets", value=shares.semi_hard, expected="above 0.05"),
            Measurement(name="share of hard triplets", value=shares.hard, expected="below 0.2"),
            Measurement(name="final loss over the margin", value=level / margin, expected="between 0.1 and 0.9"),
            Measurement(
                name="accuracy on the pairs of these samples",
                value=seen.tuned_accuracy.value,
                low=seen.tuned_accuracy.low,
                high=seen.tuned_accuracy.high,
                expected="above 0.9 when the loss is 0",
            ),
        ),
    )


def _gone_at_once(case: Case, margin: float) -> bool:
    """Whether the loss was as good as 0 from the second epoch on, in a training of four epochs or more."""
    values = losses(case)
    return len(values) >= 4 and max(values[1:]) < SPENT * margin  # noqa: PLR2004  (fewer epochs were never meant to do)


def _shares(case: Case, margin: float) -> tuple[Case, TripletShares]:
    """Over the training data where these are known, for that is where triplets were drawn."""
    try:
        return case.training, triplet_shares(case.training, margin)
    except Unavailable:
        return case, triplet_shares(case, margin)


def _loss(case: Case, margin: float) -> tuple[float, Signature | None]:
    """Where the training loss settled (NaN without a history), and the signature that it rests on."""
    values = losses(case)
    if not values:
        return float("nan"), None
    return settled(values), matching(values, constant_output_losses("triplet", margin))
