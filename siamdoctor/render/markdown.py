"""The report for a pull request or an issue: GitHub's Markdown, short first, details folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.markdown_text import code_span, escaped, prose, table
from siamdoctor.render.nesting import Branch, branches
from siamdoctor.render.numbers import estimate, measured, percent, points

if TYPE_CHECKING:
    from siamdoctor.results import Cause, Report

_MARKS = {"chance": "🔴", "impaired": "🟠", "healthy": "🟢", "inconclusive": "⚪"}


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """Verdict, accuracy and a table of causes; then each cause with its fix, and folded, every check."""
    parts = [
        f"## {_MARKS[report.verdict]} siamdoctor: {report.verdict}",
        f"**{escaped(report.headline)}**",
        _figures(report),
        *_overview(report),
        *(_cause(branch, report) for branch in branches(report.causes)),
        *_tie(report),
        *_trials(report),
        _checks(report, frame),
        *_list("Assumed", report.assumed),
        *_list("Warnings", report.warnings),
        _gate(report, frame),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _figures(report: Report) -> str:
    """Subject and accuracy, one line each."""
    subject = report.subject
    on = f" on {code_span(subject.data)}" if subject.data else ""
    lines = [f"- model: {code_span(subject.model)}{on} ({escaped(subject.head)} head, twins {subject.twins})"]
    if report.accuracy is None:
        lines.append("- accuracy: could not be measured")
    else:
        shown = report.accuracy
        basis = f"chance {percent(shown.chance)}, {shown.pairs} pairs of {shown.identities} identities"
        lines.append(f"- accuracy as deployed: **{_bare(estimate(shown))}** ({basis})")
    if report.attainable is not None:
        lines.append(f"- attainable: **{_bare(estimate(report.attainable))}** by {escaped(report.attainable.by)}")
    return "\n".join(lines)


def _tie(report: Report) -> list[str]:
    """What would settle the order of the first two causes."""
    tie = report.tie
    return [] if tie is None else ["### Close together", f"{escaped(tie.sentence)}\n\n{code_span(tie.command)}"]


def _trials(report: Report) -> list[str]:
    """What trained for minutes, with its numbers."""
    if not report.trials and not report.partial:
        return []
    parts = ["### Trials" + (" (partial: not all was trained)" if report.partial else "")]
    for trial in report.trials:
        rows = tuple((escaped(m.name), _bare(measured(m)), escaped(m.expected)) for m in trial.measurements)
        parts += [escaped(trial.statement), *([table(("seen", "value", "expected"), rows)] if rows else [])]
    return parts


def _overview(report: Report) -> list[str]:
    """The causes as a table."""
    if not report.causes:
        return []
    rows = tuple(
        (
            str(cause.rank),
            f"{escaped(cause.title)} ({cause.code})",
            cause.level.value,
            _bare(points(cause.recovers)) if cause.recovers else "not measured",
            code_span(cause.explained_by) if cause.explained_by else "",
        )
        for cause in report.causes
    )
    return [table(("", "cause", "level", "recovers", "explained by"), rows)]


def _cause(branch: Branch, report: Report) -> str:
    """One cause with its symptoms after it."""
    cause = branch.cause
    parts = [f"### {cause.rank}. {escaped(cause.title)}", f"{code_span(cause.id)} · {cause.code} · {_sure(cause)}"]
    parts.append(prose(cause.summary))
    if cause.evidence:
        rows = tuple((escaped(item.name), _bare(measured(item)), escaped(item.expected)) for item in cause.evidence)
        parts.append(table(("seen", "value", "expected"), rows))
    if cause.recovers is not None:
        parts.append(f"Recovers {_bare(points(cause.recovers))}, measured on pairs that chose nothing.")
    parts += ["**Fix**", prose(cause.fix)]
    parts += [_cause(symptom, report) for symptom in branch.symptoms]
    return "\n\n".join(parts)


def _sure(cause: Cause) -> str:
    """The level, and the probability where it is calibrated."""
    sure = f", {100 * cause.probability:.0f} % sure" if cause.probability is not None else ""
    return f"**{cause.level.value}**{sure}"


def _checks(report: Report, frame: Frame) -> str:
    """Every check, folded."""
    rows = tuple((c.code, escaped(frame.title_of(c.id)), c.status, escaped(c.reason or "")) for c in report.checks)
    if not rows:
        return "No check ran."
    body = table(("code", "check", "status", "reason"), rows)
    return f"<details><summary>All {len(rows)} checks</summary>\n\n{body}\n\n</details>"


def _list(title: str, sentences: tuple[str, ...]) -> list[str]:
    """Sentences under a title, or nothing."""
    if not sentences:
        return []
    return [f"**{title}**", "\n".join(f"- {escaped(sentence)}" for sentence in sentences)]


def _gate(report: Report, frame: Frame) -> str:
    """What the report means for the build."""
    ruling = frame.ruling_of(report)
    notes = [*(f"accepted {code_span(a.cause)}: {escaped(a.why)}" for a in ruling.accepted)]
    notes += [escaped(note) for note in ruling.notes]
    said = f"Exit {ruling.exit_code}: {escaped(ruling.sentence)}"
    return "\n".join([said, *(f"- {note}" for note in notes)]) if notes else said


def _bare(text: str) -> str:
    """A number with its interval: brackets would otherwise begin a link."""
    return text.replace("[", "\\[").replace("]", "\\]")
