"""identical-positive-pairs: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
from stand_ins import case, clouds, evidence, given, head, history, samples, settings


def listed(share, where="training"):
    x, who = clouds()
    rng = np.random.default_rng(0)
    left = rng.integers(0, len(x), 1000)
    same = rng.random(1000) < 0.5
    partner = np.array([rng.choice(np.flatnonzero((who == who[a]) == s)) for a, s in zip(left, same, strict=True)])
    twice = same & (rng.random(1000) < share)
    partner[twice] = left[twice]
    brought = samples(x, who, pairs=given(left, partner, same))
    if where == "evaluation":
        return case(brought, facts=settings(threshold=2.0))
    return case(samples(x, who), training=brought, facts=settings(threshold=0.01))


def test_a_list_of_images_paired_with_themselves_is_proof():
    found = evidence("identical-positive-pairs", listed(1.0))
    assert (found.certainty, found.proof) == (1.0, True)
    assert found.recovers.points > 30


def test_equal_content_under_two_names_counts():
    x, who = clouds(identities=6, each=10)
    twice, owners = np.concatenate([x, x]), np.concatenate([who, who])
    left = np.arange(60)
    others = np.roll(np.arange(60), 10)
    pairs = given(
        np.concatenate([left, left]),
        np.concatenate([left + 60, others]),
        np.repeat([True, False], 60),
    )
    patient = case(samples(x, who), training=samples(twice, owners, pairs=pairs), facts=settings(threshold=0.01))
    assert evidence("identical-positive-pairs", patient).certainty == 1


def test_a_slip_now_and_then_is_clear():
    assert evidence("identical-positive-pairs", listed(0.02)).certainty < 0.25


def test_an_evaluation_list_is_named_as_such():
    found = evidence("identical-positive-pairs", listed(1.0, "evaluation"))
    assert found.certainty == 1
    assert "evaluation list" in found.summary
    assert not found.proof


def repelled(tmp_path, losses, embed):
    x, who = clouds(identities=10, each=25, noise=0.9)
    log = history(tmp_path / "history.csv", loss=losses)
    facts = settings(loss="contrastive", margin=1.0, same_label=1, history=log, threshold=0.5)
    data = samples(x, who)
    return case(data, training=data, head=head("euclidean"), embed=embed, facts=facts)


def test_a_perfect_history_over_an_embedding_that_pushes_everything_apart(tmp_path):
    patient = repelled(tmp_path, [0.1, 0.01, 1e-3, 1e-5, 1e-6, 1e-6], lambda x: 2 * x)
    found = evidence("identical-positive-pairs", patient)
    assert found.certainty > 0.5
    assert "one image twice" in found.summary


def test_a_perfect_history_over_a_sound_embedding_is_clear(tmp_path):
    def sound(x):
        centres = clouds(identities=10, each=25, noise=0.9)
        nearest = np.abs(x[:, None] - centres[0][None]).sum(2).argmin(1)
        return np.eye(10)[centres[1][nearest]]

    patient = repelled(tmp_path, [0.1, 0.01, 1e-3, 1e-5, 1e-6, 1e-6], sound)
    assert evidence("identical-positive-pairs", patient).certainty == 0


def test_a_history_that_admits_its_loss_is_clear(tmp_path):
    patient = repelled(tmp_path, [0.5, 0.4, 0.38, 0.37, 0.37, 0.37], lambda x: 2 * x)
    assert evidence("identical-positive-pairs", patient).certainty == 0
