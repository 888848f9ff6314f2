"""Causes that a test claims were found, and checks of their names that find nothing."""

from __future__ import annotations

from siamdoctor.registry import Check, Impact
from siamdoctor.results import CheckResult, Evidence


def found(cause: str, certainty: float = 0.9) -> CheckResult:
    evidence = Evidence(certainty=certainty, summary="s", fix="f")
    return CheckResult(id=cause, code="SD000", status="found", seconds=0.0, evidence=evidence)


def definition(cause: str) -> Check:
    return Check(
        code="SD000",
        id=cause,
        title=cause,
        page=cause,
        family="objective",
        impact=Impact.MAJOR,
        explains=frozenset(),
        run=lambda _case: Evidence(certainty=0, summary="", fix=""),
    )
