"""The losses against the formulas written out, one pair or triplet at a time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from siamdoctor.errors import BadSettings
from siamdoctor.trials.sweep_losses import batch_cost, code_line, loss_kind, pair_loss
from siamdoctor.trials.sweep_triplets import EACH, BatchTriplets, batch_distances, triplet_loss
from siamdoctor.trials.training_backend import tensorflow

RNG = np.random.default_rng(0)
DISTANCE = RNG.uniform(0, 3, size=40).astype(np.float32)
SAME = (RNG.random(40) < 0.5).astype(np.float32)


@pytest.mark.parametrize(("kind", "power"), [("contrastive", 2), ("contrastive-hinge", 1)])
def test_contrastive_is_the_formula(kind, power):
    told = float(pair_loss(DISTANCE, SAME, np.float32(1.3), kind))
    expected = [d**2 if s else max(1.3 - d, 0) ** power for d, s in zip(DISTANCE, SAME, strict=True)]
    assert told == pytest.approx(np.mean(expected), rel=1e-5)


@pytest.mark.parametrize("same_label", [0, 1])
@pytest.mark.parametrize("kind", ["contrastive", "contrastive-hinge"])
def test_code_for_either_label_convention_is_the_same_loss(kind, same_label):
    y = SAME if same_label == 1 else 1 - SAME
    namespace = {"tf": SimpleNamespace(maximum=np.maximum), "y": y, "d": DISTANCE}
    exec(code_line(kind, 1.3, same_label), namespace)  # noqa: S102  (the line that users are told to write)
    expected = float(pair_loss(DISTANCE, SAME, np.float32(1.3), kind))
    assert namespace["loss"].mean() == pytest.approx(expected, rel=1e-5)


def test_networks_side_by_side_have_the_losses_they_have_alone():
    distance = RNG.uniform(0, 3, size=(2, 3, 40)).astype(np.float32)
    margins = np.array([[0.5], [1.0], [2.0]], np.float32)
    together = np.asarray(pair_loss(distance, SAME, margins, "contrastive"))
    alone = [[float(pair_loss(d, SAME, m, "contrastive")) for d, m in zip(f, margins, strict=True)] for f in distance]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def brute_triplets(distance, owner, margin, kind):
    costs = []
    for a in range(len(owner)):
        positives = [p for p in range(len(owner)) if p != a and owner[p] == owner[a]]
        negatives = [n for n in range(len(owner)) if owner[n] != owner[a]]
        if kind == "triplet-hard":
            hardest = max(distance[a, p] for p in positives), min(distance[a, n] for n in negatives)
            costs.append(max(hardest[0] - hardest[1] + margin, 0))
        for p in positives:
            if kind == "triplet-batch-all":
                costs += [c for n in negatives if (c := distance[a, p] - distance[a, n] + margin) > 0]
            elif kind == "triplet-semi-hard":
                beyond = [distance[a, n] for n in negatives if distance[a, n] > distance[a, p]]
                negative = min(beyond) if beyond else max(distance[a, n] for n in negatives)
                costs.append(max(distance[a, p] - negative + margin, 0))
    return np.mean(costs)


@pytest.mark.parametrize("kind", ["triplet-batch-all", "triplet-semi-hard", "triplet-hard"])
@pytest.mark.parametrize("margin", [0.1, 1.0])
def test_triplets_are_mined_as_by_hand(kind, margin):
    embedded = RNG.normal(size=(12, 3)).astype(np.float32)
    distance = np.asarray(batch_distances(embedded))
    told = triplet_loss(
        distance, np.ones((1,), np.float32), np.array([margin], np.float32), kind, BatchTriplets.of(3, EACH)
    )
    owner = np.repeat(np.arange(3), EACH)
    assert float(told) == pytest.approx(brute_triplets(distance, owner, margin, kind), rel=1e-4)


def test_a_sample_drawn_twice_is_no_positive_of_itself():
    embedded = RNG.normal(size=(8, 3)).astype(np.float32)
    embedded[1] = embedded[0]
    rows = np.array([0, 0, 1, 2, 3, 4, 5, 6], np.int32)
    owner = np.repeat([0, 1], EACH).astype(np.int32)
    tf = tensorflow()
    told = batch_cost(tf.constant(embedded), rows, owner, tf.constant([0.5]), "triplet-semi-hard")
    kept = np.ones(24, np.float32)
    kept[[0, 3]] = 0  # the pairs (0, 1) and (1, 0)
    expected = triplet_loss(
        batch_distances(embedded), kept, np.array([0.5], np.float32), "triplet-semi-hard", BatchTriplets.of(2, EACH)
    )
    assert float(told) == pytest.approx(float(expected))


def test_flipped_labels_pull_strangers_together():
    tf = tensorflow()
    embedded = tf.constant([[0.0], [0.0], [0.0], [1.0]])  # pairs (0, 2) at distance 0 and (1, 3) at 1
    rows, owner = np.arange(4, dtype=np.int32), np.array([0, 1, 0, 2], np.int32)
    right = batch_cost(embedded, rows, owner, tf.constant([1.0]), "contrastive")
    wrong = batch_cost(embedded, rows, owner, tf.constant([1.0]), "contrastive", flip=1.0)
    assert float(right) == pytest.approx(0, abs=1e-6)
    assert float(wrong) == pytest.approx(1, rel=1e-3)


def test_unknown_losses_are_refused():
    assert loss_kind("triplet") == "triplet-semi-hard"
    with pytest.raises(BadSettings, match=r"Received: loss='arcface'"):
        loss_kind("arcface")
