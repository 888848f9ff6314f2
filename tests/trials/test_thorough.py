"""What a thorough run measures, and what its measurements change in the results."""

from __future__ import annotations

import dataclasses

import pytest
from claimed_causes import definition, found
from siamdoctor.results import Interval, Recovery
from siamdoctor.trials import weighing
from siamdoctor.trials.retraining import retrain
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.thorough import thorough
from siamdoctor.trials.treatments import Comparison, recovery
from siamdoctor.trials.usual_training import usual


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr("siamdoctor.trials.thorough.STEPS", 200)


def test_thorough_measures_what_was_only_claimed(known_few):
    results = (found("inverted-labels"), found("wrong-threshold"))
    work = thorough(known_few, results, tuple(definition(r.id) for r in results))
    told = work.results
    assert not work.partial
    assert [t.id for t in work.trials] == ["handful", "differential", "retraining"]
    # The saved network is untrained: labels are only supposed to be inverted, so their cost is at stake.
    assert told[0].evidence.recovers is None
    assert told[0].evidence.at_stake > 10
    assert "labels as the loss expects them" in told[0].evidence.measurements[-1].name
    assert told[1] == results[1]


def test_thorough_without_time_leaves_everything_as_it_was(known_few):
    results = (found("inverted-labels"),)
    work = thorough(known_few, results, (definition("inverted-labels"),), budget=0.0)
    assert work.results == results
    assert work.partial
    assert not work.interrupted


def test_an_interrupted_thorough_run_keeps_what_it_has(known_few, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("siamdoctor.trials.thorough.retrain", interrupt)
    results = (found("margin-too-small"),)
    work = thorough(known_few, results, (definition("margin-too-small"),))
    assert work.interrupted
    assert work.partial
    assert [t.id for t in work.trials] == ["handful", "differential"]


def test_retraining_recovers_what_was_declared_wrongly():
    gained = Comparison(
        remedy="margin 1",
        held_out="fresh samples",
        without=Interval(value=0.5, low=0.4, high=0.6),
        treated=Interval(value=0.9, low=0.8, high=1.0),
        recovers=Recovery(points=40.0, low=30.0, high=50.0),
    )
    margin = weighing.after_retraining(found("margin-too-small"), gained, settled=None)
    assert margin.evidence.recovers == gained.recovers
    supposed = weighing.after_retraining(found("inverted-labels"), gained, settled=None)
    assert (supposed.evidence.recovers, supposed.evidence.at_stake) == (None, 40.0)
    seen = weighing.after_retraining(found("inverted-labels"), gained, settled="inverted-labels")
    assert seen.evidence.recovers == gained.recovers


def test_an_uncertain_measurement_acquits_nobody(known_few, monkeypatch):
    unsure = dataclasses.replace(
        retrain(known_few, "untrained-encoder", Room(known_few, steps=30)),
        recovers=dataclasses.replace(
            recovery(*[Room(known_few, steps=5).judged(usual(known_few))] * 2, Room(known_few, steps=5).arena),
            low=-10.0,
            high=20.0,
        ),
    )
    monkeypatch.setattr("siamdoctor.trials.thorough.retrain", lambda *_: unsure)
    (told,) = thorough(known_few, (found("inverted-labels"),), (definition("inverted-labels"),)).results
    assert told.evidence.recovers is None
    assert told.evidence.measurements[-1].low == -10.0


def test_what_retraining_cannot_measure_says_why(known_few):
    (told,) = thorough(known_few, (found("untied-towers"),), (definition("untied-towers"),)).results
    assert told.status == "found"
    assert "one encoder already" in told.reason


def test_that_nothing_can_be_replayed_is_said():
    assert "the loss is not known" in weighing.of_no_replay("the loss is not known").statement
