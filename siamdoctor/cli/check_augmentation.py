"""`siamdoctor check-augmentation`: which variation the embedding stands."""

from siamdoctor.cli.answers import answer_json, answer_outlets, print_answer
from siamdoctor.cli.options import Request, takes_request
from siamdoctor.cli.progress import progress
from siamdoctor.cli.settling import settle
from siamdoctor.render import answer_json as machine
from siamdoctor.render import answer_sheets as sheets


@takes_request
def check_augmentation(request: Request) -> None:
    """Show what the embedding is not invariant to, and what the declared augmentation does.

    For example:

    ```console
    siamdoctor check-augmentation model.keras data/val
    siamdoctor check-augmentation --format json
    ```
    """
    settings = settle(request)
    targets = answer_outlets(request.format, request.output)
    from siamdoctor.api import check_augmentation as run  # noqa: PLC0415  (numpy and scipy: --help does without them)

    with progress(quiet=request.quiet) as tell:
        subject, answer, assumed = run(settings, tell)
    content = answer_json(subject, assumed, machine.augmentation_check(answer))
    print_answer(sheets.augmentation_check(subject, answer, assumed), content, targets)
