"""batch-coupled-output: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from siamdoctor.models.blueprint import Lambda
from stand_ins import case, clouds, evidence, head, learned, samples

X, WHO = clouds()


def normalised_over_the_batch(x):
    flat = x.reshape(len(x), -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=0, keepdims=True), 1e-12)


def test_a_norm_over_the_batch_is_proof():
    patient = case(
        samples(X, WHO),
        head=head("euclidean"),
        embed=normalised_over_the_batch,
        batch_coupled=("l2_normalize",),
    )
    found = evidence("batch-coupled-output", patient)
    assert (found.certainty, found.proof) == (1.0, True)
    assert "l2_normalize" in found.summary
    alone = next(m.value for m in found.measurements if "by itself" in m.name)
    assert found.at_stake == pytest.approx(100 * abs(patient.accuracy.value - alone))
    assert found.at_stake > 20


def test_it_is_found_without_the_graph_naming_it():
    patient = case(samples(X, WHO), head=head("euclidean"), embed=normalised_over_the_batch)
    found = evidence("batch-coupled-output", patient)
    assert found.certainty == 1
    assert not found.proof


def test_an_encoder_saved_alone_is_judged_by_its_embeddings():
    patient = case(samples(X, WHO), embed=normalised_over_the_batch)
    assert evidence("batch-coupled-output", patient).certainty == 1


def test_a_reduction_over_all_axes_of_one_sample_is_clear_although_the_graph_names_it():
    patient = case(samples(X, WHO), head=head("euclidean"), batch_coupled=("norm",))
    assert evidence("batch-coupled-output", patient).certainty == 0


def test_rounding_of_a_constant_output_is_no_coupling():
    def constant(left, right):
        return 0.5 + 1e-7 * len(left) * np.ones(len(left)) * np.sign(right[:, 0])

    patient = case(samples(X, WHO), head=learned(), compare=constant)
    assert evidence("batch-coupled-output", patient).certainty == 0


def test_rounding_of_a_cosine_between_parallel_vectors_is_no_coupling():
    def parallel(left, right):
        return 1e-7 * np.sin(len(left) + 1e4 * left[:, 0] + right[:, 0])

    patient = case(samples(X, WHO), head=head("cosine_distance"), compare=parallel)
    assert evidence("batch-coupled-output", patient).certainty == 0


def test_a_graph_that_cannot_be_run_is_believed_in_part():
    def broken(x):
        return np.full((len(x), 4), np.nan)

    patient = case(samples(X, WHO), head=head("euclidean"), embed=broken, batch_coupled=("norm",))
    assert evidence("batch-coupled-output", patient).certainty == pytest.approx(0.6)


def test_a_layer_over_the_batch_that_was_left_out_may_cost_all_that_is_found_without_it():
    left_out = Lambda(name="standardise", place="encoder end", recognised_as=None)
    patient = case(samples(X, WHO), head=head("euclidean"), batch_coupled=("standardise",), lambdas=(left_out,))
    found = evidence("batch-coupled-output", patient)
    assert (found.certainty, found.proof) == (pytest.approx(0.6), False)
    assert found.at_stake == pytest.approx(100 * (patient.tuned_accuracy.value - 0.5))


def test_where_neither_company_nor_none_works_all_that_is_missing_is_at_stake():
    def by_company(x):
        return np.random.default_rng(int(1e6 * np.abs(x).sum())).normal(size=(len(x), 8))

    patient = case(samples(X, WHO), head=head("euclidean"), embed=by_company, batch_coupled=("softmax",))
    found = evidence("batch-coupled-output", patient)
    assert found.proof
    assert found.at_stake is None
