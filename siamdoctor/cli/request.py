"""What the command line asked for, as one value.

typer reads a command's signature. `takes_request` gives a command the signature of `Request` plus its own
parameters, so that twenty shared options are neither repeated in five signatures nor passed about singly.
The annotations are read at run time, hence no `from __future__ import annotations` here.
"""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, get_type_hints

from siamdoctor.cli.options import (
    ArchitectureOption,
    BudgetOption,
    ConfigOption,
    CustomObjectsOption,
    DataArgument,
    DebugOption,
    EncoderOption,
    FailOnOption,
    FormatOption,
    IgnoreOption,
    ModelArgument,
    OutputOption,
    PairsOption,
    QuietOption,
    ReplaceOption,
    SeedOption,
    SelectOption,
    ThoroughOption,
    TrainOption,
    TrustSavedmodelOption,
    VocabularyOption,
)

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asked for; None where it said nothing and the settings file decides."""

    model: ModelArgument = None
    data: DataArgument = None
    config: ConfigOption = None
    train: TrainOption = None
    vocabulary: VocabularyOption = None
    select: SelectOption = None
    ignore: IgnoreOption = None
    pairs: PairsOption = None
    seed: SeedOption = None
    budget: BudgetOption = None
    thorough: ThoroughOption = False
    encoder: EncoderOption = None
    replace: ReplaceOption = None
    architecture: ArchitectureOption = None
    custom_objects: CustomObjectsOption = None
    trust_savedmodel: TrustSavedmodelOption = False
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
