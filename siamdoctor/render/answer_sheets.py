"""The answers of the other commands as sheets: the sentence that a person needs, then the numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from siamdoctor.render.charts import strip
from siamdoctor.render.numbers import estimate, number, percent, points
from siamdoctor.render.sheet import Notes, Sheet, Table

if TYPE_CHECKING:
    from siamdoctor.results import (
        AugmentationCheck,
        ChanceLevel,
        MarginSweep,
        MetricComparison,
        Subject,
    )

_STRIP = 24  # columns of a drawn interval


def margin_sweep(subject: Subject, sweep: MarginSweep, assumed: tuple[str, ...]) -> Sheet:
    """Which margin would work."""
    recommended = "none can be recommended" if sweep.recommended is None else number(sweep.recommended)
    plateau = "" if sweep.plateau is None else f"{number(sweep.plateau.low)} to {number(sweep.plateau.high)}"
    facts = (
        ("recommended", recommended),
        ("as good as that", plateau),
        ("in use", "not declared" if sweep.declared is None else number(sweep.declared)),
        ("gain over it", points(sweep.gain) if sweep.gain is not None else ""),
        ("loss", sweep.loss),
        ("depth", f"{sweep.depth} ({_DEPTHS[sweep.depth]})"),
    )
    rows = tuple(
        (
            number(point.margin) + (" *" if point.margin == sweep.recommended else ""),
            estimate(point.accuracy),
            _drawn(point.accuracy.value, point.accuracy.low, point.accuracy.high),
            number(point.auc),
            percent(point.active),
        )
        for point in sweep.margins
    )
    partial = ("The time budget ended the sweep before all margins were tried.",) if sweep.partial else ()
    return Sheet(
        title=_title(subject),
        lead=sweep.advice,
        facts=tuple((name, value) for name, value in facts if value),
        tables=(
            Table(
                title="MARGINS  (* recommended; chance is at |)",
                columns=("margin", "accuracy", "0 to 100 %", "AUC", "still active"),
                rows=rows,
                numeric=frozenset({"AUC", "still active"}),
            ),
        ),
        notes=_notes(partial, assumed),
    )


_DEPTHS = {
    "analytic": "from the embedding as it is, nothing was trained",
    "head": "the last layer was trained anew at each margin",
    "full": "the whole network was trained anew at each margin",
}


def metric_comparison(subject: Subject, comparison: MetricComparison, assumed: tuple[str, ...]) -> Sheet:
    """Which metric the embedding is good for."""
    ranked = sorted(comparison.metrics, key=lambda score: -score.accuracy.value)
    rows = tuple(
        (
            score.metric,
            ", ".join(w for w, m in (("best", comparison.best), ("in use", comparison.in_use)) if m == score.metric),
            estimate(score.accuracy),
            _drawn(score.accuracy.value, score.accuracy.low, score.accuracy.high),
            number(score.auc),
            number(score.threshold),
        )
        for score in ranked
    )
    in_use = comparison.in_use or "not declared"
    if comparison.best == comparison.in_use:
        lead = f"The metric in use, {in_use}, is the best one."
    elif comparison.gain.low > 0:
        lead = f"{comparison.best} is better than the metric in use ({in_use}): {points(comparison.gain)}."
    else:
        lead = f"No metric is surely better than the one in use ({in_use})."
    return Sheet(
        title=_title(subject),
        lead=lead,
        facts=(("best", comparison.best), ("in use", in_use), ("gain", points(comparison.gain))),
        tables=(
            Table(
                title="METRICS  (each with its own threshold, chosen on one half and scored on the other)",
                columns=("metric", "", "accuracy", "0 to 100 %", "AUC", "threshold"),
                rows=rows,
                numeric=frozenset({"AUC", "threshold"}),
            ),
        ),
        notes=_notes((), assumed),
    )


def augmentation_check(subject: Subject, check: AugmentationCheck, assumed: tuple[str, ...]) -> Sheet:
    """What the embedding is invariant to, and what the declared augmentation does."""
    lead = "The embedding keeps still under every transform that was tried."
    if check.missing:
        lead = f"The embedding moves too far under: {', '.join(check.missing)}. Augment with these."
    facts: list[tuple[str, str]] = []
    if check.declared is not None:
        facts.append(("diversity", f"{number(check.declared.diversity)} of the distance between two images"))
        facts.append(("without effect", ", ".join(check.declared.no_op) or "none"))
        facts.append(("harmful", ", ".join(check.declared.harmful) or "none"))
    else:
        facts.append(("declared", "no augmentation is declared (training.augmentation in siamdoctor.yaml)"))
    if check.gap_train is not None and check.gap_validation is not None:
        gap = 100 * (check.gap_train - check.gap_validation)
        facts.append(
            ("train, validation", f"{percent(check.gap_train)}, {percent(check.gap_validation)} (gap {gap:.1f} points)")
        )
    rows = tuple(
        (
            drift.name.replace("_", " "),
            number(drift.strength),
            number(drift.drift),
            number(drift.tolerance),
            "too far" if drift.drift > drift.tolerance else "",
        )
        for drift in check.transforms
    )
    return Sheet(
        title=_title(subject),
        lead=lead,
        facts=tuple(facts),
        tables=(
            Table(
                title="DRIFT  (1 is as far as another identity)",
                columns=("transform", "strength", "drift", "tolerance", "verdict"),
                rows=rows,
                numeric=frozenset({"strength", "drift", "tolerance"}),
            ),
        ),
        notes=_notes((), assumed),
    )


def chance_level(subject: Subject, level: ChanceLevel, assumed: tuple[str, ...]) -> Sheet:
    """Whether the accuracy can be told from chance."""
    shown = level.accuracy
    told = shown.low > shown.chance
    lead = (
        f"{percent(shown.value)} is better than chance."
        if told
        else f"{percent(shown.value)} cannot be told from chance with these data."
    )
    return Sheet(
        title=_title(subject),
        lead=lead,
        facts=(
            ("accuracy", f"{estimate(shown)}   {_drawn(shown.value, shown.low, shown.high, shown.chance)}"),
            ("basis", f"{shown.pairs} pairs of {shown.identities} identities; chance is {percent(shown.chance)}"),
            ("AUC", f"{number(level.auc.value)} [{number(level.auc.low)}, {number(level.auc.high)}]"),
            ("p value of the AUC", f"{number(level.p_value)} (permutation over identities)"),
            ("p value of the accuracy", f"{number(level.exact_p_value)} (exact, on the effectively independent pairs)"),
            ("smallest accuracy that shows", percent(level.detectable)),
            ("pairs to see a true 60 %", str(level.pairs_needed)),
            ("verdict", level.verdict),
        ),
        notes=_notes((), assumed),
    )


def _title(subject: Subject) -> str:
    """What was examined."""
    return f"{subject.model} on {subject.data}" if subject.data else subject.model


def _drawn(value: float, low: float, high: float, chance: float = 0.5) -> str:
    """An estimate as a picture of one line."""
    return strip(value, low, high, _STRIP, chance=None if math.isnan(chance) else chance)


def _notes(remarks: tuple[str, ...], assumed: tuple[str, ...]) -> tuple[Notes, ...]:
    """Remarks, and what was assumed."""
    found = (("NOTE", remarks), ("ASSUMED", assumed))
    return tuple(Notes(title=title, sentences=lines) for title, lines in found if lines)
