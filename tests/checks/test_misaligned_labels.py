"""misaligned-labels: the fault, near misses that stay clear, and what must make no difference."""

from dataclasses import replace

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.settings import FedSettings
from stand_ins import case, clouds, evidence, given, head, history, samples, settings


def listed(flip, *, where="evaluation", seed=0, noise=0.3):
    rng = np.random.default_rng(seed)
    x, who = clouds(noise=noise)
    left = rng.integers(0, len(x), 1500)
    same = rng.random(1500) < 0.5
    partner = [rng.choice(np.flatnonzero((who == who[a]) == s)) for a, s in zip(left, same, strict=True)]
    wrong = rng.random(1500) < flip
    list_ = samples(x, who, pairs=given(left, partner, same ^ wrong))
    if where == "training":
        return case(samples(x, who), training=list_, facts=settings(threshold=1.5))
    return case(list_, facts=settings(threshold=1.5))


def test_labels_drawn_by_another_seed_agree_with_half_of_the_folders():
    patient = listed(0.5)
    found = evidence("misaligned-labels", patient)
    assert found.certainty == 1
    assert found.measurements[0].value == pytest.approx(0.5, abs=0.05)
    assert patient.accuracy.value == pytest.approx(0.5, abs=0.06)
    assert found.recovers.points > 30


def test_wrong_labels_in_the_training_list_are_proof():
    found = evidence("misaligned-labels", listed(0.5, where="training"))
    assert (found.certainty, found.proof, found.recovers) == (1.0, True, None)


def test_a_few_slips_are_clear():
    assert evidence("misaligned-labels", listed(0.015)).certainty < 0.25


def test_the_opposite_convention_is_not_misalignment():
    found = evidence("misaligned-labels", listed(1.0))
    assert found.certainty == 0
    assert "opposite" in found.summary


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_list_makes_no_difference(seed):
    assert evidence("misaligned-labels", listed(0.5, seed=seed)).certainty == 1


def test_classes_of_training_samples_that_belong_to_other_rows(tmp_path):
    x, who = clouds(noise=0.6)
    mixed = np.random.default_rng(1).permutation(who)
    blind = lambda batch: np.random.default_rng(0).normal(size=(len(batch), 8))  # noqa: E731
    log = history(tmp_path / "history.csv", loss=[0.3, 0.27, 0.25, 0.25, 0.25])
    facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log)
    for labels, found in ((mixed, True), (who, False)):
        patient = case(samples(x, who), training=samples(x, labels), head=head("euclidean"), embed=blind, facts=facts)
        said = evidence("misaligned-labels", patient)
        assert ("the training data" in said.summary and said.certainty > 0.5) == found


def trained(tmp_path, losses, embed):
    """Raw-distance contrastive model with margin 1 on clouds that raw inputs part well."""
    x, who = clouds(identities=10, each=30, noise=0.5)
    log = history(tmp_path / "history.csv", loss=losses)
    facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log, threshold=0.5)
    return case(samples(x, who), training=samples(x, who), head=head("euclidean"), embed=embed, facts=facts)


def learned_by_heart(x):
    """Each sample somewhere of its own, at about half the margin from every other, with a trace of identity."""
    seeds = (np.abs(x[:, :3]).sum(1) * 1e6).astype(int) % (2**31)
    own = np.stack([np.random.default_rng(s).normal(size=16) for s in seeds])
    return 0.085 * own + 0.07 * np.resize(np.tanh(x).T, (16, len(x))).T


def test_a_fitted_list_that_says_nothing_of_fresh_pairs_of_the_same_images(tmp_path):
    falling = np.geomspace(0.25, 0.08, 12).tolist()
    found = evidence("misaligned-labels", trained(tmp_path, falling, learned_by_heart))
    assert found.certainty > 0.5
    assert "nothing to do with the identities" in found.summary


@pytest.mark.parametrize(("positives", "found"), [(0.5, True), (0.03, False)])
def test_the_loss_of_a_training_out_of_balance_is_no_measure(tmp_path, positives, found):
    falling = np.geomspace(0.25, 0.08, 12).tolist()
    patient = trained(tmp_path, falling, learned_by_heart)
    told = replace(patient.settings.training, fed=FedSettings(positives=positives))
    patient.settings = replace(patient.settings, training=told)
    assert (evidence("misaligned-labels", patient).certainty > 0.5) == found


def test_a_sound_model_with_the_same_history_is_clear(tmp_path):
    falling = np.geomspace(0.25, 0.08, 12).tolist()
    found = evidence("misaligned-labels", trained(tmp_path, falling, lambda x: 0.3 * x))
    assert found.certainty == 0


def test_a_ruin_that_a_remedy_repairs_was_no_noise(tmp_path):
    """Here the embedding separates well by cosine, so its labels cannot have been noise."""
    falling = np.geomspace(0.25, 0.08, 12).tolist()

    def wandering_lengths(x):
        length = 0.02 + np.abs(np.sin(1e4 * x[:, :1]))
        return 1.2 * length * x / (1e-9 + np.linalg.norm(x, axis=1, keepdims=True))

    patient = trained(tmp_path, falling, wandering_lengths)
    assert patient.trial("metric").accuracy.value > 0.9
    assert evidence("misaligned-labels", patient).certainty == 0


def test_identities_that_nothing_could_tell_apart_accuse_nobody(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 8)).astype(np.float32)
    log = history(tmp_path / "h.csv", loss=np.geomspace(0.25, 0.08, 12).tolist())
    data = samples(noise, np.repeat(np.arange(10), 30))
    facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log, threshold=0.5)
    patient = case(data, training=data, head=head("euclidean"), embed=lambda x: 0.15 * x, facts=facts)
    assert evidence("misaligned-labels", patient).certainty < 0.5


def unnamed_list(flip, *, noise=0.3):
    """A training list of pairs whose identities nobody knows, beside data that raw inputs part well."""
    rng = np.random.default_rng(5)
    x, who = clouds(noise=noise)
    left, right = rng.integers(0, len(x), (2, 4000))
    kept = np.flatnonzero((who[left] == who[right]) | (rng.random(4000) < 0.15))
    same = (who[left] == who[right])[kept]
    same = same[rng.permutation(same.size)] if flip else same
    pairs = given(left[kept], right[kept], same)
    blind = rng.normal(size=(8, 1)).astype(np.float32)
    training = samples(x, who, pairs=pairs, identity_known=False)
    embed = lambda batch: 1e-3 * batch.reshape(len(batch), -1) @ blind  # noqa: E731
    facts = settings(loss="contrastive", margin=1.0, threshold=0.5)
    return case(samples(x, who), training=training, head=head("euclidean"), embed=embed, facts=facts)


def test_labels_of_a_list_that_likeness_contradicts_are_found_without_knowing_identities():
    found = evidence("misaligned-labels", unnamed_list(flip=True))
    assert found.certainty > 0.5
    assert "nothing to do with their pairs" in found.summary


def test_a_list_whose_labels_follow_likeness_accuses_nobody():
    with pytest.raises(Unavailable):  # no history to look back on either
        evidence("misaligned-labels", unnamed_list(flip=False))
