"""The answer of `chance-level` as a sheet: whether an accuracy can be told from chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate, number, percent
from siamdoctor.render.sheet import Sheet, drawn, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.answer_results import ChanceLevel
    from siamdoctor.results import Subject

_SIGNIFICANT, _CHANCE = 0.05, 0.5  # of a p-value, of an AUC


def sheet(subject: Subject, level: ChanceLevel, assumed: tuple[str, ...]) -> Sheet:
    """Whether the accuracy can be told from chance."""
    shown = level.accuracy
    return Sheet(
        title=title_of(subject),
        lead=_lead(level),
        facts=(
            ("accuracy", f"{estimate(shown)}   {drawn(shown.value, shown.low, shown.high, shown.chance)}"),
            ("basis", f"{shown.pairs} pairs of {shown.identities} identities; chance is {percent(shown.chance)}"),
            ("AUC", f"{number(level.auc.value)} [{number(level.auc.low)}, {number(level.auc.high)}]"),
            ("p value of the AUC", f"{number(level.p_value)} (permutation test)"),
            ("p value of the accuracy", f"{number(level.exact_p_value)} (exact, on the effectively independent pairs)"),
            ("smallest accuracy that shows", percent(level.detectable)),
            ("pairs to see a true 60 %", str(level.pairs_needed)),
            ("verdict", level.verdict),
        ),
        notes=remarks(assumed),
    )


def _lead(level: ChanceLevel) -> str:
    """The answer in one sentence, and a second one where the distances know more than the decision."""
    shown = level.accuracy
    if shown.low > shown.chance:
        return f"{percent(shown.value)} is better than chance."
    said = f"{percent(shown.value)} cannot be told from chance with these data."
    if level.p_value < _SIGNIFICANT and (level.auc.low > _CHANCE or level.auc.high < _CHANCE):
        said += f" Yet the distances know the identities (AUC {number(level.auc.value)}): the decision wastes it."
    return said
