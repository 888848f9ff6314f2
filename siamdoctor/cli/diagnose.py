"""`siamdoctor diagnose`: the main job."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from siamdoctor.cli.options import ResumeOption
from siamdoctor.cli.output import Outlet, append_step_summary, manual, outlets, screen, to_stderr, write
from siamdoctor.cli.progress import progress
from siamdoctor.cli.request import Request, takes_request
from siamdoctor.cli.settling import settle
from siamdoctor.gate import Ruling, judge
from siamdoctor.render import renderer
from siamdoctor.render.frame import Frame
from siamdoctor.render.saved import read_report
from siamdoctor.results import Report
from siamdoctor.settings import Settings

if TYPE_CHECKING:
    from siamdoctor.render import Format


@takes_request
def diagnose(
    request: Request,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="An earlier JSON report: fail only on causes that are new or worse, and on lower accuracy.",
            show_default=False,
            rich_help_panel="Report",
        ),
    ] = None,
    resume: ResumeOption = None,
) -> None:
    r"""Run every check that can run, and rank the causes.

    The report goes to stdout, progress and warnings to stderr. Exit codes: 0 nothing at or above --fail-on;
    1 causes found; 2 usage, or input that cannot be read; 3 could not judge; 130 interrupted.

    For example:

    ```console
    siamdoctor diagnose model.keras data/val
    siamdoctor diagnose --format json > report.json
    siamdoctor diagnose model.h5 faces.npz -o html=report.html -o junit=ci.xml
    siamdoctor diagnose --select SD204 --ignore SD501 --fail-on proven
    siamdoctor diagnose --baseline main.json --format github
    siamdoctor diagnose --thorough --budget 600 --resume trainings.jsonl
    ```
    """
    settings = settle(request)
    earlier = read_report(baseline) if baseline is not None else None
    targets = outlets(request.format, request.output)
    report = examine(settings, quiet=request.quiet, resume=resume)
    ruling = rule(report, settings, earlier)
    deliver(report, ruling, targets)
    raise typer.Exit(ruling.exit_code)


def examine(settings: Settings, *, quiet: bool, resume: Path | None = None) -> Report:
    """Diagnose, with progress and warnings on stderr."""
    from siamdoctor.api import diagnose as run  # noqa: PLC0415  (numpy and scipy: --help does without them)

    assert settings.model.path is not None
    assert settings.data.path is not None
    journal = {} if resume is None else {"resume": resume}
    with progress(quiet=quiet) as tell:
        report = run(settings.model.path, settings.data.path, settings=settings, progress=tell, **journal)
    if not quiet:
        for warning in report.warnings:
            to_stderr(f"warning: {warning}")
    return report


def rule(report: Report, settings: Settings, baseline: Report | None) -> Ruling:
    """What the report means for a build, as of today."""
    return judge(
        report,
        fail_on=settings.report.fail_on,
        suppressions=settings.report.suppress,
        baseline=baseline,
        today=datetime.now(tz=UTC).date(),
        complete=not (settings.report.select or settings.report.ignore),
    )


def deliver(report: Report, ruling: Ruling, targets: list[Outlet]) -> None:
    """Render once for each outlet; a terminal gets its width and colour, a file neither."""
    plain = Frame(ruling=ruling, pages=manual())
    for target in targets:
        frame = plain
        if target.format == "terminal" and target.path is None:
            frame = dataclasses.replace(screen(), ruling=ruling, pages=plain.pages)
        write(renderer(cast("Format", target.format))(report, frame), target)  # reports go to no other kind of file
    if any(target.format == "github" for target in targets):
        append_step_summary(renderer("markdown")(report, plain))
