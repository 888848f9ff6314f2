"""`siamdoctor chance-level`: whether an accuracy can be told from chance."""

import typer

from siamdoctor.bar import CLEAR, UNJUDGED
from siamdoctor.cli.answers import answer_outlets, enveloped, print_answer
from siamdoctor.cli.progress import progress
from siamdoctor.cli.request import Request, takes_request
from siamdoctor.cli.settling import settle
from siamdoctor.render import answer_json, chance_sheet


@takes_request
def chance_level(request: Request) -> None:
    """Tell whether this accuracy is distinguishable from chance, and how many pairs it would take to know.

    The test permutes identities, since pairs share images and are not independent. Exits with 3 where there
    are too few of them to say.

    For example:

    ```console
    siamdoctor chance-level model.keras data/val
    siamdoctor chance-level --pairs 5000 --format json
    ```
    """
    settings = settle(request)
    targets = answer_outlets(request.format, request.output)
    from siamdoctor.api import chance_level as run  # noqa: PLC0415  (numpy and scipy: --help does without them)

    with progress(quiet=request.quiet) as tell:
        subject, answer, assumed = run(settings, tell)
    content = enveloped(subject, assumed, answer_json.chance_level(answer))
    print_answer(chance_sheet.sheet(subject, answer, assumed), content, targets)
    raise typer.Exit(UNJUDGED if answer.verdict == "inconclusive" else CLEAR)
