"""Training side by side is training alone, many times over."""

from __future__ import annotations

import time

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import distance_matrix
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_features import collapse_of, projection
from siamdoctor.trials.sweep_head import train_projections
from siamdoctor.trials.sweep_judging import judge_folds
from small_twins import case_of, clouds, settings_of


@pytest.fixture(scope="module")
def bench(plain_model):
    case = case_of(plain_model, clouds(12, 15, 1), settings_of())
    arena = build_arena(case, folds=3)
    return case, arena, projection(case.twin, case.encoder, arena.inputs)


@pytest.mark.parametrize("kind", ["contrastive", "contrastive-hinge", "triplet-batch-all", "triplet-hard"])
def test_each_margin_is_trained_as_if_alone(bench, kind):
    _, arena, frozen = bench
    together = train_projections(frozen, arena, (0.2, 1.0, 3.0), kind, seed=1, steps=40)
    alone = train_projections(frozen, arena, (1.0,), kind, seed=1, steps=40)
    rows = np.arange(20)
    for fold in range(arena.folds):
        # Distances, not embeddings: the loss does not see where the cloud lies, so rounding moves it about.
        ours, theirs = (distance_matrix(t.embeddings(fold, rows)[m]) for t, m in ((together, 1), (alone, 0)))
        np.testing.assert_allclose(ours, theirs, atol=0.01 * theirs.max())


def test_the_same_seed_repeats_exactly_and_another_does_not(bench):
    _, arena, frozen = bench
    runs = [
        train_projections(frozen, arena, (0.5, 1.0), "contrastive", seed=s, steps=30).embeddings(0, np.arange(9))
        for s in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0.01


def test_training_separates_unseen_identities(bench):
    _, arena, frozen = bench
    trained = train_projections(frozen, arena, (1.0, 2.0), "contrastive", seed=0)
    untrained = train_projections(frozen, arena, (1.0, 2.0), "contrastive", seed=0, steps=1)
    after = judge_folds(trained.embeddings, arena, (1.0, 2.0), "contrastive", 0)
    before = judge_folds(untrained.embeddings, arena, (1.0, 2.0), "contrastive", 0)
    assert all(a.auc > b.auc + 0.05 for a, b in zip(after, before, strict=True))


def test_no_negative_is_active_where_the_margin_is_tiny_and_all_are_where_it_is_huge(bench):
    _, arena, frozen = bench
    margins = (1e-3, 1e3)
    trained = train_projections(frozen, arena, margins, "contrastive", seed=0, steps=5)
    tiny, huge = judge_folds(trained.embeddings, arena, margins, "contrastive", 0)
    assert tiny.active < 0.05
    assert huge.active == 1.0


def test_unit_norm_of_the_encoder_is_kept(unit_model):
    case = case_of(unit_model, clouds(12, 15, 1), settings_of())
    arena = build_arena(case, folds=3)
    frozen = projection(case.twin, case.encoder, arena.inputs)
    trained = train_projections(frozen, arena, (0.5,), "contrastive", seed=0, steps=10)
    length = np.linalg.norm(trained.embeddings(0, np.arange(30)), axis=-1)
    np.testing.assert_allclose(length, 1, atol=1e-4)
    assert not frozen.from_embedding


def test_the_deadline_ends_training_with_what_there_is(bench):
    _, arena, frozen = bench
    trained = train_projections(frozen, arena, (1.0,), "contrastive", seed=0, deadline=time.monotonic())
    assert 0 < trained.steps < trained.planned


def test_ctrl_c_ends_training_with_what_there_is(bench):
    _, arena, frozen = bench

    def interrupt(share):
        if share > 0.3:
            raise KeyboardInterrupt

    trained = train_projections(frozen, arena, (1.0,), "contrastive", seed=0, progress=interrupt)
    assert 0 < trained.steps < trained.planned


def test_collapsed_features_are_named():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(200, 8)).astype(np.float32)
    line = np.outer(rng.normal(size=200), np.ones(8)).astype(np.float32)
    assert collapse_of(cloud) is None
    assert "on a line" in collapse_of(line)
    assert "the same" in collapse_of(1e-6 * cloud + 1)
    assert "not finite" in collapse_of(np.full((3, 2), np.nan, np.float32))


def test_too_wide_an_embedding_is_refused(bench, monkeypatch):
    case, arena, _ = bench
    monkeypatch.setattr("siamdoctor.trials.sweep_features.WIDEST", 2)
    with pytest.raises(Unavailable, match="too wide"):
        projection(case.twin, case.encoder, arena.inputs)
