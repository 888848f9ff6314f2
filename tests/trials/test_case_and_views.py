"""The case's promises: halves that share nothing, one embedding a sample, the same numbers for the same seed."""

import dataclasses

import numpy as np
import pytest
from siamdoctor.errors import Unavailable, UnreadableData
from siamdoctor.registry import all_checks
from siamdoctor.runner import run_checks
from siamdoctor.settings import DecisionSettings
from siamdoctor.stats.roc import balanced_accuracy
from siamdoctor.trials.scoring import metric_options
from small_twins import case_of, clouds, settings_of


def again(model, samples, **settings):
    return case_of(model, samples, dataclasses.replace(settings_of(), **settings))


def test_no_identity_stands_in_both_halves(plain_case):
    pairs, identity = plain_case.pairs, plain_case.identity
    halves = [set(identity[side[pairs.half == h]]) for h in (0, 1) for side in (pairs.left, pairs.right)]
    assert not (halves[0] | halves[1]) & (halves[2] | halves[3])
    assert (pairs.same == (identity[pairs.left] == identity[pairs.right])).all()


def test_every_sample_is_embedded_once_however_many_pairs_use_it(plain_case, monkeypatch):
    twin, rows = plain_case.twin, []
    embed = type(twin).embed
    monkeypatch.setattr(type(twin), "embed", lambda self, x, **kw: rows.append(len(x)) or embed(self, x, **kw))
    view = plain_case.deployed
    _ = view.distance, view.as_deployed, view.tuned, metric_options(view)
    assert rows == [len(plain_case.pixels)]
    assert plain_case.pairs.same.size > 2 * len(plain_case.pixels)


def test_the_same_seed_repeats_and_another_draws_other_pairs(plain_model):
    samples = clouds(12, 15, 1)
    first, second, other = (again(plain_model, samples, seed=s) for s in (0, 0, 1))
    assert np.array_equal(first.pairs.left, second.pairs.left)
    assert first.accuracy == second.accuracy
    assert not np.array_equal(first.pairs.left, other.pairs.left)


def test_a_tuned_threshold_gains_nothing_over_itself(plain_case):
    outcome = plain_case.trial("threshold")
    assert outcome.excess.points == 0
    assert (outcome.excess.low, outcome.excess.high) == (0, 0)


def test_a_threshold_out_of_range_is_chance_and_tuning_recovers_it(plain_model):
    case = again(plain_model, clouds(12, 15, 1), decision=DecisionSettings(metric="euclidean", threshold=1e9))
    assert case.accuracy.value == 0.5
    outcome = case.trial("threshold")
    assert outcome.gain.points == pytest.approx(100 * (outcome.accuracy.value - 0.5))
    assert outcome.accuracy.value == balanced_accuracy(case.deployed.tuned, case.pairs.same)


def test_a_remedy_that_does_not_apply_says_why_and_says_it_again(plain_case):
    for _ in range(2):
        with pytest.raises(Unavailable, match="share their weights"):
            plain_case.trial("one-tower")
    assert "one-tower" not in {o.name for o in plain_case.outcomes}


def test_samples_that_cannot_be_read_take_only_their_own_pairs_away(plain_model):
    samples = clouds(12, 15, 1)
    load = samples.load

    def with_a_gap(rows, shape):
        values = np.array(load(rows, shape))
        values[np.asarray(rows) == 3] = np.nan
        return values

    whole, gap = again(plain_model, samples), again(plain_model, dataclasses.replace(samples, load=with_a_gap))
    touched = ((whole.used[whole.pairs.left] == 3) | (whole.used[whole.pairs.right] == 3)).sum()
    assert touched > 0
    assert 3 not in gap.used
    assert gap.pairs.same.size == whole.pairs.same.size - touched


def test_nothing_readable_is_the_users_problem_not_a_crash(plain_model):
    samples = clouds(12, 15, 1)
    broken = dataclasses.replace(samples, load=lambda rows, shape: np.full((len(rows), *shape), np.nan, np.float32))
    with pytest.raises(UnreadableData, match="No sample could be read"):
        _ = again(plain_model, broken).pairs


def test_quantities_are_read_only(plain_case):
    with pytest.raises(ValueError, match="read-only"):
        plain_case.embeddings[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        plain_case.inputs[0] = 0


@pytest.mark.parametrize("model", ["plain_model", "unit_model", "collapsed_model"])
def test_no_check_crashes_on_whatever_an_encoder_does(model, request):
    case = again(request.getfixturevalue(model), clouds(12, 15, 1))
    results = run_checks(all_checks(), case)
    assert [(r.id, r.reason) for r in results if r.status == "crashed"] == []
    assert any(r.status == "clear" for r in results)
