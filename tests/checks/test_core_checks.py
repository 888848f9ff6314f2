"""The checks of scoring, margins, weights and wiring: the fault, a near miss that stays clear, an invariance."""

import dataclasses

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import StoredWeight
from siamdoctor.models.runtime.hidden_units import HiddenLayer
from siamdoctor.ranking import LIKELY
from siamdoctor.registry import find
from siamdoctor.runner import FOUND

EUCLIDEAN = make.head("euclidean")


def look(name, case):
    return find(name).run(case)


def sound(*, head=EUCLIDEAN, data=None, **more):
    x, identity = make.clouds(12, 20)
    return make.case(data or make.samples(x, identity), head=head, **more)


def weight(variable, values, initializer, *, part="encoder", layer="dense"):
    values = np.asarray(values, dtype=np.float32)
    return StoredWeight(
        part=part,
        layer=layer,
        layer_class="Dense",
        variable=variable,
        shape=values.shape,
        initializer=initializer,
        load=lambda: values,
    )


# Scoring -------------------------------------------------------------------------------------------------


def test_keras_accuracy_on_a_distance_is_inverted():
    evidence = look("inverted-metric", sound(metrics=("accuracy",)))
    assert evidence.certainty == 1
    assert evidence.recovers.low > 30


@pytest.mark.parametrize("metrics", [("accuracy (custom function)",), ("auc",), ()])
def test_a_metric_of_ones_own_is_not_taken_for_keras_accuracy(metrics):
    assert look("inverted-metric", sound(metrics=metrics)).certainty == 0


def test_an_accuracy_that_keras_or_the_user_may_have_written_is_a_possible_cause_with_both_readings():
    evidence = look("inverted-metric", sound(metrics=("accuracy",), accuracy_may_be_own=True))
    assert FOUND <= evidence.certainty < LIKELY
    assert evidence.recovers is None
    assert not evidence.proof
    assert "is a function of your own, nothing is wrong" in evidence.summary


@pytest.mark.parametrize(("shown", "certainty"), [(0.04, 1), (0.97, 0)])
def test_a_history_tells_whose_accuracy_it_is(tmp_path, shown, certainty):
    facts = make.settings(history=make.history(tmp_path / "h.csv", accuracy=[0.5, shown], loss=[0.5, 0.1]))
    patient = sound(metrics=("accuracy",), accuracy_may_be_own=True, facts=facts)
    assert look("inverted-metric", patient).certainty == certainty


def test_keras_accuracy_with_label_1_for_different_pairs_reads_a_distance_rightly():
    facts = make.settings(same_label=0)
    assert look("inverted-metric", sound(metrics=("accuracy",), facts=facts)).certainty == 0


def test_directions_under_wandering_lengths_want_cosine():
    x, identity = make.clouds(12, 30, noise=0.2)
    lengths = np.exp(1.5 * np.random.default_rng(1).normal(size=(len(x), 1)))
    directions = x / np.linalg.norm(x, axis=1, keepdims=True)
    evidence = look("mismatched-metric", sound(data=make.samples(lengths * directions, identity)))
    assert evidence.certainty == 1
    assert evidence.recovers.low > 5
    assert look("mismatched-metric", sound(data=make.samples(directions, identity))).certainty < FOUND


# Objective -----------------------------------------------------------------------------------------------


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


# Embedding and weights -----------------------------------------------------------------------------------


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


# Data ----------------------------------------------------------------------------------------------------


def pictures(seed=0, noise=12):
    """Images (n, 6, 6, 1) of 8 bits, one pattern an identity."""
    rng = np.random.default_rng(seed)
    patterns = rng.uniform(60, 200, size=(10, 6, 6, 1))
    identity = np.repeat(np.arange(10), 20)
    return np.clip(patterns[identity] + noise * rng.normal(size=(200, 6, 6, 1)), 0, 255), identity


