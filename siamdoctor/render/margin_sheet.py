"""The answer of `sweep-margin` as a sheet: which margin would work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate, number, percent, points
from siamdoctor.render.sheet import Sheet, Table, drawn, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.answer_results import MarginSweep
    from siamdoctor.results import Subject

_DEPTHS = {
    "analytic": "from the embedding as it is, nothing was trained",
    "head": "the last layer was trained anew at each margin",
    "full": "the whole network was trained anew at each margin",
}
_CUT_SHORT = "The time budget ended the sweep before all margins were tried."


def sheet(subject: Subject, sweep: MarginSweep, assumed: tuple[str, ...]) -> Sheet:
    """The advice, what it rests on, and every margin that was tried."""
    return Sheet(
        title=title_of(subject),
        lead=sweep.advice,
        facts=_facts(sweep),
        tables=(_margins(sweep),) if sweep.margins else (),
        notes=remarks(assumed, (_CUT_SHORT,) if sweep.partial else ()),
    )


def _facts(sweep: MarginSweep) -> tuple[tuple[str, str], ...]:
    """Everything that is one line."""
    plateau = "" if sweep.plateau is None else f"{number(sweep.plateau.low)} to {number(sweep.plateau.high)}"
    facts = (
        ("recommended", "none" if sweep.recommended is None else number(sweep.recommended)),
        ("as good as that", plateau),
        ("in use", "not declared" if sweep.declared is None else number(sweep.declared)),
        ("gain over it", points(sweep.gain) if sweep.gain is not None else ""),
        ("loss", sweep.loss),
        ("depth", f"{sweep.depth} ({_DEPTHS[sweep.depth]})"),
    )
    return tuple((name, value) for name, value in facts if value)


def _margins(sweep: MarginSweep) -> Table:
    """A row a margin."""
    rows = tuple(
        (
            number(point.margin) + (" *" if point.margin == sweep.recommended else ""),
            estimate(point.accuracy),
            drawn(point.accuracy.value, point.accuracy.low, point.accuracy.high),
            number(point.auc),
            percent(point.active),
        )
        for point in sweep.margins
    )
    return Table(
        title="MARGINS  (* recommended; chance is at |)",
        columns=("margin", "accuracy", "0 to 100 %", "AUC", "still active"),
        rows=rows,
        numeric=frozenset({"AUC", "still active"}),
        drawn=frozenset({"0 to 100 %"}),
    )
