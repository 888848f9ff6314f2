"""The answer of `compare-metrics` as a sheet: which metric the embedding is good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate, number, points
from siamdoctor.render.sheet import Sheet, Table, drawn, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.answer_results import MetricComparison
    from siamdoctor.results import Subject


def sheet(subject: Subject, comparison: MetricComparison, assumed: tuple[str, ...]) -> Sheet:
    """Whether another metric is better, and every metric, best first."""
    in_use = comparison.in_use or "not declared"
    return Sheet(
        title=title_of(subject),
        lead=_lead(comparison, in_use),
        facts=(("best", comparison.best), ("in use", in_use), ("gain", points(comparison.gain))),
        tables=(_metrics(comparison),),
        notes=remarks(assumed),
    )


def _lead(comparison: MetricComparison, in_use: str) -> str:
    """The answer in one sentence."""
    if comparison.best == comparison.in_use:
        return f"The metric in use, {in_use}, is the best one."
    if comparison.gain.low > 0:
        best = comparison.best.replace("_", " ")
        return f"{best} is better than the metric in use ({in_use}): {points(comparison.gain)}."
    return f"No metric is surely better than the one in use ({in_use})."


def _metrics(comparison: MetricComparison) -> Table:
    """A row a metric, best first."""
    marks = ((comparison.best, " *"), (comparison.in_use, " <"))
    rows = tuple(
        (
            score.metric.replace("_", " ") + "".join(mark for metric, mark in marks if metric == score.metric),
            estimate(score.accuracy),
            drawn(score.accuracy.value, score.accuracy.low, score.accuracy.high),
            number(score.auc),
            number(score.threshold),
        )
        for score in sorted(comparison.metrics, key=lambda score: -score.accuracy.value)
    )
    return Table(
        title="METRICS  (* best; < in use; each with a threshold chosen on other pairs)",
        columns=("metric", "accuracy", "0 to 100 %", "AUC", "threshold"),
        rows=rows,
        numeric=frozenset({"AUC", "threshold"}),
        drawn=frozenset({"0 to 100 %"}),
    )
