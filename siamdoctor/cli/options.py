"""The options that every analysing command takes, declared once.

typer reads a command's signature. `takes_request` gives a command the signature of `Request` plus its own
parameters, so that twenty shared options are neither repeated in five signatures nor passed about singly.
The annotations are read at run time, hence no `from __future__ import annotations` here.
"""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Concatenate, ParamSpec, get_type_hints

import typer

from siamdoctor.cli.completion import complete_cause, complete_output
from siamdoctor.render import Format
from siamdoctor.settings import FailOn

P = ParamSpec("P")
_MODEL, _RUN, _REPORT = "Reading the model", "What is examined", "Report"

ModelArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        help="Saved model: .keras, .h5, or a directory. Default: model.path in siamdoctor.yaml.",
        show_default=False,
    ),
]
DataArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA",
        help="Folder of class folders, .npz, or a list of pairs. Default: data.path in siamdoctor.yaml.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="How to print the report.", rich_help_panel=_REPORT)
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no warnings.", rich_help_panel=_REPORT)
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", help="Show the traceback of any error.", rich_help_panel=_REPORT),
]
OutputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT=PATH",
        help="Also write the report to a file in this format. Repeatable.",
        autocompletion=complete_output,
        show_default=False,
        rich_help_panel=_REPORT,
    ),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        help="Exit with 1 if a cause is at or above this level. [default: likely]",
        show_default=False,
        rich_help_panel=_REPORT,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asked for; None where it said nothing and the settings file decides."""

    model: ModelArgument = None
    data: DataArgument = None
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="Settings. Default: siamdoctor.yaml beside the model, then in the working directory.",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    train: Annotated[
        str | None,
        typer.Option(
            "--train",
            metavar="DIR",
            help="Training data, for the checks that compare it with validation data.",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="CAUSE",
            help="Only this cause, by id or code. Repeatable.",
            autocompletion=complete_cause,
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore",
            metavar="CAUSE",
            help="Leave this cause out, by id or code. Repeatable.",
            autocompletion=complete_cause,
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    pairs: Annotated[
        int | None,
        typer.Option(
            "--pairs",
            min=2,
            metavar="N",
            help="How many pairs to draw. [default: 2000]",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            min=0,
            metavar="N",
            help="The same seed gives the same report. [default: 0]",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            min=0.1,
            metavar="SECONDS",
            help="Leave out what would take longer than this in all.",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None
    thorough: Annotated[
        bool,
        typer.Option("--thorough", help="Also run the trials that train for minutes.", rich_help_panel=_RUN),
    ] = False
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="LAYER",
            help="The layer that is the encoder, when it cannot be found.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    replace: Annotated[
        list[str] | None,
        typer.Option(
            "--replace",
            metavar="NAME=WHAT",
            help="What stands in for a Lambda inside the encoder: l2norm, rescale:FACTOR, flatten or "
            "identity. Repeatable.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    architecture: Annotated[
        str | None,
        typer.Option(
            "--architecture",
            metavar="SOURCE",
            help="config.json, or module:function (runs your code), for files that hold weights only.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    custom_objects: Annotated[
        str | None,
        typer.Option(
            "--custom-objects",
            metavar="SOURCE",
            help="Module or file with your layer classes. Runs your code.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    trust_savedmodel: Annotated[
        bool,
        typer.Option(
            "--trust-savedmodel",
            help="Load a SavedModel directory. It is code: only for files that you trust.",
            rich_help_panel=_MODEL,
        ),
    ] = False
    format: FormatOption = "terminal"
    output: OutputOption = None
    fail_on: FailOnOption = None
    quiet: QuietOption = False
    debug: DebugOption = False


def takes_request(command: Callable[Concatenate[Request, P], None]) -> Callable[..., None]:
    """Turn a command over a `Request` (and parameters of its own) into one that typer can read."""
    shared = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
        for f in dataclasses.fields(Request)
    ]
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name])
        for name, parameter in list(inspect.signature(command).parameters.items())[1:]
    ]
    names = {parameter.name for parameter in shared}

    def run(**values: object) -> None:
        request = Request(**{k: v for k, v in values.items() if k in names})  # type: ignore[arg-type]
        rest = {k: v for k, v in values.items() if k not in names}
        command(request, **rest)  # type: ignore[call-arg, arg-type]

    run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
    run.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
    return run
