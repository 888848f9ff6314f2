"""Every command by name, with its module imported only where the command is asked for.

`siamdoctor explain` would otherwise wait for the options, settings and renderers of nine other commands.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from siamdoctor import __version__

_EXAMINE, _READ, _BEGIN = "Examine a model", "Read and compare", "Begin"


@dataclass(frozen=True, slots=True)
class Command:
    """A command, known without importing it. summary: the first line of its docstring, as a test demands."""

    name: str
    home: str
    panel: str
    summary: str


COMMANDS = (
    Command("diagnose", "diagnose:diagnose", _EXAMINE, "Run every check that can run, and rank the causes."),
    Command(
        "sweep-margin",
        "sweep_margin:sweep_margin",
        _EXAMINE,
        "Find the margin that would work, with intervals, by cross-validation over identities.",
    ),
    Command(
        "compare-metrics",
        "compare_metrics:compare_metrics",
        _EXAMINE,
        "Compare distances: raw, L2-normalised and centred, with a paired test between them.",
    ),
    Command(
        "check-augmentation",
        "check_augmentation:check_augmentation",
        _EXAMINE,
        "Show what the embedding is not invariant to, and what the declared augmentation does.",
    ),
    Command(
        "chance-level",
        "chance_level:chance_level",
        _EXAMINE,
        "Tell whether this accuracy is distinguishable from chance, and how many pairs it would take to know.",
    ),
    Command(
        "inspect",
        "inspect_model:inspect_model",
        _EXAMINE,
        "Explain a model file: twins, encoder, head, inputs, loss, Lambdas.",
    ),
    Command("explain", "explain:explain", _READ, "Print the manual page of a cause, or the list of all causes."),
    Command(
        "compare",
        "compare:compare",
        _READ,
        "Set two JSON reports side by side: causes that came, went or grew, and accuracy.",
    ),
    Command(
        "demo",
        "demo:demo",
        _BEGIN,
        "Train a small twin network with a fault on a data set that is at hand, then diagnose it.",
    ),
    Command(
        "init",
        "init:init",
        _BEGIN,
        "Write a commented siamdoctor.yaml: what the files show is filled in, what only you know is asked for.",
    ),
)


def assemble(asked: str | None = None) -> typer.Typer:
    """The program as typer takes it.

    Args:
        asked: the command that will run; the others are then there by name and summary only. None imports all.
    """
    app = typer.Typer(
        name="siamdoctor",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(siamdoctor)
    for command in COMMANDS:
        add = app.command(command.name, rich_help_panel=command.panel, short_help=command.summary)
        if asked in (None, command.name):
            module, _, function = command.home.partition(":")
            add(getattr(import_module(f"siamdoctor.cli.{module}"), function))
        else:
            add(_another)
    return app


def _another() -> None:
    """Stand in for a command that was not asked for."""


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer calls it by position)
    """Print the version and stop."""
    from siamdoctor.cli.output import to_stdout  # noqa: PLC0415  (only for --version)

    if wanted:
        to_stdout(f"siamdoctor {__version__}\n")
        raise typer.Exit


def siamdoctor(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find out why a Siamese network is stuck at 50 % accuracy.

    `siamdoctor diagnose model.keras data/val` ranks the causes by what removing each one is
    measured to recover. Inside a project with a siamdoctor.yaml, MODEL and DATA can be left out.

    Exit codes: 0 nothing at or above --fail-on; 1 causes found; 2 usage, or input that cannot be read;
    3 could not judge; 130 interrupted.
    """
    del version
