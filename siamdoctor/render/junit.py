"""JUnit XML, which nearly every build server reads: one test case a check.

The dialect is that of Jenkins' junit-10 schema: a cause that fails the build is a failure, a check that
could not run is skipped, one that crashed is an error. A cause that fails nothing passes, with what it found
in its output.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.numbers import estimate, measured, points
from siamdoctor.render.plain_values import finite

if TYPE_CHECKING:
    from siamdoctor.gate import Ruling
    from siamdoctor.results import Cause, CheckResult, Report

# Everything that XML 1.0 forbids, even as a character reference.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """One test suite with one case a check, and a case for the verdict itself."""
    ruling = frame.ruling_of(report)
    causes = {cause.id: cause for cause in report.causes}
    cases = [_verdict_case(report, ruling)]
    cases += [_case(result, causes.get(result.id), ruling, frame) for result in report.checks]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    attributes = {key: str(value) for key, value in counts.items()}
    attributes["time"] = _seconds(sum(finite(c.seconds, otherwise=0.0) for c in report.checks))
    suite = ET.Element("testsuite", {"name": "siamdoctor", **attributes})
    suite.append(_properties(report))
    suite.extend(cases)
    root = ET.Element("testsuites", {"name": "siamdoctor"})
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _properties(report: Report) -> ET.Element:
    """What was examined."""
    found = ET.Element("properties")
    subject = report.subject
    named = {"model": subject.model, "data": subject.data or "", "seed": str(subject.seed)}
    for name, value in named.items():
        ET.SubElement(found, "property", {"name": name, "value": _allowed(value)})
    return found


def _verdict_case(report: Report, ruling: Ruling) -> ET.Element:
    """The verdict: an error where nothing could be judged, so that a gate never passes by accident."""
    case = ET.Element("testcase", {"classname": "siamdoctor", "name": "verdict", "time": "0.000"})
    if ruling.exit_code == 3:  # noqa: PLR2004  (gate.UNJUDGED)
        _child(case, "error", "unjudged", ruling.sentence, report.headline)
    elif ruling.exit_code and not ruling.failing:
        _child(case, "failure", "accuracy", ruling.sentence, report.headline)
    accuracy = f"accuracy {estimate(report.accuracy)}\n" if report.accuracy is not None else ""
    notes = "\n".join(ruling.notes)
    _output(case, f"verdict: {report.verdict}\n{report.headline}\n{accuracy}{notes}")
    return case


def _case(result: CheckResult, cause: Cause | None, ruling: Ruling, frame: Frame) -> ET.Element:
    """One check."""
    page = frame.pages.get(result.id)
    name = {"classname": f"siamdoctor.{page.family}" if page else "siamdoctor", "name": result.id}
    case = ET.Element("testcase", {**name, "time": _seconds(result.seconds)})
    if result.status == "skipped":
        ET.SubElement(case, "skipped", {"message": _allowed(result.reason or "")})
    elif result.status == "crashed":
        _child(case, "error", "crashed", result.reason or "", result.reason or "")
    elif cause is not None and cause.id in ruling.failing:
        _child(case, "failure", cause.level.value, f"{cause.code} {cause.title}", _account(cause))
    elif cause is not None:
        _output(case, _account(cause))
    return case


def _account(cause: Cause) -> str:
    """Everything about a cause, as lines."""
    lines = [f"{cause.code} {cause.title} ({cause.level.value})", cause.summary]
    lines += [f"{m.name}: {measured(m)} (expected: {m.expected})" for m in cause.evidence]
    if cause.recovers is not None:
        lines.append(f"recovers {points(cause.recovers)}")
    if cause.explained_by is not None:
        lines.append(f"explained by {cause.explained_by}")
    return "\n".join([*lines, "", "fix:", cause.fix])


def _child(case: ET.Element, kind: str, reason: str, message: str, text: str) -> None:
    """A failure or an error."""
    child = ET.SubElement(case, kind, {"type": reason, "message": _allowed(message)})
    child.text = _allowed(text)


def _output(case: ET.Element, text: str) -> None:
    """What a passing case has to say."""
    ET.SubElement(case, "system-out").text = _allowed(text)


def _seconds(duration: float) -> str:
    """Seconds with the dot that the schema demands."""
    return f"{finite(duration, otherwise=0.0):.3f}"


def _allowed(text: str) -> str:
    """Text without the characters that XML cannot hold; each is shown by its number instead."""
    return _FORBIDDEN.sub(lambda m: f"\\x{ord(m[0]):02x}", text)
