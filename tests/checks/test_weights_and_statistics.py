"""The checks of embeddings, weights and batch statistics: the fault, a near miss that stays clear, an invariance."""

import dataclasses

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.models.runtime.hidden_units import HiddenLayer
from siamdoctor.ranking import LIKELY
from siamdoctor.runner import FOUND
from sound_cases import look, sound, weight


@pytest.mark.parametrize("centre", [0.0, 3.0])
def test_one_point_is_a_collapse_at_the_origin_and_elsewhere(centre):
    point = lambda x: centre + 1e-5 * np.random.default_rng(len(x)).normal(size=(len(x), 8))  # noqa: E731
    assert look("collapsed-embedding", sound(embed=point)).certainty == 1


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_a_cloud_that_tells_identities_apart_is_no_collapse_at_any_scale(scale):
    assert look("collapsed-embedding", sound(embed=lambda x: scale * x.reshape(len(x), -1))).certainty == 0


@pytest.mark.parametrize(("directions", "found"), [(8, False), (1, True)])
def test_what_training_drew_apart_in_many_directions_is_no_collapse_though_it_moved_far_away(directions, found):
    axes = np.eye(8)[:directions]

    def far(x):
        noise = np.random.default_rng(len(x)).normal(size=(len(x), directions))
        return 400.0 + 4.0 * noise @ axes

    patient = sound(embed=far, fresh=lambda _: lambda x: x.reshape(len(x), -1))
    assert (look("collapsed-embedding", patient).certainty > 0.5) == found


@pytest.mark.parametrize(("share", "found"), [(1.0, True), (0.5, False)])
def test_hidden_units_at_the_ends_of_their_range_say_why_nothing_was_learned(share, found):
    rng = np.random.default_rng(0)
    values = np.where(rng.random((50, 40)) < share, 0.9999, 0.6).astype(np.float32)
    patient = sound(embed=lambda x: 1.0 + 1e-6 * rng.normal(size=(len(x), 8)))
    patient.twin.hidden_layers = lambda _: (HiddenLayer(name="first", activation="sigmoid", values=values),)
    saturated, collapsed = look("saturated-output", patient), look("collapsed-embedding", patient)
    assert (saturated.certainty > 0.5, collapsed.certainty > 0.5) == (found, not found)
    assert ("of layer 'first'" in saturated.summary) == found


@pytest.mark.parametrize(("bias", "found"), [(0.0, False), (0.01, True)])
def test_one_point_that_fresh_weights_give_as_well_is_no_collapse_of_training(bias, found):
    point = lambda x: np.ones((len(x), 8))  # noqa: E731
    weights = (weight("bias", np.full(8, bias), "Zeros"),)
    patient = sound(embed=point, fresh=lambda _: point, weights=weights)
    assert (look("collapsed-embedding", patient).certainty >= LIKELY) == found


@pytest.mark.parametrize(("value", "broken"), [(np.nan, True), (np.inf, True), (1e30, False)])
def test_weights_that_are_no_numbers(value, broken):
    case = sound(weights=(weight("kernel", [[1.0, value]], "GlorotUniform"),))
    evidence = look("non-finite-weights", case)
    assert (evidence.certainty, evidence.proof) == (float(broken), broken)


def test_weights_at_their_initialiser_were_never_trained_and_one_step_is_training():
    rng = np.random.default_rng(0)
    limit = np.sqrt(6 / (32 + 16))
    kernel = weight("kernel", rng.uniform(-limit, limit, size=(32, 16)), "GlorotUniform")
    still, moved = weight("bias", np.zeros(16), "Zeros"), weight("bias", np.full(16, 1e-4), "Zeros")
    assert look("untrained-encoder", sound(weights=(kernel, still))).certainty == 1
    assert look("untrained-encoder", sound(weights=(kernel, moved))).certainty == 0
    head_only = dataclasses.replace(still, part="head")
    assert look("untrained-encoder", sound(weights=(kernel, moved, head_only))).certainty == 0


def test_stale_statistics_are_told_by_what_fresh_ones_bring():
    x, identity = make.clouds(12, 20)
    stale = sound(
        data=make.samples(x, identity),
        embed=lambda batch: np.tanh(40 * (batch.reshape(len(batch), -1) + 3)),
        encoder=make.encoder((8,), 8, has_batch_norm=True),
    )
    mended = sound(data=make.samples(x, identity), encoder=make.encoder((8,), 8, has_batch_norm=True))
    stale.twin.with_batch_statistics = lambda *_: mended.twin
    mended.twin.with_batch_statistics = lambda *_: mended.twin
    assert look("stale-batch-statistics", stale).recovers.low > 10
    assert look("stale-batch-statistics", mended).certainty == 0


@pytest.mark.parametrize(("losses", "likely"), [([0.0, 0.0, 0.0], False), ([0.2, 0.2, 0.2], True)])
def test_where_no_triplet_ever_cost_anything_weights_that_stand_still_are_a_symptom(tmp_path, losses, likely):
    facts = make.settings(loss="triplet", margin=1.0, history=make.history(tmp_path / "h.csv", loss=losses))
    still = weight("bias", np.zeros(16), "Zeros")
    evidence = look("untrained-encoder", sound(weights=(still,), facts=facts))
    assert (evidence.certainty >= LIKELY) == likely
    assert evidence.certainty >= FOUND


@pytest.mark.parametrize(("scale", "found"), [(150.0, True), (1.0, False)])
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_distances_that_fresh_statistics_bring_to_the_threshold_that_was_meant_are_out_of_scale(
    scale, found, threshold
):
    described = make.encoder((8,), 8, has_batch_norm=True)
    data = make.samples(*make.clouds(12, 20, noise=0.02, scatter=0.3))
    facts = make.settings(threshold=threshold)
    stale = sound(data=data, embed=lambda x: x.reshape(len(x), -1) / scale, encoder=described, facts=facts)
    fresh = sound(data=data, encoder=described, facts=facts)
    stale.twin.with_batch_statistics = lambda *_: fresh.twin
    evidence = look("stale-batch-statistics", stale)
    assert (evidence.certainty > 0.5) == found
    if found:
        assert f"distances are {scale:g} times as large" in evidence.summary
        if threshold is None:  # the tuned threshold that is assumed makes up for it: only what is at stake is known
            assert (evidence.recovers, evidence.at_stake > 20) == (None, True)
        else:
            assert evidence.recovers.low > 20


def test_statistics_far_from_those_of_the_data_under_a_learned_head():
    described = make.encoder((8,), 8, has_batch_norm=True)
    data = make.samples(*make.clouds(12, 20, noise=0.1))
    output = lambda border: lambda a, b: 1 / (1 + np.exp(np.abs(a - b).sum(1) - border))  # noqa: E731
    facts = make.settings(loss="binary_crossentropy", same_label=1)
    head = make.learned()
    stale = sound(data=data, head=head, compare=output(-4.0), encoder=described, facts=facts)
    fresh = sound(data=data, head=head, compare=output(4.0), encoder=described, facts=facts)
    stale.twin.with_batch_statistics = lambda *_: fresh.twin
    for moved, found in ((3.0, True), (0.2, False)):
        stale.twin.statistics_moved = lambda _, moved=moved: moved
        evidence = look("stale-batch-statistics", stale)
        assert (evidence.certainty > 0.5) == found
        assert (evidence.recovers is not None and evidence.recovers.low > 20) == found
