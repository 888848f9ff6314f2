"""Every option that more than one command takes, declared once. typer reads the annotations at run time."""

from pathlib import Path
from typing import Annotated

import typer

from siamdoctor.bar import FailOn
from siamdoctor.cli.completion import complete_cause, complete_output
from siamdoctor.render import Format

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
    Format,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="How to print: terminal, json, markdown, html; reports also junit, sarif, github.",
        rich_help_panel=_REPORT,
    ),
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
        metavar="LEVEL",
        help="Exit with 1 if a cause is at or above this: proven, likely, possible or never. [default: likely]",
        show_default=False,
        rich_help_panel=_REPORT,
    ),
]
ConfigOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings. Default: siamdoctor.yaml beside the model, then in the working directory. "
        "Repeatable: a later file outranks an earlier one.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
TrainOption = Annotated[
    str | None,
    typer.Option(
        "--train",
        metavar="DIR",
        help="Training data, for the checks that compare it with validation data.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
VocabularyOption = Annotated[
    str | None,
    typer.Option(
        "--vocabulary",
        metavar="FILE",
        help="For texts: what numbers words have, if the model does not hold that. A word a line, or JSON.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="CAUSE",
        help="Only this cause, by id or code. Repeatable.",
        autocompletion=complete_cause,
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="CAUSE",
        help="Leave this cause out, by id or code. Repeatable.",
        autocompletion=complete_cause,
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
PairsOption = Annotated[
    int | None,
    typer.Option(
        "--pairs",
        min=2,
        metavar="N",
        help="How many pairs to draw. [default: 2000]",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        metavar="N",
        help="The same seed gives the same report. [default: 0]",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
BudgetOption = Annotated[
    float | None,
    typer.Option(
        "--budget",
        min=0.1,
        metavar="SECONDS",
        help="Leave out what would take longer than this in all.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
ThoroughOption = Annotated[
    bool,
    typer.Option("--thorough", help="Also run the trials that train for minutes.", rich_help_panel=_RUN),
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="FILE",
        help="A journal of finished trainings: read if it is there, written as the run goes on.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="LAYER",
        help="The layer that is the encoder, when it cannot be found.",
        show_default=False,
        rich_help_panel=_MODEL,
    ),
]
ReplaceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--replace",
        metavar="NAME=WHAT",
        help="What stands in for a Lambda inside the encoder: l2norm, rescale:FACTOR, flatten or identity. Repeatable.",
        show_default=False,
        rich_help_panel=_MODEL,
    ),
]
ArchitectureOption = Annotated[
    str | None,
    typer.Option(
        "--architecture",
        metavar="SOURCE",
        help="config.json, or module:function (runs your code), for files that hold weights only.",
        show_default=False,
        rich_help_panel=_MODEL,
    ),
]
CustomObjectsOption = Annotated[
    str | None,
    typer.Option(
        "--custom-objects",
        metavar="SOURCE",
        help="Module or file with your layer classes. Runs your code.",
        show_default=False,
        rich_help_panel=_MODEL,
    ),
]
TrustSavedmodelOption = Annotated[
    bool,
    typer.Option(
        "--trust-savedmodel",
        help="Run the program in an exported SavedModel folder (`model.export`). It may do anything.",
        rich_help_panel=_MODEL,
    ),
]
