"""By which threshold the pairs of a fold are judged."""

from __future__ import annotations

import numpy as np
import pytest
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_choice import balanced
from siamdoctor.trials.sweep_entries import as_json, from_json
from siamdoctor.trials.sweep_judging import combined, court, judge
from siamdoctor.trials.sweep_verdicts import Verdicts


@pytest.fixture(scope="module")
def arena(known_few):
    return build_arena(known_few, folds=3)


def verdict(arena, fold, threshold, near=0.0):
    """Same-class pairs at distance `near`, the others at 1."""
    same = arena.same[arena.pair_fold == fold]
    nothing = np.zeros(1, np.float32)
    return Verdicts(
        distance=np.where(same, near, 1.0).astype(np.float32),
        threshold=threshold,
        auc=1.0,
        active=0.0,
        spread=1.0,
        effective_rank=2.0,
        trains=np.zeros(1, dtype=bool),
        spread_draws=nothing,
        rank_influence=nothing,
    )


def test_the_other_folds_choose_the_threshold_and_not_the_pairs_that_trained(arena):
    learned_by_heart = {(fold, fold): verdict(arena, fold, threshold=0.0) for fold in range(3)}
    assert balanced(combined(1.0, learned_by_heart, arena).correct, arena.same) == 1.0


def test_a_fold_never_chooses_its_own_threshold(arena):
    alike = {(0, 0): verdict(arena, 0, 0.5, near=0.9), (1, 1): verdict(arena, 1, 0.5), (2, 2): verdict(arena, 2, 0.5)}
    correct = combined(1.0, alike, arena).correct
    first = arena.pair_fold == 0
    assert balanced(correct[first], arena.same[first]) == 0.5  # its same-class pairs are beyond what the others chose


def test_a_single_fold_is_judged_by_what_its_training_pairs_choose(arena):
    first = arena.pair_fold == 0
    for threshold, accuracy in ((0.5, 1.0), (2.0, 0.5)):
        alone = combined(1.0, {(0, 0): verdict(arena, 0, threshold)}, arena)
        assert balanced(alone.correct[first], arena.same[first]) == accuracy
        assert np.isnan(alone.correct[~first]).all()


def test_a_verdict_survives_the_journal_to_the_last_bit(known_few, arena):
    bench = court(arena, 1, 0)
    before = judge(known_few.twin.embed(arena.inputs[bench.rows]), bench, 1.0, "contrastive")
    after = from_json(as_json(before))
    for name in Verdicts.__slots__:
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name), err_msg=name)
