"""The JSON report: one document, no NaN, in the shape that `report.schema.json` publishes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.plain_values import finite, gain, interval, json_list, optional, share

if TYPE_CHECKING:
    from siamdoctor.gate import Ruling
    from siamdoctor.results import (
        Accuracy,
        Attainable,
        Cause,
        CheckResult,
        Json,
        Measurement,
        Report,
        Subject,
        Tie,
        Trial,
    )


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """The report as JSON. Pictures are left out: they are numbers for eyes."""
    return document(as_json(report, frame))


def document(content: dict[str, Json]) -> str:
    """One JSON document. Pure ASCII, so that no terminal's encoding can break it."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def as_json(report: Report, frame: Frame = DEFAULT) -> dict[str, Json]:
    """The report as plain values, in the order that people read them."""
    return {
        **envelope(report.siamdoctor_version, report.subject, report.assumed, report.schema_version),
        "verdict": report.verdict,
        "headline": report.headline,
        "accuracy": accuracy(report.accuracy),
        "attainable": _attainable(report.attainable, report.accuracy),
        "causes": [_cause(cause) for cause in report.causes],
        "checks": [_check(result) for result in report.checks],
        "trials": [_trial(trial) for trial in report.trials],
        "tie": _tie(report.tie),
        "partial": report.partial,
        "warnings": json_list(report.warnings),
        "gate": gate(frame.ruling_of(report)),
    }


def envelope(version: str, subject: Subject, assumed: tuple[str, ...], schema: int = 1) -> dict[str, Json]:
    """What the JSON of every command begins with."""
    return {
        "schema_version": schema,
        "siamdoctor_version": version,
        "subject": _subject(subject),
        "assumed": json_list(assumed),
    }


def accuracy(measured: Accuracy | None) -> dict[str, Json]:
    """The accuracy; where it could not be measured, the widest interval and no pairs, never a gap."""
    if measured is None:
        return {"value": 0.5, "low": 0.0, "high": 1.0, "chance": 0.5, "pairs": 0, "identities": 0}
    return {
        **interval(measured),
        "chance": share(measured.chance, otherwise=0.5),
        "pairs": measured.pairs,
        "identities": measured.identities,
    }


def _subject(subject: Subject) -> dict[str, Json]:
    """What was examined."""
    return {
        "model": subject.model,
        "data": subject.data,
        "format": subject.format,
        "twins": subject.twins,
        "encoder": subject.encoder,
        "head": subject.head,
        "inputs": json_list(subject.inputs),
        "loss": subject.loss,
        "samples": subject.samples,
        "identities": subject.identities,
        "seed": subject.seed,
    }


def _attainable(attainable: Attainable | None, deployed: Accuracy | None) -> dict[str, Json]:
    """The best accuracy after a remedy; where none was measured, what the model reaches as it is."""
    if attainable is None:
        as_it_is = accuracy(deployed)
        return {key: as_it_is[key] for key in ("value", "low", "high")} | {"by": "no remedy was measured"}
    return {**interval(attainable), "by": attainable.by}


def _cause(cause: Cause) -> Json:
    """One ranked cause."""
    return {
        "rank": cause.rank,
        "id": cause.id,
        "code": cause.code,
        "level": cause.level.value,
        "probability": optional(cause.probability),
        "title": cause.title,
        "summary": cause.summary,
        "fix": cause.fix,
        "recovers": gain(cause.recovers),
        "evidence": [_measurement(item) for item in cause.evidence],
        "explained_by": cause.explained_by,
    }


def _measurement(item: Measurement) -> Json:
    """One number of evidence; null where it is not a number, which may be the very evidence."""
    return {
        "name": item.name,
        "value": item.value if isinstance(item.value, str) else optional(item.value),
        "low": optional(item.low),
        "high": optional(item.high),
        "expected": item.expected,
    }


def _check(result: CheckResult) -> Json:
    """What became of one check, with what it saw, so that near misses can be read."""
    seen = result.evidence
    return {
        "id": result.id,
        "code": result.code,
        "status": result.status,
        "seconds": finite(result.seconds, otherwise=0.0),
        "reason": result.reason,
        "certainty": optional(seen.certainty) if seen else None,
        "summary": seen.summary if seen else None,
        "recovers": gain(seen.recovers) if seen else None,
        "evidence": [_measurement(item) for item in seen.measurements] if seen else [],
    }


def _trial(trial: Trial) -> Json:
    """What a trial that trained says."""
    return {
        "id": trial.id,
        "statement": trial.statement,
        "causes": json_list(trial.causes),
        "measurements": [_measurement(item) for item in trial.measurements],
    }


def _tie(tie: Tie | None) -> Json:
    """What would settle the order of the first two causes; null where it is settled."""
    if tie is None:
        return None
    return {
        "causes": json_list(tie.causes),
        "sentence": tie.sentence,
        "command": tie.command,
        "fact": tie.fact or None,
    }


def gate(ruling: Ruling) -> Json:
    """What a report means for a build."""
    return {
        "exit_code": ruling.exit_code,
        "fail_on": ruling.fail_on,
        "failing": json_list(ruling.failing),
        "accepted": [{"id": item.cause, "why": item.why} for item in ruling.accepted],
        "notes": json_list(ruling.notes),
        "sentence": ruling.sentence,
    }