@pytest.mark.parametrize(("rescale", "found"), [(1.0, True), (1 / 255, False), (1 / 255**2, True)])
def test_another_scale_than_in_training_is_named_with_the_right_one(rescale, found):
    x, identity = pictures()
    data = make.samples(x, identity, kind="images")
    facts = make.settings(metric="euclidean", threshold=0.8)
    facts = dataclasses.replace(facts, data=dataclasses.replace(facts.data, rescale=rescale))
    saturating = lambda batch: np.tanh(2 * (batch.reshape(len(batch), -1) - 0.5))  # noqa: E731
    evidence = look("preprocessing-mismatch", make.case(data, head=EUCLIDEAN, embed=saturating, facts=facts))
    assert (evidence.certainty >= 0.5) == found
    if found:
        assert "divided by 255" in evidence.summary


def test_an_encoder_that_never_trained_has_no_scaling_that_it_was_trained_on():
    x, identity = pictures()
    facts = make.settings(metric="euclidean", threshold=0.8)
    facts = dataclasses.replace(facts, data=dataclasses.replace(facts.data, rescale=1.0))
    saturating = lambda batch: np.tanh(2 * (batch.reshape(len(batch), -1) - 0.5))  # noqa: E731
    patient = {"head": EUCLIDEAN, "embed": saturating, "facts": facts}
    data = make.samples(x, identity, kind="images")
    for bias, found in ((np.zeros(8), False), (np.full(8, 0.01), True)):
        case = make.case(data, **patient, weights=(weight("bias", bias, "Zeros"),))
        evidence = look("preprocessing-mismatch", case)
        assert (evidence.certainty >= LIKELY, evidence.recovers is not None) == (found, found)


@pytest.mark.parametrize("dead", [True, False])
def test_units_that_died_in_training_are_revived_by_other_numbers_and_want_none(dead):
    x, identity = pictures(noise=40)
    facts = make.settings(metric="euclidean", threshold=0.8)
    facts = dataclasses.replace(facts, data=dataclasses.replace(facts.data, rescale=1 / 255))
    mixing = np.random.default_rng(0).normal(size=(36, 16)) / 6
    few = np.random.default_rng(9).normal(size=(36, 2))  # fresh weights that tell little

    def rectified(batch):  # beyond the reach of 0..1
        hidden = np.maximum(batch.reshape(len(batch), -1) @ mixing - 3.0, 0)
        return hidden if dead else hidden + 1e-3 * np.random.default_rng(len(batch)).normal(size=hidden.shape)

    case = make.case(
        make.samples(x, identity, kind="images"),
        head=EUCLIDEAN,
        embed=rectified,
        fresh=lambda _: lambda batch: batch.reshape(len(batch), -1) @ few,
        facts=facts,
        weights=(weight("bias", np.full(8, -3.0), "Zeros"),),
    )
    assert (np.ptp(case.embeddings, axis=0) == 0).all() == dead
    assert (look("preprocessing-mismatch", case).certainty == 0) == dead


def test_an_inverted_picture_in_the_other_range_is_one_mismatch():
    x, identity = pictures()
    data = make.samples(140 + x / 2.5, identity, kind="images")
    facts = make.settings(metric="euclidean", threshold=0.8)
    facts = dataclasses.replace(facts, data=dataclasses.replace(facts.data, rescale=1 / 255))
    taught = lambda batch: np.tanh(3 * np.minimum(batch.reshape(len(batch), -1), 0))  # noqa: E731
    evidence = look("preprocessing-mismatch", make.case(data, head=EUCLIDEAN, embed=taught, facts=facts))
    assert evidence.certainty > 0.5
    assert "inverted to -1..1 (1 - x/127.5)" in evidence.summary


def test_pixels_out_of_all_proportion_that_no_scaling_sets_right_are_worth_a_line():
    x, identity = pictures(noise=45)
    facts = make.settings(metric="euclidean", threshold=0.8)
    facts = dataclasses.replace(facts, data=dataclasses.replace(facts.data, rescale=1.0))
    mixing = np.random.default_rng(0).normal(size=(36, 8)) / 6
    saturating = lambda batch: np.tanh(batch.reshape(len(batch), -1) @ mixing)  # noqa: E731
    untaught = lambda _: saturating  # noqa: E731  (training changed nothing)
    data = make.samples(x, identity, kind="images")
    moved = weight("bias", np.full(8, 0.01), "Zeros")
    case = make.case(data, head=EUCLIDEAN, embed=saturating, fresh=untaught, facts=facts, weights=(moved,))
    evidence = look("preprocessing-mismatch", case)
    assert FOUND <= evidence.certainty < LIKELY
    assert evidence.recovers is None


