"""`siamdoctor explain`: the manual page of a cause, offline."""

import dataclasses
from typing import Annotated

import typer

from siamdoctor import manual_pages
from siamdoctor.cli.completion import complete_page
from siamdoctor.cli.options import DebugOption
from siamdoctor.cli.output import manual, screen, to_stdout


def explain(
    cause: Annotated[
        str | None,
        typer.Argument(
            metavar="CAUSE",
            help="Id or code of a cause, or `tutorial`. Without it, all are listed.",
            autocompletion=complete_page,
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
    siamdoctor explain tutorial
    ```
    """
    from siamdoctor.render import manual as pages  # noqa: PLC0415  (rich, which --help of this command does without)

    del debug
    about = manual_pages.topic(cause) if cause is not None else None
    wanted = manual_pages.find(cause).id if cause is not None and about is None else None
    frame = dataclasses.replace(screen(), pages=manual())
    if about is not None:
        to_stdout(pages.topic(about, frame))
    elif wanted is None:
        to_stdout(pages.catalogue(frame, manual_pages.TOPICS))
    else:
        to_stdout(pages.page(wanted, frame.pages[wanted], frame))
