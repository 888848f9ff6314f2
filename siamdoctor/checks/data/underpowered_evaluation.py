"""SD408: too few identities or pairs to tell this accuracy from chance."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.registry import Impact, check
from siamdoctor.results import Evidence, Measurement
from siamdoctor.stats.power import detectable_accuracy, effective_pairs, pairs_needed
from siamdoctor.stats.ramps import ramp

CHANCE = 0.5
WIDE = 0.1  # half-width from which 50 % and 60 % cannot be told apart
USUAL = 0.05  # half-width that nobody calls vague; what goes beyond it is at stake
VAGUE = 0.4  # most that a wide interval says by itself, where it leaves out chance


@check("SD408", impact=Impact.MAJOR)
def underpowered_evaluation(case: Case) -> Evidence:
    """Too few identities or pairs to tell this accuracy from chance.

    Pairs share images and identities, so a thousand pairs of six people are not a thousand observations.
    With few identities the accuracy of a good model may look like chance, and the other way round.

    How it looks: the accuracy jumps between runs; its interval over identities holds both 50 % and 60 %.

    An evaluation that has it:

    ```python
    import numpy as np

    rng = np.random.default_rng(0)
    right_each = rng.beta(6, 4, size=400)                     # of each person

    def measured(people):
        # What 1,000 pairs of so many people say, over 200 repetitions.
        chosen = [rng.choice(right_each, size=people) for _ in range(200)]
        pairs = 1000 // people
        return [rng.binomial(pairs, each).mean() / pairs for each in chosen]

    low, high = np.quantile(measured(people=4), [0.025, 0.975])
    assert low < 0.5 and high > 0.7                           # either is likely
    ```

    What helps: more identities first, then more images of each, then more pairs:

    ```python
    low, high = np.quantile(measured(people=100), [0.025, 0.975])
    assert low > 0.55 and high < 0.65                    # the pairs are as many
    ```

    Seen in: no public thread that we can name; it stands behind many that compare two runs.

    See: Owen 2007 (The pigeonhole bootstrap), for intervals over identities; Huang et al. 2007 (Labeled faces in the
    wild), where ten folds hold separate people.
    """
    value = case.accuracy
    half_width = (value.high - value.low) / 2
    effective = effective_pairs(value.value, half_width, case.pairs.same.size)
    undecided = value.low <= CHANCE < value.high and value.high > CHANCE + 0.05
    vague = VAGUE * ramp(half_width, clear=0.08, sure=0.14)
    certainty = ramp(half_width, clear=0.05, sure=WIDE) if undecided else vague
    wanted = pairs_needed(0.6, effective, case.pairs.same.size)
    return Evidence(
        certainty=certainty,
        summary=(
            f"With {case.pairs.identities} identities the accuracy is {100 * value.value:.0f} % give or take "
            f"{100 * half_width:.0f}: it cannot be told from chance."
            if undecided and certainty
            else f"With {case.pairs.identities} identities the accuracy is {100 * value.value:.0f} % give or take "
            f"{100 * half_width:.0f}: better than chance, and too vague to compare two runs."
            if vague
            else f"The accuracy is known to about {100 * half_width:.0f} points."
        ),
        fix=f"Evaluate on more identities; about {wanted:,} pairs in the present proportion could tell 60 % from 50 %.",
        measurements=(
            Measurement(name="identities", value=float(case.pairs.identities), expected="30 or more"),
            Measurement(name="pairs", value=float(case.pairs.same.size), expected=f"{wanted:,} or more"),
            Measurement(name="independent pairs that they are worth", value=effective, expected="200 or more"),
            Measurement(
                name="smallest accuracy that can be told from chance",
                value=detectable_accuracy(effective),
                expected="below 0.6",
            ),
        ),
        at_stake=100 * max(0.0, half_width - USUAL),
    )
