import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siamdoctor.data.distinct import distinct_numbers, even_quotas, pair_of
from siamdoctor.data.pairs import draw_pairs, halve_given_pairs
from siamdoctor.data.samples import GivenPairs
from siamdoctor.errors import UnreadableData

identities = st.lists(st.integers(-3, 12), min_size=2, max_size=80).map(np.array)


def rng(seed=0):
    return np.random.default_rng(seed)


def unordered(pairs):
    return {tuple(sorted(p)) for p in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)}


def judgeable(identity):
    _, sizes = np.unique(identity, return_counts=True)
    return sizes.size > 1 and sizes.max() > 1


@settings(deadline=None, max_examples=150)
@given(
    identity=identities.filter(judgeable),
    count=st.integers(1, 60).map(lambda k: 2 * k),
    seed=st.integers(0, 99),
)
def test_pairs_are_balanced_distinct_and_truly_labelled(identity, count, seed):
    pairs = draw_pairs(identity, count, rng(seed))
    assert 2 <= pairs.same.size <= count
    assert pairs.same.sum() * 2 == pairs.same.size
    assert np.all(pairs.left != pairs.right)
    assert len(unordered(pairs)) == pairs.same.size
    assert np.array_equal(identity[pairs.left] == identity[pairs.right], pairs.same)


