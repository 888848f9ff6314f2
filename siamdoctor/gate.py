"""What a report means for a build: the exit code, and the causes that decided it. Pure; reads no clock.

0 ran, nothing at or above the bar · 1 causes at or above it · 3 could not judge, which outranks 1 so that a
gate never passes by accident. (2 is usage and unreadable input: there is no report then.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from siamdoctor.bar import CLEAR, FOUND, INTERRUPTED, OVER_BUDGET, UNJUDGED, FailOn
from siamdoctor.changes import Changes, compare_reports
from siamdoctor.errors import BadSettings
from siamdoctor.results import LEVELS, Cause, Report

if TYPE_CHECKING:
    from siamdoctor.settings import Suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A cause that reaches the bar and still does not fail the build, and why."""

    cause: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The gate's answer.

    failing: ids of the causes that fail the build. accepted: those let through. notes: sentences about
    suppressions that lapsed or were not needed, and about the baseline. sentence: why this exit code.
    """

    exit_code: int
    fail_on: FailOn
    failing: tuple[str, ...]
    accepted: tuple[Accepted, ...]
    notes: tuple[str, ...]
    sentence: str


def judge(
    report: Report,
    *,
    fail_on: FailOn = "likely",
    suppressions: tuple[Suppression, ...] = (),
    baseline: Report | None = None,
    today: date = date.min,
    complete: bool = False,
) -> Ruling:
    """Hold a report against the bar.

    Args:
        report: what was found.
        fail_on: the lowest level that fails a build; "never" fails none.
        suppressions: causes accepted with a reason, each until its day is over.
        baseline: an earlier report; what it already knew passes, what is new or worse does not, and
            neither does an accuracy below the lower end of its interval.
        today: the day that expiry is measured against. Without one nothing expires.
        complete: no check was left out by `select` or `ignore`, so that a model at chance has to be explained.

    Raises:
        BadSettings: an expiry that is not an ISO date.
    """
    changes = compare_reports(baseline, report) if baseline is not None else None
    counted = [c.id for c in report.causes if reaches(c, fail_on)]
    accepted = {**_known(changes), **_suppressed(suppressions, today)}
    failing = tuple(name for name in counted if name not in accepted)
    fell = changes is not None and changes.accuracy_fell and fail_on != "never"
    unjudged = why_unjudged(report) or (None if failing or fell else _left_out(report))
    if complete and fail_on != "never" and not (unjudged or failing or fell):
        unjudged = _unexplained(report, baseline)
    return Ruling(
        exit_code=INTERRUPTED if report.interrupted else UNJUDGED if unjudged else FOUND if failing or fell else CLEAR,
        fail_on=fail_on,
        failing=failing,
        accepted=tuple(Accepted(cause=name, why=accepted[name]) for name in counted if name in accepted),
        notes=(*_about_suppressions(report, suppressions, today), *_about_baseline(changes)),
        sentence="Interrupted; these are results so far."
        if report.interrupted
        else f"Could not judge: {unjudged}."
        if unjudged
        else _sentence(failing, fail_on, fell=fell),
    )


def reaches(cause: Cause, fail_on: FailOn) -> bool:
    """Whether a cause is at or above the bar."""
    levels = [level.value for level in LEVELS]
    return fail_on != "never" and levels.index(cause.level.value) <= levels.index(fail_on)


def why_unjudged(report: Report) -> str | None:
    """Why the report supports no judgement, as the end of a sentence, or None where it does."""
    crashed = [c.id for c in report.checks if c.status == "crashed"]
    if crashed:
        return f"{_count(crashed, 'check')} crashed ({', '.join(crashed)})"
    if not any(c.status in ("found", "clear") for c in report.checks):
        return "no check could run"
    if report.verdict == "inconclusive":
        return "too few independent identities or pairs for a verdict"
    return None


def _unexplained(report: Report, baseline: Report | None) -> str | None:
    """That a model at chance has no cause that holds, as the end of a sentence; a baseline may have known it."""
    known = baseline is not None and baseline.verdict == "chance"
    if report.verdict != "chance" or known or any(reaches(cause, "likely") for cause in report.causes):
        return None
    return "the model is at chance, and no check is sure why"


def _left_out(report: Report) -> str | None:
    """What nobody looked for, as the end of a sentence: a report that is clear so far says nothing of the rest."""
    late = [c.id for c in report.checks if c.status == "skipped" and (c.reason or "").startswith(OVER_BUDGET)]
    return f"{_count(late, 'check')} did not fit into the budget ({', '.join(late)})" if late else None


def _sentence(failing: tuple[str, ...], fail_on: FailOn, *, fell: bool) -> str:
    """Why the exit code is 0 or 1."""
    if fail_on == "never":
        return "Nothing fails the build: the bar is 'never'."
    parts = []
    if failing:
        parts.append(f"{_count(failing, 'cause')} at or above {fail_on!r}: {', '.join(failing)}")
    if fell:
        parts.append("the accuracy is below the baseline's interval")
    return ("; ".join(parts) or f"No cause at or above {fail_on!r} that was not accepted before") + "."


def _known(changes: Changes | None) -> dict[str, str]:
    """The causes that the baseline knew at this level or a higher one."""
    if changes is None:
        return {}
    return {c.id: "known in the baseline" for c in changes.causes if c.kind in ("same", "better")}


def _suppressed(suppressions: tuple[Suppression, ...], today: date) -> dict[str, str]:
    """The causes that a suppression still covers."""
    live = [s for s in suppressions if not _expired(s, today)]
    return {s.cause: s.reason + (f" (until {s.expires})" if s.expires else "") for s in live}


def _expired(suppression: Suppression, today: date) -> bool:
    """Whether the last day of a suppression is over."""
    if suppression.expires is None:
        return False
    try:
        return date.fromisoformat(suppression.expires) < today
    except ValueError as error:
        raise BadSettings(
            "report.suppress: the day on which a suppression expires must be an ISO date such as 2027-01-31. "
            f"Received: expires={suppression.expires!r} for cause={suppression.cause!r}"
        ) from error


def _about_suppressions(report: Report, suppressions: tuple[Suppression, ...], today: date) -> list[str]:
    """What to say about suppressions that lapsed or that nothing needed."""
    found = {c.id for c in report.causes}
    notes = []
    for suppression in suppressions:
        if suppression.cause not in found:
            notes.append(f"The suppression of {suppression.cause} was not needed: the cause was not found.")
        elif _expired(suppression, today):
            notes.append(f"The suppression of {suppression.cause} expired on {suppression.expires}.")
        elif suppression.expires is None:
            notes.append(f"The suppression of {suppression.cause} has no last day; `expires` gives it one.")
    return notes


def _about_baseline(changes: Changes | None) -> list[str]:
    """What to say about causes that changed since the baseline."""
    if changes is None:
        return []
    words = {"new": "is new since", "worse": "is worse than in", "gone": "is gone since"}
    notes = [f"{c.id} {words[c.kind]} the baseline." for c in changes.causes if c.kind in words]
    if changes.before is None:
        notes.append("The baseline holds no accuracy, so the accuracy was not compared.")
    if changes.accuracy_fell and changes.after is not None and changes.before is not None:
        notes.append(
            f"Accuracy {changes.after.value:.1%} is below the baseline's interval, "
            f"which begins at {changes.before.low:.1%}."
        )
    return notes


def _count(items: tuple[str, ...] | list[str], noun: str) -> str:
    """A number with its noun."""
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"
