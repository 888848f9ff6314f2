"""Workflow commands for GitHub Actions: annotations on the run and the pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.numbers import estimate, points
from siamdoctor.render.prose import blocks, printable

if TYPE_CHECKING:
    from siamdoctor.gate import Ruling
    from siamdoctor.results import Cause, CheckResult, Report

_Command = Literal["error", "warning", "notice"]


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """An annotation for each cause and crashed check, and one for the verdict."""
    ruling = frame.ruling_of(report)
    lines = [_verdict(report, ruling)]
    lines += [_cause(cause, report, ruling) for cause in report.causes]
    lines += [_crash(result) for result in report.checks if result.status == "crashed"]
    lines += [command("warning", "siamdoctor", note) for note in ruling.notes]
    return "\n".join(lines) + "\n"


def command(name: _Command, title: str, message: str, *, file: str | None = None) -> str:
    """One workflow command. Line breaks, per cent signs and separators are escaped as GitHub decodes them."""
    properties = {"file": file, "title": title}
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name} {given}::{_data(message)}"


def _verdict(report: Report, ruling: Ruling) -> str:
    """The verdict in one annotation."""
    measured = f" Accuracy {estimate(report.accuracy)}." if report.accuracy is not None else ""
    name: _Command = "error" if ruling.exit_code else "notice"
    return command(name, f"siamdoctor: {report.verdict}", f"{report.headline}{measured} {ruling.sentence}")


def _cause(cause: Cause, report: Report, ruling: Ruling) -> str:
    """One cause: an error where it fails the build, a warning where it could, else a notice."""
    name: _Command = "notice" if cause.level == "possible" else "warning"
    if cause.id in ruling.failing:
        name = "error"
    gain = f"\nRecovers {points(cause.recovers)}." if cause.recovers is not None else ""
    fix = "\n".join(block.text for block in blocks(cause.fix))
    title = f"{cause.code} {cause.title} ({cause.level.value})"
    return command(name, title, f"{cause.summary}{gain}\nFix: {fix}", file=report.subject.model)


def _crash(result: CheckResult) -> str:
    """A check that crashed."""
    return command("error", f"{result.code} {result.id} crashed", result.reason or "no reason was given")


def _data(text: str) -> str:
    """A message, escaped."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property, in which colons and commas separate."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
