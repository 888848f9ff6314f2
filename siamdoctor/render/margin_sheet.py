"""The answer of `sweep-margin` as a sheet: which margin would work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate, number, percent, points
from siamdoctor.render.sheet import Sheet, Table, drawn, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.answer_results import MarginSweep
    from siamdoctor.results import Interval, Subject

_DEPTHS = {
    "analytic": "from the embedding as it is, nothing was trained",
    "head": "the last layer was trained anew at each margin",
    "full": "the whole network was trained anew at each margin",
}
_MEASURES = ("AUC", "AUC 95 %", "active", "active 95 %", "spread", "spread 95 %", "rank", "rank 95 %")


def sheet(subject: Subject, sweep: MarginSweep, assumed: tuple[str, ...]) -> Sheet:
    """The advice, what it rests on, and every margin that was tried."""
    return Sheet(
        title=title_of(subject),
        lead=sweep.advice,
        facts=_facts(sweep),
        tables=(_margins(sweep),) if sweep.margins else (),
        notes=remarks(assumed, sweep.notes),
    )


def _facts(sweep: MarginSweep) -> tuple[tuple[str, str], ...]:
    """Everything that is one line."""
    plateau = "" if sweep.plateau is None else f"{number(sweep.plateau.low)} to {number(sweep.plateau.high)}"
    facts = (
        ("partial", "yes: not all was trained" if sweep.partial else ""),
        ("recommended", "none" if sweep.recommended is None else number(sweep.recommended)),
        ("as good as that", plateau),
        ("in use", "not declared" if sweep.declared is None else number(sweep.declared)),
        ("gain over it", points(sweep.gain) if sweep.gain is not None else ""),
        ("loss", sweep.loss),
        ("depth", f"{sweep.depth} ({_DEPTHS[sweep.depth]})"),
        ("in code", sweep.code),
        ("next", sweep.next_step),
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
            _ends(point.auc_interval),
            percent(point.active),
            _ends(point.active_interval, scale=100),
            "" if point.spread is None else number(point.spread),
            _ends(point.spread_interval),
            "" if point.effective_rank is None else number(point.effective_rank),
            _ends(point.effective_rank_interval),
        )
        for point in sweep.margins
    )
    return Table(
        title="MARGINS  (* recommended; chance is at |)",
        columns=("margin", "accuracy", "0 to 100 %", *_MEASURES),
        rows=rows,
        numeric=frozenset({"AUC", "active", "spread", "rank"}),
        drawn=frozenset({"0 to 100 %"}),
        spare=frozenset({"spread", "rank"}),
        extra=(frozenset({"spread 95 %", "rank 95 %"}), frozenset({"active 95 %"}), frozenset({"AUC 95 %"})),
    )


def _ends(shown: Interval | None, *, scale: float = 1.0) -> str:
    """An interval without its value, which stands beside it."""
    return "" if shown is None else f"[{number(scale * shown.low)}, {number(scale * shown.high)}]"
