"""SARIF 2.1.0 (OASIS), for code-scanning pages: a rule a cause, a result a finding."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from siamdoctor.render.frame import DEFAULT, Frame, Page
from siamdoctor.render.numbers import measured, points
from siamdoctor.render.plain_values import optional
from siamdoctor.render.prose import blocks, printable

if TYPE_CHECKING:
    from siamdoctor.gate import Ruling
    from siamdoctor.results import Cause, CheckResult, Json, Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """One run with one result a cause; crashed and skipped checks are notifications of the run."""
    ruling = frame.ruling_of(report)
    pages = dict(frame.pages)
    for cause in report.causes:
        if cause.id not in pages:
            pages[cause.id] = Page(code=cause.code, title=cause.title, family="", text=cause.title)
    order = list(pages)
    run: dict[str, Json] = {
        "tool": {"driver": _driver(report, pages)},
        "invocations": [_invocation(report, ruling, order)],
        "artifacts": [{"location": _location(report.subject.model), "roles": ["analysisTarget"]}],
        "columnKind": "utf16CodeUnits",
        "results": [_result(cause, report, ruling, order.index(cause.id)) for cause in report.causes],
    }
    document: dict[str, Json] = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _driver(report: Report, pages: dict[str, Page]) -> Json:
    """The tool and its rules, each with its manual page."""
    return {
        "name": "siamdoctor",
        "semanticVersion": report.siamdoctor_version,
        "rules": [_rule(cause, page) for cause, page in pages.items()],
    }


def _rule(cause: str, page: Page) -> Json:
    """One cause as a rule."""
    text = printable(page.text)
    return {
        "id": page.code,
        "name": "".join(word.capitalize() for word in cause.split("-")),
        "shortDescription": {"text": printable(page.title)},
        "fullDescription": {"text": printable(page.title)},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"id": cause, "tags": [page.family] if page.family else []},
    }


def _invocation(report: Report, ruling: Ruling, order: list[str]) -> Json:
    """How the run went. It failed where a check crashed; what was skipped is a note."""
    return {
        "executionSuccessful": not any(c.status == "crashed" for c in report.checks),
        "exitCode": ruling.exit_code,
        "exitCodeDescription": ruling.sentence,
        "toolExecutionNotifications": [
            _notification(result, order) for result in report.checks if result.status in ("crashed", "skipped")
        ],
    }


def _notification(result: CheckResult, order: list[str]) -> Json:
    """A check that did not run."""
    notification: dict[str, Json] = {
        "level": "error" if result.status == "crashed" else "note",
        "message": {"text": printable(f"{result.id} {result.status}: {result.reason or 'no reason was given'}")},
    }
    if result.id in order:
        notification["associatedRule"] = {"id": result.code, "index": order.index(result.id)}
    return notification


def _result(cause: Cause, report: Report, ruling: Ruling, index: int) -> Json:
    """One cause as a result."""
    accepted = {item.cause: item.why for item in ruling.accepted}
    level = "error" if cause.id in ruling.failing else "note" if cause.level == "possible" else "warning"
    result: dict[str, Json] = {
        "ruleId": cause.code,
        "ruleIndex": index,
        "level": level,
        "message": {"text": printable(_message(cause))},
        "locations": [{"physicalLocation": {"artifactLocation": {**_location(report.subject.model), "index": 0}}}],
        "partialFingerprints": {"cause/v1": f"{cause.code}:{report.subject.model}"},
        "properties": {
            "level": cause.level.value,
            "position": cause.rank,
            "recovers": optional(cause.recovers.points) if cause.recovers is not None else None,
            "explainedBy": cause.explained_by,
        },
    }
    if cause.probability is not None and optional(cause.probability) is not None:
        result["rank"] = 100.0 * cause.probability
    if cause.id in accepted:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": printable(accepted[cause.id])}
        ]
    return result


def _message(cause: Cause) -> str:
    """Summary, evidence, gain and fix as plain text."""
    lines = [f"{cause.title}. {cause.summary}"]
    lines += [f"- {m.name}: {measured(m)} (expected: {m.expected})" for m in cause.evidence]
    if cause.recovers is not None:
        lines.append(f"Removing it recovers {points(cause.recovers)}.")
    return "\n".join([*lines, "Fix:", *(block.text for block in blocks(cause.fix))])


def _location(path: str) -> dict[str, Json]:
    """The model file as a URI reference, relative where the path is."""
    pure = PurePath(path)
    if pure.is_absolute():
        return {"uri": pure.as_uri()}
    return {"uri": quote(pure.as_posix(), errors="surrogateescape")}
