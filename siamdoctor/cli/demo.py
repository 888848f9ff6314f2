"""`siamdoctor demo`: a small network with one fault, trained on the spot and then diagnosed."""

import dataclasses
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from siamdoctor import manual_pages
from siamdoctor.cli.completion import complete_cause
from siamdoctor.cli.diagnose import deliver, examine, rule
from siamdoctor.cli.options import DebugOption, FailOnOption, FormatOption, OutputOption, QuietOption, SeedOption
from siamdoctor.cli.output import outlets, to_stderr
from siamdoctor.cli.progress import progress
from siamdoctor.errors import BadSettings
from siamdoctor.results import Report
from siamdoctor.settings import ReportSettings, Settings, read_settings

DEFAULT_FAULT = "single-unit-softmax"  # the accuracy is exactly 50 % and one word brings it back
_FaultOption = Annotated[
    str,
    typer.Option("--fault", metavar="CAUSE", help="The fault to inject.", autocompletion=complete_cause),
]
_KeepOption = Annotated[
    Path | None,
    typer.Option("--keep", metavar="DIR", help="Keep model, data and settings in this new folder.", show_default=False),
]


def demo(
    *,
    fault: _FaultOption = DEFAULT_FAULT,
    keep: _KeepOption = None,
    seed: SeedOption = None,
    format: FormatOption = "terminal",  # noqa: A002  (the name of the option)
    output: OutputOption = None,
    fail_on: FailOnOption = None,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Train a small twin network with a fault on a data set that is at hand, then diagnose it.

    Nothing is downloaded: the images are scikit-learn's digits. The diagnosis sees only the saved files,
    and exits as `diagnose` does: with 1, since it finds the fault.

    For example:

    ```console
    siamdoctor demo
    siamdoctor demo --fault preprocessing-mismatch --output html=demo.html
    siamdoctor demo --fault wrong-threshold --keep siamdoctor-demo
    ```
    """
    del debug
    cause = injectable(fault)
    targets = outlets(format, output)
    with ExitStack() as stack:
        folder = _folder(keep, stack)
        settings = _train(cause, folder, seed or 0, quiet=quiet)
        if fail_on is not None:
            settings = dataclasses.replace(settings, report=ReportSettings(fail_on=fail_on))
        report = examine(settings, quiet=quiet)
        ruling = rule(report, settings, None)
        deliver(report, ruling, targets)
    if not quiet:
        to_stderr(_found(report, cause))
        if keep is not None:
            to_stderr(f"Kept in {keep}. Again: siamdoctor diagnose --config {keep / 'siamdoctor.yaml'}")
    raise typer.Exit(ruling.exit_code)


def injectable(word: str) -> str:
    """The id of a cause that can be injected.

    Raises:
        BadSettings: an unknown cause, or one that no small network shows.
    """
    from siamdoctor.faults import FAULTS  # noqa: PLC0415  (numpy and scikit-learn: --help does without them)

    cause = manual_pages.find(word).id
    if cause not in FAULTS:
        raise BadSettings(f"This cause cannot be injected. Received: fault={word!r}. These can: {', '.join(FAULTS)}.")
    return cause


def _folder(keep: Path | None, stack: ExitStack) -> Path:
    """Where the patient is written: a new folder of the user's, or one that vanishes.

    Raises:
        BadSettings: the folder holds something already.
    """
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="siamdoctor-demo-")))
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise BadSettings(f"The folder to keep the demo in must be new or empty. Received: keep={keep}")
    keep.mkdir(parents=True, exist_ok=True)
    return keep


def _train(cause: str, folder: Path, seed: int, *, quiet: bool) -> Settings:
    """Train the patient, and read back the settings that were written for it."""
    from siamdoctor.faults import FAULTS, make_patient  # noqa: PLC0415  (the same)

    if not quiet:
        to_stderr(f"Training a small twin network with {cause}. {FAULTS[cause].caused}")
    with progress(quiet=quiet) as tell:
        patient = make_patient(cause, folder=folder, seed=seed, progress=tell)
    settings = read_settings(patient.settings)
    return dataclasses.replace(
        settings,
        model=dataclasses.replace(settings.model, path=patient.model),
        data=dataclasses.replace(settings.data, path=patient.data),
    )


def _found(report: Report, cause: str) -> str:
    """Whether the diagnosis names the fault that was injected."""
    ranks = [c.rank for c in report.causes if c.id == cause]
    return f"Injected: {cause}. Ranked: {ranks[0]}." if ranks else f"Injected: {cause}. It was not found."
