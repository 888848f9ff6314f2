"""When two causes lie close together, and what is said to settle it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from siamdoctor.results import Cause, CheckResult, Evidence, Level, Recovery
from siamdoctor.settings import ModelSettings, Settings, TrainingSettings
from siamdoctor.ties import deciding_fact, tie_between


def cause_of(name: str, **changes) -> Cause:
    cause = Cause(
        rank=1,
        id=name,
        code="SD000",
        level=Level.LIKELY,
        probability=None,
        title=name,
        summary="",
        fix="",
        recovers=None,
        evidence=(),
        explained_by=None,
    )
    return dataclasses.replace(cause, **changes)


def result_of(name: str, certainty: float) -> CheckResult:
    evidence = Evidence(certainty=certainty, summary="", fix="")
    return CheckResult(id=name, code="SD000", status="found", seconds=0.0, evidence=evidence)


def tied(first: str, second: str, *, certainties=(0.7, 0.6), settings=None, **changes):
    causes = (cause_of(first), cause_of(second, **changes))
    results = tuple(result_of(n, c) for n, c in zip((first, second), certainties, strict=True))
    return tie_between(causes, results, settings or Settings())


def test_two_faults_of_training_are_settled_by_replays_or_by_one_fact():
    tie = tied("inverted-labels", "misaligned-labels")
    assert tie.causes == ("inverted-labels", "misaligned-labels")
    assert tie.command == "siamdoctor diagnose --thorough"
    assert "replay" in tie.sentence
    assert tie.fact.startswith("training: {same_label: 0}")
    assert tie.fact in tie.sentence


def test_a_fact_that_is_declared_is_not_asked_for():
    training = TrainingSettings(same_label=1, history=Path("h.csv"), loss="contrastive")
    assert deciding_fact(("inverted-labels", "misaligned-labels"), training) == ""
    assert tied("inverted-labels", "misaligned-labels", settings=Settings(training=training)).fact == ""


@pytest.mark.parametrize(
    ("first", "second", "command"),
    [
        ("margin-too-small", "margin-too-large", "siamdoctor sweep-margin 'my model.keras' --depth full"),
        ("insufficient-augmentation", "harmful-augmentation", "siamdoctor check-augmentation 'my model.keras' --th"),
        ("insufficient-augmentation", "too-few-identities", "siamdoctor diagnose 'my model.keras' --thorough"),
    ],
)
def test_the_command_can_be_pasted(first, second, command):
    settings = Settings(model=ModelSettings(path=Path("my model.keras")))
    assert tied(first, second, settings=settings).command.startswith(command)


def test_what_is_proven_measured_explained_or_weak_is_no_tie():
    assert tied("inverted-labels", "misaligned-labels", level=Level.PROVEN) is None
    assert tied("inverted-labels", "misaligned-labels", recovers=Recovery(points=5, low=1, high=9)) is None
    assert tied("inverted-labels", "misaligned-labels", explained_by="inverted-labels") is None
    assert tied("inverted-labels", "misaligned-labels", certainties=(0.9, 0.3)) is None
    assert tied("inverted-labels", "misaligned-labels", certainties=(0.2, 0.19)) is None
    assert tie_between((cause_of("inverted-labels"),), (), Settings()) is None
