"""`siamdoctor compare`: what changed between two JSON reports."""

from pathlib import Path
from typing import Annotated

import typer

from siamdoctor.changes import compare_reports
from siamdoctor.cli.answers import answer_outlets, enveloped, print_answer
from siamdoctor.cli.options import DebugOption, FailOnOption, FormatOption, OutputOption
from siamdoctor.gate import judge
from siamdoctor.render import answer_json, changes_sheet
from siamdoctor.render.machine import gate
from siamdoctor.render.saved import read_report


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE.json", help="The earlier report.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER.json", help="The later report.")],
    *,
    fail_on: FailOnOption = None,
    format: FormatOption = "terminal",  # noqa: A002  (the name of the option)
    output: OutputOption = None,
    debug: DebugOption = False,
) -> None:
    """Set two JSON reports side by side: causes that came, went or grew, and accuracy.

    Exits with 1 if a cause at or above --fail-on is new or worse, or if the accuracy fell below the earlier
    interval; with 3 if the later report judges nothing.

    For example:

    ```console
    siamdoctor diagnose old.keras data/val --format json > old.json
    siamdoctor diagnose new.keras data/val --format json > new.json
    siamdoctor compare old.json new.json
    ```
    """
    del debug
    targets = answer_outlets(format, output)
    earlier, later = read_report(before), read_report(after)
    ruling = judge(later, fail_on=fail_on or "likely", baseline=earlier)
    found = compare_reports(earlier, later)
    part = answer_json.changes(found) | {"gate": gate(ruling)}
    content = enveloped(later.subject, later.assumed, part)
    print_answer(changes_sheet.sheet(earlier, later, found, ruling), content, targets)
    raise typer.Exit(ruling.exit_code)
