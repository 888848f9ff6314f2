"""loss-head-mismatch: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from siamdoctor.trials.outcome import Outcome
from stand_ins import a_comparison, case, clouds, evidence, head, learned, samples, settings

X, WHO = clouds()


def reversed_distance():
    """Cross-entropy on a distance with label 1 = same teaches same pairs to be one unit apart."""
    rng = np.random.default_rng(0)
    return case(
        samples(rng.normal(size=(200, 8)), WHO),
        head=head("euclidean"),
        facts=settings(loss="binary_crossentropy", same_label=1),
    )


def test_a_raw_distance_into_cross_entropy_is_proof():
    found = evidence("loss-head-mismatch", reversed_distance())
    assert (found.certainty, found.proof) == (1.0, True)
    outside = next(m.value for m in found.measurements if "outside" in m.name)
    assert outside > 0.9


@pytest.mark.parametrize("ruined", [True, False])
def test_a_similarity_that_contrastive_loss_drove_apart(ruined):
    x, who = clouds(noise=0.5)
    mixed = np.random.default_rng(0).normal(size=x.shape)
    facts = settings(loss="contrastive", margin=1.0, same_label=1)
    patient = case(
        samples(x, who),
        head=head("cosine_similarity"),
        embed=(lambda batch: mixed[: len(batch)]) if ruined else None,
        facts=facts,
        fresh=lambda _: lambda batch: batch.reshape(len(batch), -1),
    )
    found = evidence("loss-head-mismatch", patient)
    assert (found.certainty > 0.5) == ruined
    assert evidence("inverted-labels", patient).certainty < 0.5
    if ruined:
        assert "is given a similarity" in found.summary
        assert not found.proof


def test_what_separates_nevertheless_is_no_proof_of_a_loss():
    healthy = case(samples(X, WHO), head=head("euclidean"), facts=settings(loss="binary_crossentropy"))
    assert not evidence("loss-head-mismatch", healthy).proof


def test_the_file_s_own_loss_counts():
    patient = case(samples(X, WHO), head=head("euclidean"), loss="BinaryCrossentropy")
    assert evidence("loss-head-mismatch", patient).certainty == 1


@pytest.mark.parametrize(
    ("kind", "same_label"), [("cosine_similarity", 1), ("euclidean", 0)], ids=["cosine", "1 = different"]
)
def test_what_points_the_right_way_is_worth_a_line_only(kind, same_label):
    facts = settings(loss="binary_crossentropy", same_label=same_label)
    assert 0 < evidence("loss-head-mismatch", case(samples(X, WHO), head=head(kind), facts=facts)).certainty < 0.5


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_a_unit_without_a_sigmoid_under_cross_entropy(activation):
    patient = case(
        samples(X, WHO),
        head=learned(activation=activation),
        compare=lambda a, b: 2 - np.abs(a - b).sum(1),
        loss="binary_crossentropy",
    )
    assert evidence("loss-head-mismatch", patient).certainty == 1


def test_logits_declared_as_such_are_clear():
    patient = case(
        samples(X, WHO),
        head=learned(activation="linear"),
        compare=lambda a, b: 2 - np.abs(a - b).sum(1),
        loss="BinaryCrossentropy",
        loss_from_logits=True,
    )
    assert evidence("loss-head-mismatch", patient).certainty == 0


def test_a_linear_unit_whose_loss_only_the_user_names_may_be_logits():
    patient = case(
        samples(X, WHO),
        head=learned(activation="linear"),
        compare=lambda a, b: 2 - np.abs(a - b).sum(1),
        facts=settings(loss="binary_crossentropy"),
    )
    assert evidence("loss-head-mismatch", patient).certainty < 0.5


@pytest.mark.parametrize(("margin", "expected"), [(1.0, 0.0), (2.0, 1.0)])
def test_contrastive_loss_on_a_sigmoid_is_a_fault_beyond_margin_one(margin, expected):
    facts = settings(loss="contrastive", margin=margin, same_label=0)
    patient = case(samples(X, WHO), head=learned(), compare=lambda a, b: 1 - a_comparison(a, b), facts=facts)
    assert evidence("loss-head-mismatch", patient).certainty == expected


@pytest.mark.parametrize(
    ("loss", "fitting"),
    [("contrastive", head("euclidean")), ("binary_crossentropy", learned()), ("mse", head("exp_manhattan"))],
)
def test_what_belongs_together_is_clear(loss, fitting):
    facts = settings(loss=loss, margin=1.0 if loss == "contrastive" else None)
    patient = case(samples(X, WHO), head=fitting, facts=facts)
    patient = patient if not fitting.learned else case(samples(X, WHO), head=fitting, compare=a_comparison, facts=facts)
    assert evidence("loss-head-mismatch", patient).certainty == 0


@pytest.mark.parametrize("loss", ["mean_squared_error", "MeanSquaredError"])
def test_squared_errors_in_the_file_are_read(loss):
    assert evidence("loss-head-mismatch", case(samples(X, WHO), head=head("exp_manhattan"), loss=loss)).certainty == 0
    with pytest.raises(Unavailable, match="same_label"):
        evidence("loss-head-mismatch", case(samples(X, WHO), head=head("euclidean"), loss=loss))


def test_a_loss_of_no_known_kind_is_named():
    with pytest.raises(Unavailable, match="my_loss"):
        evidence("loss-head-mismatch", case(samples(X, WHO), head=head("euclidean"), loss="my_loss"))


def test_without_a_known_loss_nothing_is_said():
    with pytest.raises(Unavailable, match="loss"):
        evidence("loss-head-mismatch", case(samples(X, WHO), head=head("euclidean")))


def test_a_logistic_unit_recovers_a_distance_that_is_read_backwards():
    patient = case(
        samples(X, WHO),
        head=head("euclidean"),
        facts=settings(loss="binary_crossentropy", same_label=1),
        metrics=("accuracy",),
    )
    outcome = patient.trial("logistic-output")
    assert isinstance(outcome, Outcome)
    assert patient.accuracy.value < 0.5
    assert outcome.accuracy.value > 0.9
    assert outcome.auc == pytest.approx(patient.deployed.auc, abs=1e-3)
