"""Nobody is judged by an identity that trained."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.trials.sweep_arena import build_arena, fingerprint
from siamdoctor.trials.sweep_batches import PAIRS, fold_batches
from siamdoctor.trials.sweep_triplets import EACH
from small_twins import case_of, clouds, settings_of


@pytest.fixture
def arena(plain_case):
    return build_arena(plain_case, folds=4)


def test_a_fold_trains_on_no_identity_that_it_is_judged_by(arena):
    for fold in range(arena.folds):
        here = arena.pair_fold == fold
        judged = set(arena.identity[arena.left[here]]) | set(arena.identity[arena.right[here]])
        assert judged
        assert not judged & set(arena.identity[arena.training_rows(fold)])
        left, right, same = arena.training_pairs(fold, 100, np.random.default_rng(0))
        assert not judged & (set(arena.identity[left]) | set(arena.identity[right]))
        np.testing.assert_array_equal(arena.identity[left] == arena.identity[right], same)


def test_every_identity_is_judged_once(arena):
    owners = [set(arena.identity[arena.left[arena.pair_fold == f]]) for f in range(arena.folds)]
    assert sum(len(o) for o in owners) == len(set.union(*owners)) == 12


@pytest.mark.parametrize("prefix", ["id", "stranger"])
def test_training_data_train_and_evaluation_data_judge(plain_model, prefix):
    training = clouds(25, 6, 2, prefix=prefix)
    case = case_of(plain_model, clouds(24, 6, 1), settings_of(), training=training)
    arena = build_arena(case, folds=4)
    assert arena.unseen
    assert not arena.trains[np.concatenate([arena.left, arena.right])].any()
    held_out = 24 // 4 if prefix == "id" else 0  # the other identities share a name with none that judges
    for fold in range(4):
        assert np.unique(arena.identity[arena.training_rows(fold)]).size == 25 - held_out


def test_fresh_samples_of_a_few_known_identities_are_judged_as_such(plain_model):
    training = clouds(10, 12, 2)
    arena = build_arena(case_of(plain_model, clouds(10, 12, 1), settings_of(), training=training), folds=3)
    assert not arena.unseen
    assert arena.dyads.clusters == 10
    for fold in range(3):
        rows = arena.training_rows(fold)
        assert np.unique(arena.identity[rows]).size == 10
        assert not np.isin(np.concatenate([arena.left, arena.right]), rows).any()


def test_with_three_identities_samples_are_held_out_and_the_arena_says_so(plain_model):
    arena = build_arena(case_of(plain_model, clouds(3, 40, 1), settings_of()), folds=3)
    assert not arena.unseen
    for fold in range(3):
        here = arena.pair_fold == fold
        judged = set(arena.left[here]) | set(arena.right[here])
        assert not judged & set(arena.training_rows(fold))


def test_unknown_identities_cannot_be_held_out(plain_model):
    samples = dataclasses.replace(clouds(6, 10, 1), identity_known=False)
    with pytest.raises(Unavailable, match="identities are unknown"):
        build_arena(case_of(plain_model, samples, settings_of()))


def test_batches_hold_as_many_positives_as_negatives(arena):
    batches = fold_batches(arena, 1, "contrastive", 50, seed=0)
    assert batches.shape == (50, 2 * PAIRS)
    left, right = batches[:, :PAIRS], batches[:, PAIRS:]
    same = arena.identity[left] == arena.identity[right]
    np.testing.assert_array_equal(same.sum(1), PAIRS // 2)
    assert (left != right).all()
    assert np.isin(batches, arena.training_rows(1)).all()


def test_triplet_batches_hold_four_distinct_samples_of_each_identity(arena):
    batches = fold_batches(arena, 0, "triplet-hard", 30, seed=0)
    grouped = batches.reshape(30, -1, EACH)
    owner = arena.identity[grouped]
    assert (owner == owner[..., :1]).all()
    assert all(len(set(owner[step, :, 0])) == grouped.shape[1] for step in range(30))
    assert all(len(set(quartet)) == EACH for step in grouped for quartet in step)
    assert np.isin(batches, arena.training_rows(0)).all()


def test_the_fingerprint_follows_the_data(plain_model, arena):
    again = build_arena(case_of(plain_model, clouds(12, 15, 1), settings_of()), folds=4)
    other = build_arena(case_of(plain_model, clouds(12, 15, 2), settings_of()), folds=4)
    assert fingerprint(arena) == fingerprint(again) != fingerprint(other)


def test_triplet_batches_of_uneven_folds_are_of_one_size(plain_model):
    arena = build_arena(case_of(plain_model, clouds(7, 12, 1), settings_of()), folds=3)
    counts = {np.unique(arena.identity[arena.training_rows(f)]).size for f in range(3)}
    assert len(counts) == 2
    assert len({fold_batches(arena, f, "triplet-hard", 5, seed=0).shape for f in range(3)}) == 1
