"""The checks of pixels, augmentation and the evaluation: the fault, a near miss that stays clear, an invariance."""

import dataclasses

import numpy as np
import pytest
import stand_ins as make
from siamdoctor.ranking import LIKELY
from siamdoctor.runner import FOUND
from sound_cases import EUCLIDEAN, look, sound, weight


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
