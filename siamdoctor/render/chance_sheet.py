"""The answer of `chance-level` as a sheet: whether an accuracy can be told from chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate, number, percent
from siamdoctor.render.sheet import Sheet, drawn, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.results import ChanceLevel, Subject


def sheet(subject: Subject, level: ChanceLevel, assumed: tuple[str, ...]) -> Sheet:
    """Whether the accuracy can be told from chance."""
    shown = level.accuracy
    told = shown.low > shown.chance
    lead = (
        f"{percent(shown.value)} is better than chance."
        if told
        else f"{percent(shown.value)} cannot be told from chance with these data."
    )
    return Sheet(
        title=title_of(subject),
        lead=lead,
        facts=(
            ("accuracy", f"{estimate(shown)}   {drawn(shown.value, shown.low, shown.high, shown.chance)}"),
            ("basis", f"{shown.pairs} pairs of {shown.identities} identities; chance is {percent(shown.chance)}"),
            ("AUC", f"{number(level.auc.value)} [{number(level.auc.low)}, {number(level.auc.high)}]"),
            ("p value of the AUC", f"{number(level.p_value)} (permutation over identities)"),
            ("p value of the accuracy", f"{number(level.exact_p_value)} (exact, on the effectively independent pairs)"),
            ("smallest accuracy that shows", percent(level.detectable)),
            ("pairs to see a true 60 %", str(level.pairs_needed)),
            ("verdict", level.verdict),
        ),
        notes=remarks(assumed),
    )
