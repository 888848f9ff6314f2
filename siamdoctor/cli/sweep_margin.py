"""`siamdoctor sweep-margin`: which margin would work."""

import math
from typing import Annotated, Literal

import typer

from siamdoctor.cli.answers import answer_outlets, enveloped, print_answer
from siamdoctor.cli.progress import progress
from siamdoctor.cli.request import Request, takes_request
from siamdoctor.cli.settling import settle
from siamdoctor.errors import BadSettings
from siamdoctor.render import answer_json, margin_sheet

_PANEL = "Margins"
_MarginsOption = Annotated[
    str | None,
    typer.Option(
        "--margins",
        metavar="A,B,C",
        help="The margins to try. Default: a range that suits the embedding.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_DepthOption = Annotated[
    Literal["analytic", "head", "full"] | None,
    typer.Option(
        "--depth",
        help="Train nothing, the last layer, or the whole network at each margin. "
        "Default: the deepest that the budget allows.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
_LossOption = Annotated[
    Literal["contrastive", "triplet"] | None,
    typer.Option(
        "--loss",
        help="The loss whose margin is swept. Default: training.loss, else what the model says.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]


@takes_request
def sweep_margin(
    request: Request,
    *,
    margins: _MarginsOption = None,
    depth: _DepthOption = None,
    loss: _LossOption = None,
) -> None:
    """Find the margin that would work, with intervals, by cross-validation over identities.

    For example:

    ```console
    siamdoctor sweep-margin model.keras data/val
    siamdoctor sweep-margin --margins 0.2,0.5,1,2 --depth head
    siamdoctor sweep-margin --loss triplet --budget 120 --format json
    ```
    """
    settings = settle(request)
    targets = answer_outlets(request.format, request.output)
    tried = margins_of(margins)
    from siamdoctor.api import sweep_margin as run  # noqa: PLC0415  (numpy and scipy: --help does without them)

    with progress(quiet=request.quiet) as tell:
        subject, sweep, assumed = run(settings, margins=tried, depth=depth, loss=loss, progress=tell)
    content = enveloped(subject, assumed, answer_json.margin_sweep(sweep))
    print_answer(margin_sheet.sheet(subject, sweep, assumed), content, targets)


def margins_of(text: str | None) -> tuple[float, ...] | None:
    """Margins between commas, in increasing order.

    Raises:
        BadSettings: a margin that is not a positive number.
    """
    if text is None:
        return None
    try:
        margins = tuple(sorted({float(word) for word in text.split(",") if word.strip()}))
    except ValueError as error:
        raise BadSettings(f"--margins takes numbers between commas. Received: {text!r}") from error
    if not margins or not all(0 < margin < math.inf for margin in margins):
        raise BadSettings(f"Every margin must be a positive number. Received: margins={text!r}")
    return margins
