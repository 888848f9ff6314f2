from __future__ import annotations

import itertools

import numpy as np
import pytest
from drawn import clouds
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kstest
from siamdoctor.stats.geometry import distance_matrix
from siamdoctor.stats.permutation import identity_permutation_test
from siamdoctor.stats.roc import auc


def pairwise_auc(distance: np.ndarray, identity: np.ndarray) -> float:
    pairs = [(i, j) for i, j in itertools.permutations(range(identity.size), 2)]
    between = np.array([distance[i, j] for i, j in pairs])
    return auc(between, np.array([identity[i] == identity[j] for i, j in pairs]))


@given(clouds(), st.integers(0, 99))
def test_the_statistic_is_the_auc_over_all_pairs_of_distinct_samples(cloud: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)
    identity = rng.choice([3, 1_000_000, -2], len(cloud))  # any integers will do
    assume(len(set(identity)) > 1)
    assume(len(set(identity)) < identity.size)
    distance = distance_matrix(cloud)
    distance[0, 1] = np.nan  # an untied pair of towers may lack one direction only
    area, p_value = identity_permutation_test(distance, identity, rng, permutations=9)
    assert area == pytest.approx(pairwise_auc(distance, identity), abs=1e-12)
    assert 0.1 <= p_value <= 1


def test_the_p_value_is_that_of_all_permutations():
    rng = np.random.default_rng(4)
    distance, identity = distance_matrix(rng.normal(size=(6, 2))), np.array([0, 0, 0, 1, 1, 1])
    observed = abs(pairwise_auc(distance, identity) - 0.5)
    every = [abs(pairwise_auc(distance, identity[list(o)]) - 0.5) for o in itertools.permutations(range(6))]
    exact = np.mean(np.array(every) >= observed - 1e-12)
    _, p_value = identity_permutation_test(distance, identity, rng, permutations=4000)
    assert p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


def test_p_values_are_uniform_where_distances_know_nothing():
    """Held although pairs share samples: the textbook test on pairs fails this badly."""
    p_values = []
    for run in range(300):
        rng = np.random.default_rng(run)
        distance = distance_matrix(rng.normal(size=(24, 3)))
        p_values.append(identity_permutation_test(distance, np.arange(24) % 4, rng, permutations=99)[1])
    assert kstest(p_values, "uniform").pvalue > 0.01
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.09


@pytest.mark.parametrize("sign", [1, -1])
def test_a_signal_is_found_in_either_direction(sign: int):
    rng = np.random.default_rng(8)
    identity = np.arange(40) % 8
    cloud = rng.normal(size=(8, 4))[identity] + rng.normal(0, 0.8, (40, 4))
    area, p_value = identity_permutation_test(sign * distance_matrix(cloud), identity, rng)
    assert sign * (area - 0.5) > 0.2
    assert p_value == 1 / 500


@pytest.mark.parametrize("identity", [np.zeros(5, int), np.arange(5)])
def test_without_both_kinds_of_pair_there_is_no_evidence(identity: np.ndarray):
    distance = distance_matrix(np.random.default_rng(0).normal(size=(5, 2)))
    area, p_value = identity_permutation_test(distance, identity, np.random.default_rng(0))
    assert np.isnan(area)
    assert p_value == 1


def test_the_order_of_samples_does_not_matter_and_the_seed_decides():
    rng = np.random.default_rng(2)
    distance, identity, order = distance_matrix(rng.normal(size=(20, 3))), np.arange(20) % 5, rng.permutation(20)
    first = identity_permutation_test(distance, identity, np.random.default_rng(0), permutations=49)
    again = identity_permutation_test(distance, identity, np.random.default_rng(0), permutations=49)
    moved, _ = identity_permutation_test(distance[np.ix_(order, order)], identity[order], rng, permutations=9)
    assert first == again
    assert moved == pytest.approx(first[0])
