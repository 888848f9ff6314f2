"""Replays of training faults, and what they change in a ranking."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from siamdoctor.results import CheckResult, Evidence
from siamdoctor.trials import weighing
from siamdoctor.trials.differential import SOUND, Differential, Likeness, differential, faults
from siamdoctor.trials.replay_signature import TRAITS, likelihood
from siamdoctor.trials.retraining_room import Room
from siamdoctor.trials.training import OutOfTime, put_weights
from small_twins import case_of, clouds, samples_of, settings_of

STEPS = 200


@pytest.fixture(scope="module")
def halves():
    """Ten identities that train, and fresh samples of them."""
    whole = clouds(10, 40, 1)
    rows = np.arange(400)
    x = whole.load(rows, (12,))
    return [samples_of(x[part], whole.identity[part]) for part in (rows % 2 == 0, rows % 2 == 1)]


def fresh_case(model, halves, **settings):
    return case_of(model, halves[1], settings_of(margin=None, **settings), training=halves[0])


@pytest.mark.parametrize("fault", [SOUND, "inverted-labels", "margin-too-small"])
def test_a_model_with_the_fault_looks_like_its_replay(plain_model, halves, fault):
    case = fresh_case(plain_model, halves)
    room = Room(case, steps=STEPS)
    treatment = faults(case)[fault]
    # The patient is trained a little longer than the replays, from other weights and on other folds' samples.
    longer = dataclasses.replace(treatment, name="patient", steps=treatment.steps * 1.4)
    trainer = room._train(longer, 1, 77)
    weights = [np.asarray(v.value) for layer in trainer.encoders[0].layers for v in layer.variables]
    put_weights([case.twin.encoder], tuple(weights))
    found = differential(case, room)
    assert found.replays[0].cause == fault
    assert not found.partial
    assert fault in found.rivals


def test_without_time_nothing_is_compared(plain_model, halves):
    case = fresh_case(plain_model, halves)
    with pytest.raises(OutOfTime):
        differential(case, Room(case, steps=STEPS, deadline=time.monotonic()))


def test_an_interrupted_differential_says_which_replays_it_has(plain_model, halves, monkeypatch):
    case = fresh_case(plain_model, halves)
    room, measured, calls = Room(case, steps=20), Room.measured, []

    def counted(self, *given):
        calls.append(given)
        if len(calls) > 6:  # three folds of a sound training and of a suspect
            raise KeyboardInterrupt
        return measured(self, *given)

    monkeypatch.setattr(Room, "measured", counted)
    found = differential(case, room, ("margin-too-large",))
    assert {r.cause for r in found.replays} == {SOUND, "margin-too-large"}
    assert found.partial
    assert found.interrupted


def test_finished_trainings_are_not_done_again(plain_model, halves, tmp_path, monkeypatch):
    case, journal = fresh_case(plain_model, halves), tmp_path / "trainings.jsonl"
    first = differential(case, Room(case, steps=5, journal=journal))
    judged = Room(case, steps=5, journal=journal).judged(faults(case)[SOUND])
    lines = journal.read_text().splitlines()
    assert len(lines) == 3 * (len(first.replays) + 1)
    monkeypatch.setattr(Room, "_train", None)  # nothing is trained from here on
    assert differential(case, Room(case, steps=5, journal=journal)) == first
    again = Room(case, steps=5, journal=journal).judged(faults(case)[SOUND])
    np.testing.assert_array_equal(again.correct, judged.correct)
    other = case_of(plain_model, halves[0], settings_of(margin=None), training=halves[1])
    with pytest.raises(TypeError):  # other data: the journal knows nothing of them
        differential(other, Room(other, steps=5, journal=journal))


def test_declared_facts_leave_replays_out(plain_model, halves):
    known = case_of(plain_model, halves[1], settings_of(margin=1e-4), training=halves[0])
    assert "margin-too-large" not in faults(known)
    assert faults(known)["margin-too-small"].margin == 1e-4
    assert "collapsed-embedding" not in faults(known)  # the file's rate of .002 is no high one
    triplet = case_of(plain_model, halves[1], settings_of(margin=None, loss="triplet"), training=halves[0])
    assert "inverted-labels" not in faults(triplet)
    excluded = differential(known, Room(known, steps=5), ruled_out={"untrained-encoder"})
    assert "untrained-encoder" not in [r.cause for r in excluded.replays]


def test_the_nearest_replays_are_the_likeliest():
    rng = np.random.default_rng(0)
    least = np.array([t.least for t in TRAITS])
    centre = np.full(len(TRAITS), 0.5)
    near, far = ([centre + shift * least + 0.1 * least * rng.normal(size=8) for _ in range(3)] for shift in (0, 4))
    assert likelihood(centre, near) > likelihood(centre, far)
    vague = [centre + 4 * least * rng.normal(size=8) for _ in range(3)]
    assert likelihood(centre, near) > likelihood(centre, vague)  # what could end anywhere predicts nothing


# What follows --------------------------------------------------------------------------------------------


def found_by(certainty: float, cause: str = "inverted-labels", **changes) -> CheckResult:
    evidence = Evidence(certainty=certainty, summary="Seen.", fix="Mend it.", **changes)
    return CheckResult(id=cause, code="SD201", status="found", seconds=0.0, evidence=evidence)


def told(*replays, auc=0.5) -> Differential:
    return Differential(
        replays=tuple(Likeness(cause=c, times=times, auc=area) for c, times, area in replays), auc=auc, partial=False
    )


SETTLED = told(("inverted-labels", 1.0, 0.55), ("misaligned-labels", 300.0, 0.6), (SOUND, 1e6, 0.95))
TIED = told(("inverted-labels", 1.0, 0.55), ("misaligned-labels", 3.0, 0.6), (SOUND, 1e6, 0.95))


def test_the_settled_fault_is_blamed_and_the_others_step_back():
    blamed = weighing.after_differential(found_by(0.4), SETTLED)
    assert blamed.evidence.certainty == weighing.BLAMED
    assert "none of the other replays" in blamed.evidence.summary
    other = weighing.after_differential(found_by(0.9, "misaligned-labels"), SETTLED)
    assert other.evidence.certainty == weighing.SHOWN


def test_a_check_that_saw_nothing_is_found_where_only_its_replay_fits():
    blind = CheckResult(id="inverted-labels", code="SD201", status="skipped", seconds=0.0, reason="no data")
    blamed = weighing.after_differential(blind, SETTLED)
    assert (blamed.status, blamed.reason) == ("found", None)
    assert "labels follow the loss" in blamed.evidence.fix


def test_rivals_are_blamed_together_and_the_fact_is_named():
    first = weighing.after_differential(found_by(0.4), TIED).evidence
    second = weighing.after_differential(found_by(0.1, "misaligned-labels"), TIED).evidence
    assert 0.5 < first.certainty < weighing.BLAMED
    assert 0.25 < second.certainty < 0.5
    assert "labels of other pairs" in first.summary
    assert "contradict the loss" in second.summary
    trial = weighing.of_differential(TIED, "training: {same_label: 0}  # or 1")
    assert "too much alike" in trial.statement
    assert "same_label" in trial.statement
    assert trial.causes == ("inverted-labels", "misaligned-labels")


def test_nobody_is_blamed_where_a_sound_training_does_no_better():
    weak = told(("inverted-labels", 1.0, 0.55), (SOUND, 50.0, 0.58), auc=0.55)
    assert not weighing.matters(weak)
    assert weighing.after_differential(found_by(0.4), weak).evidence.certainty == 0.4
    unknown = CheckResult(id="inverted-labels", code="SD201", status="clear", seconds=0.0)
    assert weighing.after_differential(unknown, weak) == unknown


def test_a_partial_differential_blames_nobody():
    partial = dataclasses.replace(SETTLED, partial=True)
    assert partial.settled is None
    assert weighing.after_differential(found_by(0.4), partial).evidence.certainty == 0.4
    assert "so far" in weighing.of_differential(partial, "").statement


def test_proofs_and_measurements_stand():
    proven = found_by(0.9, "misaligned-labels", proof=True)
    assert weighing.after_differential(proven, SETTLED) == proven


def test_a_sound_embedding_is_called_sound():
    sound = told((SOUND, 1.0, 0.9), ("inverted-labels", 1e5, 0.5), auc=0.9)
    assert sound.settled == SOUND
    assert "sound training" in weighing.of_differential(sound, "").statement
    assert weighing.of_differential(sound, "").causes == ()
