"""The report as one self-contained file to open, print or send: everything in it works offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.frame import DEFAULT, Frame
from siamdoctor.render.html_page import page, prose, rich_text, sentences, table, text
from siamdoctor.render.html_pictures import mistakes_section, pictures_section
from siamdoctor.render.nesting import Branch, branches
from siamdoctor.render.numbers import Estimate, estimate, measured, percent, points, seconds
from siamdoctor.render.plain_values import share

if TYPE_CHECKING:
    from siamdoctor.results import CheckResult, Measurement, Report

_WORDS = {"chance": "at chance", "impaired": "impaired", "healthy": "healthy", "inconclusive": "inconclusive"}
_WIDTH = 300  # of a gauge, in its own units


def render(report: Report, frame: Frame = DEFAULT) -> str:
    """Verdict and accuracy, causes with fixes, pictures, mistakes, every check, what was assumed."""
    causes = "\n".join(_cause(branch, frame) for branch in branches(report.causes))
    parts = [
        _opening(report),
        _figures(report),
        f"<h2>Causes</h2>\n{causes}" if causes else "",
        _tie(report),
        _trials(report),
        pictures_section(report.pictures),
        mistakes_section(report.pictures.mistakes),
        _checks(report, frame),
        _subject(report),
        f"<h2>Assumed</h2>\n{sentences(report.assumed)}" if report.assumed else "",
        f"<h2>Warnings</h2>\n{sentences(report.warnings)}" if report.warnings else "",
        _gate(report, frame),
    ]
    return page(f"siamdoctor: {report.subject.model}", "\n".join(part for part in parts if part))


def _opening(report: Report) -> str:
    """What was examined, the verdict, one sentence."""
    on = f" on {text(report.subject.data)}" if report.subject.data else ""
    return (
        f'<header>\n<p class="soft path">siamdoctor {text(report.siamdoctor_version)}: '
        f"{text(report.subject.model)}{on}</p>\n"
        f'<p><span class="badge {report.verdict}">{_WORDS[report.verdict]}</span></p>\n'
        f"<h1>{rich_text(report.headline)}</h1>\n</header>"
    )


def _figures(report: Report) -> str:
    """Accuracy as deployed, and what a remedy reaches."""
    cards = []
    if report.accuracy is None:
        cards.append(_card("Accuracy as deployed", "not measured", "the model or the data could not be run", ""))
    else:
        shown = report.accuracy
        basis = f"{shown.pairs} pairs of {shown.identities} identities; chance is {percent(shown.chance)}"
        cards.append(_card("Accuracy as deployed", percent(shown.value), basis, _gauge(shown, chance=shown.chance)))
    if report.attainable is not None:
        by = f"by {report.attainable.by}"
        cards.append(_card("Attainable", percent(report.attainable.value), by, _gauge(report.attainable)))
    return '<div class="figures">\n' + "\n".join(cards) + "\n</div>"


def _card(name: str, value: str, basis: str, gauge: str) -> str:
    """One large number with what it rests on."""
    return (
        f'<section class="figure-of" aria-label="{text(name)}">{text(name)}<strong>{text(value)}</strong>'
        f'{gauge}<span class="soft">{text(basis)}</span></section>'
    )


def _gauge(shown: Estimate, *, chance: float | None = None) -> str:
    """An estimate and its interval on a line from 0 to 100 %."""
    low, value, high = (_WIDTH * share(number, otherwise=0.5) for number in (shown.low, shown.value, shown.high))
    mark = ""
    if chance is not None:
        at = _WIDTH * share(chance, otherwise=0.5)
        mark = f'<line x1="{at:.1f}" x2="{at:.1f}" y1="2" y2="22" stroke="var(--used)" stroke-dasharray="3 2"/>'
    described = f"{estimate(shown)}, 95 % interval" + (f"; chance at {percent(chance)}" if chance else "")
    return (
        f'<svg class="gauge" viewBox="0 0 {_WIDTH} 24" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(described)}">'
        f'<line x1="0" x2="{_WIDTH}" y1="12" y2="12" stroke="var(--rule)" stroke-width="4"/>{mark}'
        f'<line x1="{low:.1f}" x2="{max(high, low + 1):.1f}" y1="12" y2="12" stroke="var(--same)" stroke-width="8"/>'
        f'<line x1="{value:.1f}" x2="{value:.1f}" y1="4" y2="20" stroke="var(--ink)" stroke-width="3"/></svg>'
        f'<span class="soft">{text(estimate(shown))}</span><br>'
    )


def _cause(branch: Branch, frame: Frame) -> str:
    """A cause in its card, the symptoms that it explains in cards within."""
    cause = branch.cause
    sure = f", {100 * cause.probability:.0f} % sure" if cause.probability is not None else ""
    recovers = ""
    if cause.recovers is not None:
        style = "gain sure" if cause.recovers.low > 0 else "gain"
        gained = f"Recovers {text(points(cause.recovers))}, measured on pairs that chose nothing."
        recovers = f'<p class="{style}">{gained}</p>'
    symptoms = "\n".join(_cause(symptom, frame) for symptom in branch.symptoms)
    explains = f"<h4>This explains {len(branch.symptoms)} more</h4>\n{symptoms}" if symptoms else ""
    return (
        f'<article class="cause is-{cause.level.value}" id="{text(cause.id)}">\n'
        f"<h3>{cause.rank}. {rich_text(cause.title)} "
        f'<span class="badge {cause.level.value}">{cause.level.value}</span></h3>\n'
        f'<p class="soft">{text(cause.id)}, {text(cause.code)}{sure}</p>\n{prose(cause.summary)}\n'
        f"{_evidence(cause.evidence, f'{cause.rank}. {cause.id}')}\n{recovers}\n<h4>Fix</h4>\n{prose(cause.fix)}\n"
        f"{_manual(cause.id, frame)}\n{explains}\n</article>"
    )


def _tie(report: Report) -> str:
    """What would settle the order of the first two causes."""
    tie = report.tie
    if tie is None:
        return ""
    return f"<h2>Close together</h2>\n<p>{rich_text(tie.sentence)}</p>\n<p><code>{text(tie.command)}</code></p>"


def _trials(report: Report) -> str:
    """What trained for minutes, with its numbers."""
    if not report.trials and not report.partial:
        return ""
    early = "<p>Partial: not all was trained.</p>\n" if report.partial else ""
    told = "\n".join(
        f"<p>{rich_text(trial.statement)}</p>\n{_evidence(trial.measurements, f'{number}. {trial.id}')}"
        for number, trial in enumerate(report.trials, start=1)
    )
    return f"<h2>Trials</h2>\n{early}{told}"


def _manual(cause: str, frame: Frame) -> str:
    """The manual page of a cause, folded, where there is one."""
    page_of = frame.pages.get(cause)
    if page_of is None:
        return ""
    body = prose(page_of.text.partition("\n")[2])
    summary = f"The manual page, as <code>siamdoctor explain {text(cause)}</code> prints it"
    return f'<details class="manual"><summary>{summary}</summary>\n{body}\n</details>'


def _evidence(items: tuple[Measurement, ...], of: str) -> str:
    """Numbers beside what a healthy model shows; `of` names the cause or check."""
    if not items:
        return ""
    rows = tuple((rich_text(m.name), f"<b>{text(measured(m))}</b>", rich_text(m.expected)) for m in items)
    return table("Evidence", ("seen", "value", "expected"), rows, of=text(of))


def _checks(report: Report, frame: Frame) -> str:
    """Every check, folded, with what it saw."""
    if not report.checks:
        return "<h2>Checks</h2>\n<p>No check ran.</p>"
    folded = "\n".join(_check(result, frame) for result in report.checks)
    return f"<h2>All {len(report.checks)} checks</h2>\n{folded}"


def _check(result: CheckResult, frame: Frame) -> str:
    """One check."""
    seen = result.evidence
    body = [f'<p class="soft">{text(result.id)}, {text(result.code)}, took {seconds(result.seconds)}</p>']
    if result.reason:
        body.append(f"<p>{rich_text(result.reason)}</p>")
    if seen is not None:
        body += [prose(seen.summary), _evidence(seen.measurements, f"check {result.id}")]
    return (
        f'<details><summary><span class="status {result.status}">{result.status}</span> '
        f"{text(frame.title_of(result.id))}</summary>\n" + "\n".join(body) + "\n</details>"
    )


def _subject(report: Report) -> str:
    """What was examined, in a table."""
    subject = report.subject
    facts = {
        "model": subject.model,
        "data": subject.data,
        "format": subject.format,
        "twins": subject.twins,
        "encoder": subject.encoder,
        "head": subject.head,
        "inputs": ", ".join(subject.inputs),
        "loss": subject.loss,
        "samples": None if subject.samples is None else str(subject.samples),
        "identities": None if subject.identities is None else str(subject.identities),
        "seed": str(subject.seed),
    }
    rows = tuple((name, text(value)) for name, value in facts.items() if value)
    return "<h2>Subject</h2>\n" + table("What was examined", ("fact", "value"), rows)


def _gate(report: Report, frame: Frame) -> str:
    """What the report means for a build."""
    ruling = frame.ruling_of(report)
    notes = (*(f"accepted: {item.cause}: {item.why}" for item in ruling.accepted), *ruling.notes)
    shown = f"\n{sentences(notes)}" if notes else ""
    return f"<footer>\n<p>Exit {ruling.exit_code}: {text(ruling.sentence)}</p>{shown}\n</footer>"
