"""`siamdoctor sweep-margin`: which margin would work."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from siamdoctor.bar import INTERRUPTED
from siamdoctor.cli.answers import answer_outlets, enveloped, print_answer
from siamdoctor.cli.options import ResumeOption
from siamdoctor.cli.progress import progress
from siamdoctor.cli.request import Request, takes_request
from siamdoctor.cli.settling import settle
from siamdoctor.render import answer_json, margin_csv, margin_sheet

if TYPE_CHECKING:
    from siamdoctor.answer_results import MarginSweep
    from siamdoctor.render import FileFormat

_PANEL = "Margins"
_FILES: "tuple[FileFormat, ...]" = ("csv", "png", "svg")
_MarginsOption = Annotated[
    str | None,
    typer.Option(
        "--margins",
        metavar="A,B,C|LOW:HIGH:COUNT",
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
    Literal["contrastive", "contrastive-hinge", "triplet", "triplet-batch-all", "triplet-semi-hard", "triplet-hard"]
    | None,
    typer.Option(
        "--loss",
        help="The loss whose margin is swept. Default: training.loss, else what the model says.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]

_JobsOption = Annotated[
    int, typer.Option("--jobs", min=1, help="Processes that train at the same time.", rich_help_panel=_PANEL)
]


@takes_request
def sweep_margin(
    request: Request,
    *,
    margins: _MarginsOption = None,
    depth: _DepthOption = None,
    loss: _LossOption = None,
    resume: ResumeOption = None,
    jobs: _JobsOption = 1,
) -> None:
    """Find the margin that would work, with intervals, by cross-validation over identities.

    For example:

    ```console
    siamdoctor sweep-margin model.keras data/val
    siamdoctor sweep-margin --margins 0.2,0.5,1,2 --depth head
    siamdoctor sweep-margin --margins 0.1:2:20 --depth full --resume sweep.jsonl
    siamdoctor sweep-margin --loss triplet --budget 120 --format json
    siamdoctor sweep-margin --output csv=margins.csv --output png=margins.png
    ```
    """
    settings = settle(request)
    targets = answer_outlets(request.format, request.output, _FILES)
    from siamdoctor.api import sweep_margin as run  # noqa: PLC0415  (numpy and scipy: --help does without them)
    from siamdoctor.trials.sweep_grid import parse_margins  # noqa: PLC0415  (the same)

    tried = parse_margins(margins) if margins is not None else None

    with progress(quiet=request.quiet) as tell:
        subject, sweep, assumed = run(
            settings, margins=tried, depth=depth, loss=loss, resume=resume, jobs=jobs, progress=tell
        )
    content = enveloped(subject, assumed, answer_json.margin_sweep(sweep))
    files: dict[str, Callable[[], str | bytes]] = {
        "csv": lambda: margin_csv.render(sweep),
        "png": lambda: _picture(sweep, "png"),
        "svg": lambda: _picture(sweep, "svg"),
    }
    print_answer(margin_sheet.sheet(subject, sweep, assumed), content, targets, files)
    if sweep.interrupted:
        raise typer.Exit(INTERRUPTED)


def _picture(sweep: "MarginSweep", kind: Literal["png", "svg"]) -> bytes:
    """The sweep as a picture."""
    from siamdoctor.render import margin_picture  # noqa: PLC0415  (matplotlib takes a second)

    return margin_picture.render(sweep, kind)
