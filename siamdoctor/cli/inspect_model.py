"""`siamdoctor inspect`: what a model file holds, without running it and without TensorFlow."""

from typing import Annotated

import typer

from siamdoctor import __version__
from siamdoctor.cli.answers import answer_outlets, print_answer
from siamdoctor.cli.options import (
    ArchitectureOption,
    CustomObjectsOption,
    DebugOption,
    EncoderOption,
    FormatOption,
    ModelArgument,
    OutputOption,
    ReplaceOption,
)
from siamdoctor.cli.request import Request
from siamdoctor.cli.settling import settle_model
from siamdoctor.render.blueprint_json import as_json
from siamdoctor.render.blueprint_sheet import sheet


def inspect_model(
    model: ModelArgument = None,
    *,
    environment: Annotated[
        bool, typer.Option("--environment", help="Check this installation instead: versions, memory, TensorFlow.")
    ] = False,
    encoder: EncoderOption = None,
    architecture: ArchitectureOption = None,
    custom_objects: CustomObjectsOption = None,
    replace: ReplaceOption = None,
    format: FormatOption = "terminal",  # noqa: A002  (the name of the option)
    output: OutputOption = None,
    debug: DebugOption = False,
) -> None:
    """Explain a model file: twins, encoder, head, inputs, loss, Lambdas.

    Nothing in the file is run and TensorFlow is not loaded, so a stranger's file is safe to look at. The file that
    --custom-objects names is only searched for the names of its classes here, and run where the model itself is of
    such a class; --architecture module:function is run.

    For example:

    ```console
    siamdoctor inspect model.keras
    siamdoctor inspect old_model.h5 --format json
    siamdoctor inspect --environment
    ```
    """
    from siamdoctor.models.reading import read_blueprint  # noqa: PLC0415  (numpy and h5py: --help does without)

    del debug
    targets = answer_outlets(format, output)
    if environment:
        from siamdoctor.cli.environment import examine_environment  # noqa: PLC0415  (reads what pip knows: slow)

        answer = examine_environment()
        print_answer(answer.as_sheet(), answer.as_json(), targets)
        raise typer.Exit(answer.exit_code)
    request = Request(
        model=model, encoder=encoder, architecture=architecture, custom_objects=custom_objects, replace=replace
    )
    settings = settle_model(request)
    assert settings.model.path is not None
    blueprint = read_blueprint(settings.model.path, settings.model)
    print_answer(sheet(blueprint), as_json(blueprint, __version__), targets)