@pytest.mark.parametrize(("names", "likely"), [("seen", True), ("fresh", False)])
def test_a_gap_that_transforms_open_blames_augmentation_only_where_identities_are_the_same(names, likely):
    x, identity = pictures()
    centres = np.stack([x[identity == k].mean(0).ravel() for k in range(10)])
    embed = lambda b: np.exp(-(((b.reshape(len(b), 1, -1) - centres) / 60) ** 2).mean(2) * 40)  # noqa: E731
    names = tuple(f"{names}{k}" for k in range(10))
    turned = make.samples(np.roll(x, 2, axis=2), identity, kind="images", names=names)
    trained_on = make.samples(x, identity, kind="images", names=tuple(f"seen{k}" for k in range(10)))
    encoder = make.encoder((6, 6, 1), 10)
    evidence = look(
        "insufficient-augmentation",
        make.case(turned, head=EUCLIDEAN, embed=embed, training=trained_on, encoder=encoder),
    )
    assert (evidence.certainty >= 0.5) == likely
    assert evidence.certainty > 0


@pytest.mark.parametrize("varied", [True, False])
def test_fresh_identities_whose_images_vary_more_than_in_training_want_augmentation(varied):
    x, identity = pictures()
    centres = np.stack([x[identity == k].mean(0).ravel() for k in range(10)])
    embed = lambda b: np.exp(-(((b.reshape(len(b), 1, -1) - centres) / 60) ** 2).mean(2) * 40)  # noqa: E731
    shifts = np.random.default_rng(0).integers(-2, 3, size=len(x)) if varied else np.full(len(x), 2)
    moved = np.stack([np.roll(one, s, axis=1) for one, s in zip(x, shifts, strict=True)])
    fresh = make.samples(moved, identity, kind="images", names=tuple(f"fresh{k}" for k in range(10)))
    trained_on = make.samples(x, identity, kind="images", names=tuple(f"seen{k}" for k in range(10)))
    patient = make.case(fresh, head=EUCLIDEAN, embed=embed, training=trained_on, encoder=make.encoder((6, 6, 1), 10))
    assert (look("insufficient-augmentation", patient).certainty >= LIKELY) == varied


def test_a_handful_of_samples_is_underpowered_and_thousands_at_chance_are_not():
    rng = np.random.default_rng(2)
    facts = make.settings(metric="euclidean", threshold=3.9)
    few = make.samples(rng.normal(size=(8, 8)), np.repeat(np.arange(4), 2))
    many = make.samples(rng.normal(size=(1500, 8)), np.repeat(np.arange(150), 10))
    assert look("underpowered-evaluation", make.case(few, head=EUCLIDEAN, facts=facts)).certainty > 0.5
    assert look("underpowered-evaluation", make.case(many, head=EUCLIDEAN, facts=facts)).certainty < FOUND
    assert look("underpowered-evaluation", sound()).certainty == 0
    evidence = look("underpowered-evaluation", make.case(few, head=EUCLIDEAN, facts=facts))
    measured = make.case(few, head=EUCLIDEAN, facts=facts).accuracy
    assert evidence.at_stake == pytest.approx(50 * (measured.high - measured.low) - 5)


def test_a_dozen_good_pairs_are_called_vague_and_fail_no_build():
    data = make.samples(*make.clouds(3, 4, noise=0.05))
    facts = make.settings(metric="euclidean", threshold=1.0)
    evidence = look("underpowered-evaluation", make.case(data, head=EUCLIDEAN, facts=facts))
    assert FOUND <= evidence.certainty < 0.5
    assert "better than chance" in evidence.summary


# Architecture --------------------------------------------------------------------------------------------


def test_an_input_that_reaches_no_output_is_proof():
    assert look("same-input-twice", sound(same_input_twice=True)).proof
    assert look("same-input-twice", sound(ignored_inputs=("right",))).certainty == 1
    assert look("same-input-twice", sound()).certainty == 0


def test_towers_that_share_weights_or_agree_are_no_fault():
    assert look("untied-towers", sound()).certainty == 0
    agreeing = look("untied-towers", sound(twins="separate"))
    assert agreeing.certainty < 0.5
    assert agreeing.recovers is None
