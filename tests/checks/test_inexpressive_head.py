"""inexpressive-head: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from scipy.special import expit
from stand_ins import a_comparison, case, clouds, dense, evidence, head, learned, samples


def a_sum(left, right):
    weights = np.linspace(-1, 1, left.shape[1])
    return expit(left @ weights - 2 * (right @ weights) + 0.3)


X, WHO = clouds()


def test_a_linear_unit_on_concatenated_embeddings_is_proof():
    found = evidence("inexpressive-head", case(samples(X, WHO), head=learned("concatenate"), compare=a_sum))
    assert (found.certainty, found.proof) == (1.0, True)
    assert found.recovers.points > 30
    share = next(m.value for m in found.measurements if "interaction" in m.name)
    assert share < 1e-4


@pytest.mark.parametrize("merge", ["concatenate", "difference"])
def test_linear_hidden_layers_do_not_help(merge):
    straight = learned(merge, hidden=("linear", None))
    assert evidence("inexpressive-head", case(samples(X, WHO), head=straight, compare=a_sum)).certainty == 1


def test_a_hidden_layer_that_bends_is_clear():
    bent = learned("concatenate", hidden=("relu",))
    found = evidence("inexpressive-head", case(samples(X, WHO), head=bent, compare=a_comparison))
    assert found.certainty == 0


def test_an_activation_layer_of_its_own_bends_as_well():
    layers = (dense("hidden", 8, "linear"), dense("act", None, "relu"), dense("output", 1, "sigmoid"))
    bent = head("learned", merge="concatenate", units=1, activation="sigmoid", layers=layers)
    assert evidence("inexpressive-head", case(samples(X, WHO), head=bent, compare=a_comparison)).certainty == 0


def test_a_sum_is_found_by_what_it_answers_where_the_merge_is_unknown():
    found = evidence("inexpressive-head", case(samples(X, WHO), head=learned(None), compare=a_sum))
    assert found.certainty > 0.5
    assert not found.proof


def test_a_head_that_is_nearly_a_sum_is_clear():
    def nearly(left, right):
        return expit((left - 2 * right).sum(1) / 4 - 0.2 * np.abs(left - right).sum(1))

    found = evidence("inexpressive-head", case(samples(X, WHO), head=learned(None), compare=nearly))
    assert found.certainty == 0


def test_no_learned_head_no_fault():
    assert evidence("inexpressive-head", case(samples(X, WHO), head=head("euclidean"))).certainty == 0


def test_the_scale_of_the_embedding_makes_no_difference():
    small = case(samples(X * 1e-3, WHO), head=learned("absolute_difference"), compare=a_comparison)
    assert evidence("inexpressive-head", small).certainty == 0
