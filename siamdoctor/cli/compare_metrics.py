"""`siamdoctor compare-metrics`: which metric the embedding is good for."""

from siamdoctor.cli.answers import answer_outlets, enveloped, print_answer
from siamdoctor.cli.progress import progress
from siamdoctor.cli.request import Request, takes_request
from siamdoctor.cli.settling import settle
from siamdoctor.render import answer_json, metric_sheet


@takes_request
def compare_metrics(request: Request) -> None:
    """Compare distances: raw, L2-normalised and centred, with a paired test between them.

    For example:

    ```console
    siamdoctor compare-metrics model.keras data/val
    siamdoctor compare-metrics --format json
    ```
    """
    settings = settle(request)
    targets = answer_outlets(request.format, request.output)
    from siamdoctor.api import compare_metrics as run  # noqa: PLC0415  (numpy and scipy: --help does without them)

    with progress(quiet=request.quiet) as tell:
        subject, answer, assumed = run(settings, tell)
    content = enveloped(subject, assumed, answer_json.metric_comparison(answer))
    print_answer(metric_sheet.sheet(subject, answer, assumed), content, targets)
