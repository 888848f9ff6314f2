"""Statistical honesty: how often a 95 % interval holds the truth when identities differ in difficulty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from siamdoctor.stats.resampling import accuracy_interval, auc_interval, dyads, paired_gain
from siamdoctor.stats.roc import auc, balanced_accuracy

PAIRS = 600
RUNS = 200
DRAWS = 300
DIFFICULTY = 1.0  # standard deviation of an identity's effect, in logits
LOGIT = 1.0  # of the chance of a correct decision about an identity of mean difficulty


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Pairs of identities of random difficulty. ease: (p,) sum of the effects of those that a pair involves."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    ease: NDArray[np.float64]


def draw(rng: np.random.Generator, identities: int, pairs: int = PAIRS) -> Drawn:
    left = np.arange(pairs) % identities
    same = np.arange(pairs) < pairs // 2
    right = np.where(same, left, (left + rng.integers(1, identities, pairs)) % identities)
    effect = rng.normal(0, DIFFICULTY, identities)
    return Drawn(left=left, right=right, same=same, ease=effect[left] + np.where(same, 0, effect[right]))


def decide(rng: np.random.Generator, drawn: Drawn) -> NDArray[np.bool_]:
    return drawn.same == (rng.random(drawn.same.size) < expit(LOGIT + drawn.ease))


def distances(rng: np.random.Generator, drawn: Drawn) -> NDArray[np.float64]:
    """Different-class pairs lie 1.5 farther apart; an identity's effect moves all of its pairs."""
    return np.where(drawn.same, 0, 1.5) + drawn.ease + rng.normal(size=drawn.same.size)


@pytest.mark.parametrize("identities", [10, 30, 100])
def test_accuracy_interval_covers_where_the_textbook_does_not(identities: int):
    everything = draw(np.random.default_rng(0), 100_000, 1_000_000)
    truth = balanced_accuracy(decide(np.random.default_rng(1), everything), everything.same)
    held = textbook = 0
    for run in range(RUNS):
        rng = np.random.default_rng([identities, run])
        drawn = draw(rng, identities)
        decided = decide(rng, drawn)
        found = accuracy_interval(decided, dyads(drawn.left, drawn.right, drawn.same, rng, draws=DRAWS))
        held += found.low <= truth <= found.high
        half_width = 1.96 * np.sqrt(found.value * (1 - found.value) / PAIRS)
        textbook += abs(found.value - truth) <= half_width
    assert 0.90 <= held / RUNS <= 0.99
    assert textbook / RUNS < held / RUNS - 0.15


@pytest.mark.parametrize("identities", [10, 30])
def test_auc_interval_covers(identities: int):
    everything = draw(np.random.default_rng(0), 50_000, 500_000)
    truth = auc(distances(np.random.default_rng(1), everything), everything.same)
    held = 0
    for run in range(RUNS // 2):
        rng = np.random.default_rng([identities, run])
        drawn = draw(rng, identities, 300)
        pairs = dyads(drawn.left, drawn.right, drawn.same, rng, draws=200)
        found = auc_interval(distances(rng, drawn), pairs)
        held += found.low <= truth <= found.high
    assert held / (RUNS // 2) >= 0.88


@pytest.mark.parametrize("identities", [10, 30])
def test_paired_gain_covers_and_is_narrower_than_two_intervals(identities: int):
    everything = draw(np.random.default_rng(0), 50_000, 500_000)
    far = distances(np.random.default_rng(1), everything)
    truth = 100 * (balanced_accuracy(far < 1, everything.same) - balanced_accuracy(far < 0, everything.same))
    held = narrower = 0
    for run in range(RUNS):
        rng = np.random.default_rng([identities, run])
        drawn = draw(rng, identities)
        pairs = dyads(drawn.left, drawn.right, drawn.same, rng, draws=DRAWS)
        far = distances(rng, drawn)
        gain = paired_gain(far < 0, far < 0.2, pairs)
        apart = [accuracy_interval(far < t, pairs) for t in (0.0, 0.2)]
        narrower += gain.high - gain.low < 100 * sum(i.high - i.low for i in apart)
        gain = paired_gain(far < 0, far < 1, pairs)
        held += gain.low <= truth <= gain.high
    assert held / RUNS >= 0.90
    assert narrower == RUNS
