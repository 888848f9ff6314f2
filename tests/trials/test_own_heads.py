"""Replays and retraining through the model's own comparison: a head with trained units, a cosine, a similarity."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.trials.comparisons import COSINE, ThroughHead, distances
from siamdoctor.trials.differential import SOUND, differential, faults
from siamdoctor.trials.retraining import retrain
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.training import put_weights
from siamdoctor.trials.usual_training import comparison_of, obstacle, usual
from small_twins import FEATURES, case_of, cosine_head, dense_encoder, learned_head, save_model, settings_of

STEPS = 500


def linear_head(keras, left, right):
    return keras.layers.Dense(1)(keras.ops.absolute(left - right))


def similarity_head(keras, left, right):
    return keras.ops.exp(-keras.ops.sum(keras.ops.absolute(left - right), axis=1, keepdims=True))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Paths by the name of the head."""
    folder = tmp_path_factory.mktemp("heads")
    heads = {
        "learned": (learned_head, "binary_crossentropy"),
        "unknown": (learned_head, "huber"),
        "linear": (linear_head, "binary_crossentropy"),
        "cosine": (cosine_head, "mse"),
        "similarity": (similarity_head, "mse"),
    }
    return {
        name: save_model(folder / f"{name}.keras", dense_encoder, (FEATURES,), head, loss)
        for name, (head, loss) in heads.items()
    }


@pytest.fixture(scope="module")
def opened(models, known_few):
    """A function that opens one of them with the few known identities."""

    def open_one(name, **facts):
        settings = settings_of(**{"margin": None, "loss": None, **facts})
        return case_of(models[name], known_few.samples, settings, training=known_few.training.samples)

    return open_one


def test_what_compares_follows_head_and_loss(opened):
    for name, facts, by, kind in (
        ("learned", {}, "head", "likeness-cross-entropy"),
        ("learned", {"loss": "contrastive"}, "head", "contrastive"),
        ("learned", {"loss": "triplet"}, "euclidean", "triplet-semi-hard"),
        ("unknown", {}, "euclidean", "contrastive"),
        ("cosine", {"loss": "contrastive"}, "cosine", "contrastive"),
        ("cosine", {"loss": "triplet"}, "cosine", "triplet-semi-hard"),
        ("similarity", {}, "head", "likeness-squares"),
    ):
        treatment = usual(opened(name, **facts))
        assert (treatment.by, treatment.kind) == (by, kind), (name, facts)


def test_a_head_of_unknown_loss_is_left_out_and_it_is_told_why(opened):
    case = opened("unknown")
    assert "training.loss" in obstacle(case)
    with pytest.raises(Unavailable, match=r"training\.loss"):
        differential(case, Room(case, steps=5))
    assert "training.loss" in retrain(case, "untrained-encoder", Room(case, steps=5)).without_head
    assert obstacle(opened("unknown", loss="binary_crossentropy")) is None


@pytest.mark.parametrize("same_label", [0, 1])
def test_small_means_alike_whichever_way_the_head_points(opened, same_label):
    case = opened("learned")
    case = case_of(
        case.blueprint.path,
        case.samples,
        dataclasses.replace(case.settings, training=dataclasses.replace(case.settings.training, same_label=same_label)),
    )
    left, right = np.random.default_rng(0).normal(size=(2, 9, 6)).astype(np.float32)
    output = case.twin.compare(left, right)
    told = distances(comparison_of(case, case.twin, usual(case)), left, right)
    np.testing.assert_allclose(told, 1 - output if same_label else output, atol=1e-6)


def test_cosine_distances_within_a_batch_are_those_of_its_pairs():
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    within = np.asarray(COSINE.within(rows))
    pairs = distances(COSINE, np.repeat(rows, 5, axis=0), np.tile(rows, (5, 1))).reshape(5, 5)
    np.testing.assert_allclose(within, pairs, atol=1e-6)
    np.testing.assert_allclose(np.diag(within), 0, atol=1e-6)
    with pytest.raises(TypeError):
        ThroughHead(None, high_is_same=True).within(rows)


def test_labels_of_other_pairs_cost_a_learned_head_its_accuracy(opened):
    case = opened("learned")
    room = Room(case, steps=STEPS)
    compared = retrain(case, "misaligned-labels", room)
    assert compared.recovers.low > 0
    assert compared.treated.value > 0.65
    assert compared.without_head is None
    with pytest.raises(Unavailable, match="either label"):
        retrain(case, "inverted-labels", room)
    with pytest.raises(Unavailable, match="no margin"):
        retrain(opened("learned", loss="binary_crossentropy", margin=1.0), "margin-too-large", room)


def test_a_linear_unit_under_cross_entropy_is_compared_with_logits(opened):
    case = opened("linear")
    room = Room(case, steps=STEPS)
    compared = retrain(case, "loss-head-mismatch", room)
    assert compared.remedy == "cross-entropy on logits"
    assert compared.treated.value > 0.65
    assert "binary_crossentropy" in case.blueprint.loss


def test_inverted_labels_cost_a_cosine_its_accuracy(opened):
    case = opened("cosine", loss="contrastive")
    compared = retrain(case, "inverted-labels", Room(case, steps=STEPS))
    assert compared.recovers.low > 0
    assert compared.treated.value > 0.65


def test_a_cosine_is_swept_by_a_margin_of_its_own(opened):
    case = opened("cosine", loss="contrastive", margin=0.001)
    compared = retrain(case, "margin-too-small", Room(case, steps=5))
    assert compared.remedy == "margin 0.5"


@pytest.mark.parametrize(("name", "fault"), [("learned", "misaligned-labels"), ("cosine", "inverted-labels")])
def test_a_model_with_the_fault_looks_like_its_replay(opened, name, fault):
    case = opened(name, **({} if name == "learned" else {"loss": "contrastive"}))
    room = Room(case, steps=STEPS)
    assert ("inverted-labels" in faults(case)) == (name == "cosine")
    assert ("margin-too-small" in faults(case)) == (name == "cosine")
    treatment = faults(case)[fault]
    trainer = room._train(dataclasses.replace(treatment, name="patient", steps=1.4), 1, 77)
    weights = tuple(np.asarray(v.value) for model in trainer._models for layer in model.layers for v in layer.variables)
    put_weights([case.twin.encoder, *([case.twin.head] if name == "learned" else [])], weights)
    found = differential(case, room, ruled_out=set(faults(case)) - {SOUND, "undertrained", fault})
    assert found.replays[0].cause == fault
    assert next(r.auc for r in found.replays if r.cause == SOUND) > 0.75