@settings(deadline=None, max_examples=150)
@given(identity=identities.filter(judgeable), seed=st.integers(0, 99))
def test_one_pair_of_each_kind_is_always_had_and_never_more_than_there_are(identity, seed):
    _, sizes = np.unique(identity, return_counts=True)
    positives = int((sizes * (sizes - 1) // 2).sum())
    pairs = draw_pairs(identity, 2, rng(seed))
    assert pairs.same.size == 2
    assert draw_pairs(identity, 10_000, rng(seed)).same.sum() <= positives


def test_halves_share_no_identity_where_there_are_enough_of_them():
    identity = np.repeat(np.arange(8), 5)
    pairs = draw_pairs(identity, 80, rng())
    owners = [
        set(identity[np.concatenate([pairs.left[pairs.half == h], pairs.right[pairs.half == h]])]) for h in (0, 1)
    ]
    assert len(owners[0]) == len(owners[1]) == 4
    assert not owners[0] & owners[1]
    assert np.array_equal(pairs.cluster_left, identity[pairs.left])
    assert pairs.identities == 8


def test_halves_share_no_image_where_identities_are_few():
    identity = np.repeat([5, 9], 12)
    pairs = draw_pairs(identity, 40, rng())
    images = [set(np.concatenate([pairs.left[pairs.half == h], pairs.right[pairs.half == h]])) for h in (0, 1)]
    assert not images[0] & images[1]
    assert np.array_equal(pairs.cluster_right, pairs.right)
    assert [int((pairs.half == h).sum()) for h in (0, 1)] == [20, 20]
    for h in (0, 1):
        assert pairs.same[pairs.half == h].mean() == 0.5


def test_positives_are_even_over_identities_of_very_different_sizes():
    identity = np.repeat(np.arange(10), [4, 400, 4, 4, 40, 4, 4, 100, 4, 4])
    pairs = draw_pairs(identity, 100, rng())
    counts = np.bincount(identity[pairs.left[pairs.same]], minlength=10)
    assert counts.min() >= 4
    assert counts.max() <= 6


def test_negatives_are_even_over_pairs_of_identities():
    identity = np.repeat(np.arange(8), [3, 300, 3, 3, 30, 3, 3, 3])
    pairs = draw_pairs(identity, 120, rng(3))
    low = np.minimum(identity[pairs.left], identity[pairs.right])[~pairs.same]
    high = np.maximum(identity[pairs.left], identity[pairs.right])[~pairs.same]
    _, counts = np.unique(low * 8 + high, return_counts=True)
    assert counts.size == 12  # six pairs of four identities, in two halves
    assert counts.max() - counts.min() <= 1


def test_an_identity_with_one_sample_only_gives_negatives():
    identity = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    pairs = draw_pairs(identity, 1000, rng())
    assert 2 in identity[np.concatenate([pairs.left, pairs.right])[np.tile(~pairs.same, 2)]]
    assert 2 not in identity[pairs.left[pairs.same]]


def test_the_same_seed_draws_the_same_pairs_and_another_seed_others():
    identity = np.repeat(np.arange(20), 6)
    first, again, other = (draw_pairs(identity, 200, rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first.left, again.left)
    assert np.array_equal(first.right, again.right)
    assert unordered(first) != unordered(other)


def test_either_side_may_come_first_and_kinds_are_mixed():
    pairs = draw_pairs(np.repeat(np.arange(20), 6), 400, rng())
    assert 0.35 < (pairs.left < pairs.right).mean() < 0.65
    assert 0.35 < pairs.same[:200].mean() < 0.65


def test_a_large_data_set_takes_a_fraction_of_a_second():
    identity = rng().integers(0, 10_000, 200_000)
    began = time.perf_counter()
    pairs = draw_pairs(identity, 2000, rng())
    assert time.perf_counter() - began < 1.0  # 0.04 s when the machine is idle
    assert pairs.same.size == 2000


@pytest.mark.parametrize(
    ("identity", "message"),
    [([1, 1, 1], "identities=1"), ([], "identities=0"), ([1, 2, 3], "each has one")],
)
def test_data_without_pairs_is_refused_with_what_was_received(identity, message):
    with pytest.raises(UnreadableData, match=message):
        draw_pairs(np.array(identity, dtype=np.int64), 100, rng())


@given(st.integers(0, 200_000))
def test_pair_numbers_count_through_all_pairs(number):
    low, high = pair_of(np.array([number]))
    assert 0 <= low[0] < high[0]
    assert high[0] * (high[0] - 1) // 2 + low[0] == number


def test_pair_numbers_stay_exact_where_floats_no_longer_are():
    highs = np.array([10**5, 10**7, 10**9], dtype=np.int64)
    first = highs * (highs - 1) // 2
    for number, low in ((first, np.zeros(3)), (first + highs - 1, highs - 1)):
        assert np.array_equal(pair_of(number)[1], highs)
        assert np.array_equal(pair_of(number)[0], low)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(0, 99), st.data())
def test_quotas_are_as_even_as_capacities_allow(capacity, seed, data):
    capacity = np.array(capacity)
    wanted = data.draw(st.integers(0, int(capacity.sum())))
    quota = even_quotas(capacity, wanted, rng(seed))
    assert quota.sum() == wanted
    assert np.all(quota <= capacity)
    short = quota < capacity
    assert not short.any() or quota[short].min() >= quota.max() - 1


@pytest.mark.parametrize("quota", [2, 5])  # few of an urn are drawn by rejection, many by listing
def test_distinct_numbers_are_uniform_and_distinct(quota):
    counts = np.zeros(10)
    for seed in range(400):
        urn, number = distinct_numbers(np.array([10, 30]), np.array([quota, 1]), rng(seed))
        drawn = number[urn == 0]
        assert np.unique(drawn).size == drawn.size == quota
        counts[drawn] += 1
    assert np.all(np.abs(counts - 40 * quota) < 4 * np.sqrt(40 * quota))


def given_pairs(left, right, same):
    return GivenPairs(left=np.array(left), right=np.array(right), same=np.array(same, dtype=bool))


def test_given_pairs_that_fall_into_clusters_are_all_kept():
    base = np.arange(20) * 3
    pairs = given_pairs(np.repeat(base, 2), np.stack([base + 1, base + 2], 1).ravel(), [1, 0] * 20)
    halved = halve_given_pairs(pairs, np.arange(60), rng())
    assert halved.same.size == 40
    sides = [set(np.concatenate([halved.left[halved.half == h], halved.right[halved.half == h]])) for h in (0, 1)]
    assert not sides[0] & sides[1]


def test_given_pairs_between_all_identities_lose_only_those_that_cross():
    identity = np.repeat(np.arange(10), 6)
    drawn = rng(4)
    left, right = drawn.integers(0, 60, 600), drawn.integers(0, 60, 600)
    halved = halve_given_pairs(given_pairs(left, right, identity[left] == identity[right]), identity, rng())
    owners = [
        set(identity[np.concatenate([halved.left[halved.half == h], halved.right[halved.half == h]])]) for h in (0, 1)
    ]
    assert not owners[0] & owners[1]
    assert halved.same.sum() == ((identity[left] == identity[right]) & (left != right)).sum()
    assert np.array_equal(halved.same, identity[halved.left] == identity[halved.right])


def test_given_labels_are_kept_even_where_they_contradict_the_identities():
    identity = np.repeat(np.arange(4), 2)
    halved = halve_given_pairs(given_pairs([0, 2, 4, 6], [1, 3, 5, 7], [0, 1, 0, 1]), identity, rng())
    wrong = dict(zip(halved.left.tolist(), halved.same.tolist(), strict=True))
    assert wrong == {0: False, 2: True, 4: False, 6: True}


def test_given_pairs_of_one_kind_are_refused():
    with pytest.raises(UnreadableData, match="same=2"):
        halve_given_pairs(given_pairs([0, 1], [2, 3], [1, 1]), np.arange(4), rng())


def test_self_pairs_are_left_out_unless_they_are_the_only_positives():
    identity = np.repeat(np.arange(4), 3)
    some = halve_given_pairs(given_pairs([0, 0, 3, 0, 3], [0, 1, 4, 3, 6], [1, 1, 1, 0, 0]), identity, rng())
    assert np.all(some.left != some.right)
    only = halve_given_pairs(given_pairs([0, 3, 0, 3], [0, 3, 3, 6], [1, 1, 0, 0]), identity, rng())
    assert only.same.sum() == 2
