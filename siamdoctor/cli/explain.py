"""`siamdoctor explain`: the manual page of a cause, offline."""

import dataclasses
from typing import Annotated

import typer

from siamdoctor import manual_pages
from siamdoctor.cli.completion import complete_cause
from siamdoctor.cli.options import DebugOption
from siamdoctor.cli.output import manual, screen, to_stdout


def explain(
    cause: Annotated[
        str | None,
        typer.Argument(
            metavar="CAUSE",
            help="Id or code of a cause. Without it, all are listed.",
            autocompletion=complete_cause,
            show_default=False,
        ),
    ] = None,
    *,
    debug: DebugOption = False,
) -> None:
    """Print the manual page of a cause, or the list of all causes.

    For example:

    ```console
    siamdoctor explain
    siamdoctor explain single-unit-softmax
    siamdoctor explain SD204
    ```
    """
    from siamdoctor.render import manual as pages  # noqa: PLC0415  (rich, which --help of this command does without)

    del debug
    wanted = manual_pages.find(cause).id if cause is not None else None
    frame = dataclasses.replace(screen(), pages=manual())
    if wanted is None:
        to_stdout(pages.catalogue(frame))
    else:
        to_stdout(pages.page(wanted, frame.pages[wanted], frame))
