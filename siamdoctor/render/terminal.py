"""The report for a person at a terminal. It loses nothing without colour, in a pipe, or at 80 columns."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.nesting import Branch, branches
from siamdoctor.render.numbers import estimate, measured, percent, points
from siamdoctor.render.terminal_page import facts, heading, line, page_text, prose
from siamdoctor.render.terminal_picture import distances, history
from siamdoctor.results import Cause, CheckResult, Level, Measurement, Report

_VERDICTS = {
    "chance": ("AT CHANCE", "bold white on red"),
    "impaired": ("IMPAIRED", "bold black on yellow"),
    "healthy": ("HEALTHY", "bold black on green"),
    "inconclusive": ("INCONCLUSIVE", "bold black on cyan"),
}
_LEVELS = {Level.PROVEN: "bold red", Level.LIKELY: "bold yellow", Level.POSSIBLE: "bold blue"}
_STATUSES = {"found": "yellow", "clear": "green", "skipped": "dim", "crashed": "bold red"}


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """The report as text: verdict first, then accuracy, causes, all checks, and what was assumed."""
    parts: list[RenderableType] = [_opening(report), _accuracy(report)]
    parts += [part for part in (distances(report.pictures, frame.width), history(report.pictures)) if part]
    if report.causes:
        parts.append(heading("CAUSES"))
    parts += [_branch(branch) for branch in branches(report.causes)]
    parts += [*_tie(report), *_trials(report)]
    parts += [_checks(report), *_assumed(report), _closing(report, frame)]
    return page_text(Group(*parts), width=frame.width, colour=frame.colour)


def _opening(report: Report) -> RenderableType:
    """What was examined, the verdict, and one sentence."""
    subject = report.subject
    word, style = _VERDICTS[report.verdict]
    data = f" on {subject.data}" if subject.data else ""
    verdict = Text.assemble((f" {word} ", style), "  ", line(report.headline, "bold"))
    return Group(line(f"siamdoctor {report.siamdoctor_version}: {subject.model}{data}", "dim"), "", verdict, "")


def _accuracy(report: Report) -> RenderableType:
    """Accuracy as deployed and what a remedy reaches."""
    rows = []
    if report.accuracy is not None:
        shown = report.accuracy
        basis = f"chance is {percent(shown.chance)}; {shown.pairs} pairs of {shown.identities} identities"
        rows.append(("accuracy", f"{estimate(shown)}   ({basis})"))
    else:
        rows.append(("accuracy", "could not be measured"))
    if report.attainable is not None:
        rows.append(("attainable", f"{estimate(report.attainable)}   by: {report.attainable.by}"))
    subject = report.subject
    rows.append(("model", f"{subject.format}; twins: {subject.twins}; head: {subject.head}"))
    return Padding(facts(tuple(rows)), (0, 0, 1, 2))


def _branch(branch: Branch) -> RenderableType:
    """A cause, and below it, indented, the symptoms that it explains."""
    parts = [_cause(branch.cause)]
    if branch.symptoms:
        parts.append(Padding(line(f"This explains {len(branch.symptoms)} more:", "italic"), (0, 0, 0, 3)))
    parts += [Padding(_branch(symptom), (0, 0, 0, 4)) for symptom in branch.symptoms]
    return Group(*parts)


def _cause(cause: Cause) -> RenderableType:
    """Rank, title, level, what was seen against what is expected, what it would recover, and the fix."""
    sure = f", {100 * cause.probability:.0f} % sure" if cause.probability is not None else ""
    title = Text.assemble(
        (f"{cause.rank}. ", "bold"),
        line(cause.title, "bold"),
        "  ",
        (cause.level.value.upper() + sure, _LEVELS[cause.level]),
    )
    body: list[RenderableType] = [line(f"{cause.id}, {cause.code}", "dim"), *prose(cause.summary)]
    if cause.evidence:
        body.append(_evidence(cause.evidence))
    if cause.recovers is not None:
        body.append(line(f"recovers {points(cause.recovers)}, measured on pairs that chose nothing", "green"))
    fix = prose(cause.fix)
    body += [Padding(Group(line("fix", "bold"), Padding(Group(*fix), (0, 0, 0, 2))), (0, 0, 0, 0))]
    return Group(title, Padding(Group(*body), (0, 0, 1, 3)))


def _evidence(items: tuple[Measurement, ...]) -> RenderableType:
    """The numbers beside what a healthy model shows."""
    table = Table.grid(padding=(0, 2))
    for style in ("", "", "dim"):
        table.add_column(style=style, overflow="fold")
    for item in items:
        expected = line(f"expected: {item.expected}") if item.expected else line("")
        table.add_row(line(item.name), line(measured(item), "bold"), expected)
    return table


def _tie(report: Report) -> list[RenderableType]:
    """What would settle the order of the first two causes."""
    if report.tie is None:
        return []
    body = Group(line(report.tie.sentence), line(report.tie.command, "bold"))
    return [heading("CLOSE TOGETHER"), Padding(body, (0, 0, 1, 2))]


def _trials(report: Report) -> list[RenderableType]:
    """What trained for minutes, with its numbers."""
    if not report.trials and not report.partial:
        return []
    parts = [
        Group(line(trial.statement), Padding(_evidence(trial.measurements), (0, 0, 0, 2))) for trial in report.trials
    ]
    early = "  partial: not all was trained" if report.partial else ""
    return [heading(f"TRIALS{early}"), Padding(Group(*parts), (0, 0, 1, 2))]


def _checks(report: Report) -> RenderableType:
    """Every check with its status, and the reason where it has one."""
    groups = {status: [c for c in report.checks if c.status == status] for status in _STATUSES}
    counted = ", ".join(f"{len(group)} {status}" for status, group in groups.items() if group)
    table = Table.grid(padding=(0, 2))
    for status, group in groups.items():
        plain = [c for c in group if not c.reason]
        if plain:
            table.add_row(Text(status, _STATUSES[status]), line(", ".join(c.id for c in plain)))
        for result in group:
            if result.reason:
                table.add_row(Text(status, _STATUSES[status]), _reason(result))
    return Group(heading(f"CHECKS  {counted or 'none ran'}"), Padding(table, (0, 0, 1, 2)))


def _reason(result: CheckResult) -> Text:
    """A check that did not run, and why."""
    return Text.assemble(line(result.id), ": ", line(result.reason or "", "dim"))


def _assumed(report: Report) -> list[RenderableType]:
    """What was taken for granted for want of a fact."""
    if not report.assumed:
        return []
    sentences = [Text.assemble("- ", line(sentence)) for sentence in report.assumed]
    return [heading("ASSUMED"), Padding(Group(*sentences), (0, 0, 1, 2))]


def _closing(report: Report, frame: Frame) -> RenderableType:
    """What the gate says, and where to read on."""
    ruling = frame.ruling_of(report)
    lines = [line(f"exit {ruling.exit_code}: {ruling.sentence}", "bold")]
    lines += [line(f"accepted: {item.cause}: {item.why}") for item in ruling.accepted]
    lines += [line(note) for note in ruling.notes]
    if report.causes:
        lines.append(line(f"Read on: siamdoctor explain {report.causes[0].id}", "dim"))
    return Group(*lines)
