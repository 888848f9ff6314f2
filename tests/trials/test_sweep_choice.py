"""Recommendation, plateau and honest gain on judgements made up for the purpose."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.errors import BadSettings
from siamdoctor.stats.resampling import dyads
from siamdoctor.trials.sweep_choice import Judgement, balanced, choose, difference, honest_gain, judged_accuracy
from siamdoctor.trials.sweep_grid import checked, parse_margins

IDENTITIES, PAIRS = 40, 2000


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    same = np.arange(PAIRS) % 2 == 0
    left = rng.integers(0, IDENTITIES, PAIRS)
    right = np.where(same, left, (left + rng.integers(1, IDENTITIES, PAIRS)) % IDENTITIES)
    return dyads(left, right, same, rng, draws=200)


def judged(margin, accuracy, pairs, seed):
    correct = np.random.default_rng(seed).random(pairs.same.size) < accuracy
    return Judgement(margin=margin, correct=correct.astype(float), auc=0.5, active=0.5)


def test_the_plateau_is_what_cannot_be_told_apart(pairs):
    truth = {0.1: 0.6, 0.2: 0.7, 0.5: 0.9, 1.0: 0.9, 2.0: 0.9, 5.0: 0.75}
    judgements = [judged(m, a, pairs, i) for i, (m, a) in enumerate(truth.items())]
    choice = choose(judgements, pairs)
    assert choice.recommended in {0.5, 1.0, 2.0}
    assert choice.plateau.value == choice.recommended
    assert 0.5 <= choice.plateau.low <= choice.recommended <= choice.plateau.high <= 2.0


def test_a_lucky_margin_among_bad_ones_is_not_recommended(pairs):
    accuracies = [0.60, 0.81, 0.60, 0.8, 0.8, 0.8, 0.8]
    judgements = [judged(float(i + 1), a, pairs, i) for i, a in enumerate(accuracies)]
    assert choose(judgements, pairs).recommended >= 4


def test_the_middle_of_the_best_run_is_taken_and_not_its_brink(pairs):
    accuracies = {0.1: 0.6, 0.2: 0.851, 0.5: 0.85, 1.0: 0.85, 2.0: 0.85, 5.0: 0.85, 20.0: 0.6}
    exact = [
        Judgement(margin=m, correct=np.full(pairs.same.size, a), auc=0.5, active=0.5) for m, a in accuracies.items()
    ]
    assert choose(exact, pairs).recommended == 1.0
    assert choose(exact, pairs, vouching=False).recommended == 0.2


def test_choosing_among_coin_flips_gains_nothing(pairs):
    fold = pairs.left % 5
    gains, naive = [], []
    for draw in range(12):
        judgements = [judged(float(m), 0.5, pairs, 100 * draw + m) for m in range(1, 16)]
        gain = honest_gain(judgements, fold, pairs, 1.0, vouching=False)
        gains.append(gain.points)
        best = max(judgements, key=lambda j: j.correct.mean())
        naive.append(difference(judgements[0].correct, best.correct, pairs).points)
    assert np.mean(naive) > 1.2
    assert abs(np.mean(gains)) < 0.9


def test_a_real_gain_is_found(pairs):
    judgements = [judged(0.1, 0.6, pairs, 1), judged(1.0, 0.85, pairs, 2), judged(2.0, 0.85, pairs, 3)]
    gain = honest_gain(judgements, pairs.left % 4, pairs, 0.1)
    assert gain.low > 15
    assert gain.low < gain.points < gain.high
    assert gain.points == pytest.approx(25, abs=5)


def test_a_margin_that_was_not_tried_has_no_gain(pairs):
    judgements = [judged(0.1, 0.6, pairs, 1), judged(1.0, 0.85, pairs, 2)]
    assert honest_gain(judgements, pairs.left % 4, pairs, 0.3) is None
    assert honest_gain(judgements, pairs.left % 4, pairs, None) is None


def test_margins_judged_in_some_folds_are_compared_on_those(pairs):
    half = pairs.left % 2 == 0
    full, part = judged(1.0, 0.9, pairs, 1), judged(2.0, 0.7, pairs, 2)
    part.correct[~half] = np.nan
    told = judged_accuracy(part, pairs)
    assert told.value == pytest.approx(balanced(part.correct[half], pairs.same[half]))
    expected = balanced(full.correct[half], pairs.same[half]) - told.value
    assert difference(part.correct, full.correct, pairs).points == pytest.approx(100 * expected)


def test_an_accuracy_without_a_single_error_is_not_certain(pairs):
    told = judged_accuracy(judged(1.0, 1.1, pairs, 1), pairs)
    assert told.value == told.high == 1.0
    assert 0.99 < told.low < 1.0


@pytest.mark.parametrize(
    ("text", "margins"),
    [("0.5", (0.5,)), ("1, 0.1,0.5", (0.1, 0.5, 1.0)), ("0.1:2:3", (0.1, 1.05, 2.0)), ("1:1:1", (1.0,))],
)
def test_margins_as_typed(text, margins):
    assert parse_margins(text) == margins


@pytest.mark.parametrize("text", ["", "a", "1:2", "2:1:5", "0.1:2:0", "0.1:2:1000", "0,1", "-1", "nan", "inf"])
def test_margins_that_are_none(text):
    with pytest.raises(BadSettings, match="Received"):
        parse_margins(text)


def test_margins_are_sorted_and_taken_once():
    assert checked((2.0, 1.0, 2.0)) == (1.0, 2.0)
