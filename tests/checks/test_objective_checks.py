"""The checks of labels, losses and margins: the fault, a near miss that stays clear, an invariance."""

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.errors import Unavailable
from siamdoctor.ranking import LIKELY
from sound_cases import look, sound, weight


def repelled(x, identity):
    """An encoder that puts samples of one class far apart and classes on top of one another."""
    rng = np.random.default_rng(0)
    spots = rng.normal(size=(60, 8))
    within = np.concatenate([np.arange((identity == k).sum()) for k in np.unique(identity)])
    table = {tuple(row): spots[w] + 0.05 * rng.normal(size=8) for row, w in zip(x, within, strict=True)}
    return lambda batch: np.array([table.get(tuple(row), np.zeros(8)) for row in batch.reshape(len(batch), -1)])


def test_same_pairs_farther_apart_than_different_ones_mean_inverted_labels():
    x, identity = make.clouds(12, 20)
    case = sound(data=make.samples(x, identity), embed=repelled(x, identity))
    assert case.deployed.auc < 0.5
    assert look("inverted-labels", case).certainty > 0.5


def test_a_learned_head_learns_the_sign_of_the_labels():
    compare = lambda a, b: 1 / (1 + np.exp(4 - 2 * np.linalg.norm(a - b, axis=1)))  # noqa: E731
    case = sound(head=make.learned(), compare=compare, facts=make.settings(same_label=0))
    assert look("inverted-labels", case).certainty == 0
    assert look("inverted-labels", sound()).certainty == 0


@pytest.mark.parametrize(
    ("units", "activation", "certainty"), [(1, "softmax", 1), (2, "softmax", 0), (1, "sigmoid", 0)]
)
def test_only_a_softmax_over_one_unit_is_a_constant(units, activation, certainty):
    likeness = lambda a, b: np.exp(-np.linalg.norm(a - b, axis=1))  # noqa: E731
    constant = (units, activation) == (1, "softmax")
    case = sound(
        head=make.learned(units=units, activation=activation),
        compare=(lambda a, _b: np.ones(len(a))) if constant else likeness,
        facts=make.settings(same_label=1, threshold=0.2),
    )
    case.twin.with_sigmoid = lambda: make.StandInTwin(case.blueprint, lambda x: x, likeness)
    evidence = look("single-unit-softmax", case)
    assert (evidence.certainty, evidence.proof) == (certainty, constant)
    assert (evidence.recovers is not None and evidence.recovers.low > 20) == constant


def unit(x):
    flat = x.reshape(len(x), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)


@pytest.mark.parametrize(("margin", "found"), [(5.0, True), (1.0, False), (1.6, False)])
def test_a_margin_beyond_two_is_out_of_reach_of_unit_vectors(margin, found):
    facts = make.settings(loss="contrastive", margin=margin)
    encoder = make.encoder((8,), 8, unit_norm=True)
    evidence = look("margin-too-large", sound(embed=unit, encoder=encoder, facts=facts))
    assert (evidence.certainty >= 0.5) == found


@pytest.mark.parametrize(("bias", "found"), [(0.0, False), (0.01, True)])
def test_a_margin_that_is_not_reached_is_no_fault_of_an_encoder_that_was_never_trained(bias, found):
    facts = make.settings(loss="contrastive", margin=100.0)
    weights = (weight("bias", np.full(8, bias), "Zeros"),)
    evidence = look("margin-too-large", sound(facts=facts, weights=weights))
    assert (evidence.certainty >= 0.5) == found


@pytest.mark.parametrize(("margin", "found"), [(0.002, True), (1.0, False)])
def test_a_margin_far_below_the_untrained_distances_is_too_small(margin, found):
    facts = make.settings(loss="contrastive", margin=margin)
    shrunk = lambda x: 1e-3 * np.random.default_rng(0).normal(size=(len(x), 8))  # noqa: E731
    evidence = look("margin-too-small", sound(embed=shrunk if found else None, facts=facts))
    assert (evidence.certainty >= 0.5) == found


@pytest.mark.parametrize(("scale", "found"), [(0.012, True), (0.0005, False)])
def test_a_small_margin_leaves_distances_of_its_own_size_and_no_smaller_ones(scale, found):
    facts = make.settings(loss="contrastive", margin=0.1)
    noise = np.random.default_rng(0).normal(size=(2000, 8))
    shrunk = lambda x: scale * noise[: len(x)]  # noqa: E731
    assert (look("margin-too-small", sound(embed=shrunk, facts=facts)).certainty >= 0.5) == found


@pytest.mark.parametrize("name", ["margin-too-large", "margin-too-small"])
def test_a_loss_without_a_margin_has_no_wrong_one(name):
    with pytest.raises(Unavailable, match="no margin"):
        look(name, sound(facts=make.settings(loss="binary_crossentropy", margin=1.0)))


@pytest.mark.parametrize(("losses", "likely"), [([0.28, 0.22, 0.19], True), ([0.28, 0.1, 0.02], False)])
@pytest.mark.parametrize("same_label", [0, 1])
def test_a_loss_that_hardly_fell_while_the_embedding_lost_under_labels_that_contradict_it(
    tmp_path, losses, likely, same_label
):
    facts = make.settings(
        loss="contrastive", margin=1.0, same_label=same_label, history=make.history(tmp_path / "h.csv", loss=losses)
    )
    noise = 2.4 * np.random.default_rng(0).normal(size=(240, 8))
    worse = lambda x: 1.5 * x.reshape(len(x), -1) + noise[: len(x)]  # noqa: E731
    patient = sound(embed=worse, fresh=lambda _: lambda x: x.reshape(len(x), -1), facts=facts)
    assert 0.62 < patient.deployed.auc < 0.85
    assert (look("inverted-labels", patient).certainty >= LIKELY) == (likely and same_label == 0)
