"""easy-triplets: the fault, near misses that stay clear, and what must make no difference.

The margin is in squared distances, as the loss takes it.
"""

import pytest
from siamdoctor.errors import Unavailable
from stand_ins import case, clouds, evidence, history, samples, settings

X, WHO = clouds()


def with_loss(tmp_path, losses, *, noise, margin=0.2):
    x, who = clouds(noise=noise, seed=3)
    log = history(tmp_path / "history.csv", loss=losses)
    return case(samples(x, who), facts=settings(loss="triplet", margin=margin, history=log))


def test_a_loss_of_nothing_on_an_embedding_that_mixes_identities_up(tmp_path):
    patient = with_loss(tmp_path, [0.1, 0.01, 0.002, 0.001, 0.001, 0.001], noise=1.6)
    found = evidence("easy-triplets", patient)
    assert found.certainty > 0.5
    assert found.recovers is None


def test_a_loss_of_nothing_on_a_good_embedding_is_success(tmp_path):
    patient = with_loss(tmp_path, [0.1, 0.01, 0.002, 0.001, 0.001, 0.001], noise=0.2)
    assert evidence("easy-triplets", patient).certainty == 0


def test_a_loss_at_work_on_a_weak_embedding_is_another_matter(tmp_path):
    patient = with_loss(tmp_path, [0.2, 0.15, 0.12, 0.11, 0.1, 0.1], noise=1.6)
    assert evidence("easy-triplets", patient).certainty < 0.25


def test_triplets_used_up_on_training_samples_alone_are_worth_a_line_only(tmp_path):
    log = history(tmp_path / "history.csv", loss=[0.1, 0.01, 0.002, 0.001, 0.001, 0.001])
    known, fresh = samples(*clouds(noise=0.2)), samples(*clouds(noise=1.6, seed=3))
    patient = case(fresh, training=known, facts=settings(loss="triplet", margin=0.2, history=log))
    assert 0 < evidence("easy-triplets", patient).certainty < 0.5


def test_triplets_used_up_in_the_first_epoch_were_too_easy(tmp_path):
    log = history(tmp_path / "history.csv", loss=[0.003, 0.0001, 0.0, 0.0, 0.0, 0.0])
    known, fresh = samples(*clouds(noise=0.2)), samples(*clouds(noise=1.6, seed=3))
    facts = settings(loss="triplet", margin=0.2, history=log)
    assert evidence("easy-triplets", case(fresh, training=known, facts=facts)).certainty > 0.5
    assert evidence("easy-triplets", case(known, training=known, facts=facts)).certainty == 0


@pytest.mark.parametrize(("losses", "to_blame"), [([0.0] * 5, False), ([0.6, 0.5, 0.5, 0.5, 0.5], True)])
def test_a_margin_spared_no_triplet_where_some_still_cost_and_training_met_none(tmp_path, losses, to_blame):
    x, who = clouds(noise=1.6, seed=3)
    log = history(tmp_path / "history.csv", loss=losses)
    facts = settings(loss="triplet", margin=0.02, history=log)
    patient = case(samples(x, who), training=samples(x, who), facts=facts)
    assert (evidence("margin-too-small", patient).certainty > 0) == to_blame


def test_a_point_that_a_lens_would_still_tell_apart_is_a_collapse_where_the_loss_says_so(tmp_path):
    log = history(tmp_path / "history.csv", loss=[0.25, 0.21, 0.2, 0.2001, 0.1999, 0.2])
    facts = settings(loss="triplet", margin=0.2, history=log)
    x, who = clouds(noise=0.8)
    tight = case(samples(x, who), facts=facts, embed=lambda batch: 5 + 1e-4 * batch.reshape(len(batch), -1))
    assert evidence("collapsed-embedding", tight).certainty > 0.5


def test_a_loss_of_exactly_the_margin(tmp_path):
    patient = with_loss(tmp_path, [0.25, 0.21, 0.2, 0.2001, 0.1999, 0.2], noise=1.6)
    found = evidence("easy-triplets", patient)
    assert found.certainty > 0.5
    assert "exactly the margin" in found.summary


@pytest.mark.parametrize("loss", ["contrastive", "binary_crossentropy", None])
def test_other_losses_have_no_triplets(loss):
    with pytest.raises(Unavailable, match="triplet"):
        evidence("easy-triplets", case(samples(X, WHO), facts=settings(loss=loss, margin=1.0)))
