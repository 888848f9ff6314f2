"""`siamdoctor check-augmentation`: which variation the embedding stands."""

import typer

from siamdoctor.bar import INTERRUPTED
from siamdoctor.cli.answers import answer_outlets, enveloped, print_answer
from siamdoctor.cli.options import ResumeOption
from siamdoctor.cli.progress import progress
from siamdoctor.cli.request import Request, takes_request
from siamdoctor.cli.settling import settle
from siamdoctor.render import answer_json, augmentation_sheet


@takes_request
def check_augmentation(request: Request, resume: ResumeOption = None) -> None:
    """Show what the embedding is not invariant to, and what the declared augmentation does.

    With --thorough the encoder is trained anew with each set of transforms: none, the declared one, the
    article's, and one that suits this embedding. It says which pays, and warns of one that harms.

    For example:

    ```console
    siamdoctor check-augmentation model.keras data/val
    siamdoctor check-augmentation --format json
    siamdoctor check-augmentation --thorough --budget 300
    ```
    """
    settings = settle(request)
    targets = answer_outlets(request.format, request.output)
    from siamdoctor.api import check_augmentation as run  # noqa: PLC0415  (numpy and scipy: --help does without them)

    with progress(quiet=request.quiet) as tell:
        subject, answer, assumed = run(settings, tell, **({} if resume is None else {"resume": resume}))
    content = enveloped(subject, assumed, answer_json.augmentation_check(answer))
    print_answer(augmentation_sheet.sheet(subject, answer, assumed), content, targets)
    if answer.trial is not None and answer.trial.interrupted:
        raise typer.Exit(INTERRUPTED)
