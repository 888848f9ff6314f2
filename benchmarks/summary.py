"""What the ward's outcomes come to: how often the true cause is named, and how often a healthy model is accused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from reliability import counted, expected_error, standings
from scipy.stats import norm
from siamdoctor.calibration import standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcome import Outcome

# Of these pairs one leaves nothing in model or history by which the other could be known: the embedding is one
# point, or a model that has hardly learned anything is read backwards.
HIDDEN = frozenset({"collapsed-embedding+wrong-threshold", "inverted-metric+undertrained"})


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) where nothing was tried."""
    if of == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.975))
    share, scale = hits / of, 1 + z * z / of
    centre = (share + z * z / (2 * of)) / scale
    half = z * float(np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def summarise(outcomes: list[Outcome], *, calibrated: set[str]) -> str:
    """The whole summary as Markdown."""
    parts = ["# The ward", _totals("All patients", outcomes)]
    seen = [o for o in outcomes if o.dataset in calibrated]
    fresh = [o for o in outcomes if o.dataset not in calibrated]
    if seen and fresh:
        parts += [
            _totals(f"Data sets that calibration saw ({', '.join(sorted(calibrated))})", seen),
            _totals("Data sets that it never saw", fresh),
            _calibration(seen, fresh),
        ]
    parts += [_by_cause(outcomes), _by_style(outcomes), _confusion(outcomes), _false_alarms(outcomes)]
    return "\n\n".join(p for p in parts if p) + "\n"


def share(hits: int, of: int) -> str:
    """`41/50 = 82% [69%, 90%]`, or that nothing was tried."""
    if of == 0:
        return "none tried"
    low, high = wilson(hits, of)
    return f"{hits}/{of} = {hits / of:.0%} [{low:.0%}, {high:.0%}]"


def headline(outcomes: list[Outcome], *, calibrated: set[str]) -> str:
    """The table of the README: what was counted on data sets that calibration saw, and on the others."""
    seen = _counts([o for o in outcomes if o.dataset in calibrated])
    fresh = _counts([o for o in outcomes if o.dataset not in calibrated])
    known = counted([o for o in outcomes if o.dataset in calibrated])
    error, causes = expected_error([o for o in outcomes if o.dataset not in calibrated], known)
    rows = [(name, value, other) for (name, value), (_, other) in zip(seen, fresh, strict=True)]
    rows.append(("expected calibration error", "counted here", f"{error:.3f} over {causes} named causes"))
    names = [
        ", ".join(sorted({o.dataset for o in outcomes if (o.dataset in calibrated) == some})) for some in (True, False)
    ]
    return _rows(("", f"seen by the calibration: {names[0]}", f"never seen: {names[1]}"), rows)


def _totals(title: str, outcomes: list[Outcome]) -> str:
    """Top-1, top-3, false alarms, time."""
    rows = _counts(outcomes)
    seconds = [o.seconds for o in outcomes]
    spoilt, mild = (sum(o.truth is None and not o.well for o in outcomes), sum(_harmless(o) for o in outcomes))
    rows.append(("not counted: a control that is ill", str(spoilt)))
    rows.append(("not counted: the fault did not hurt", str(mild)))
    rows.append(("diagnoses with a crashed check", str(sum(bool(o.crashed) for o in outcomes))))
    if seconds:
        rows.append(("seconds a patient, median and longest", f"{np.median(seconds):.1f}, {max(seconds):.1f}"))
    return _table(title, ("", "95 % Wilson interval"), rows)


def _counts(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    """Top-1, top-3, two faults, a fault that does not hurt, false alarms."""
    examined = [o for o in outcomes if o.counts()]
    healthy = [o for o in outcomes if o.well]
    ranks = [o.rank() for o in examined]
    two = [o for o in examined if len(o.causes()) > 1]
    open_ = [o for o in two if o.truth not in HIDDEN]
    mild = [o for o in outcomes if _harmless(o)]
    return [
        ("true cause named first", share(sum(r == 1 for r in ranks), len(ranks))),
        ("true cause among the first three", share(sum(r is not None and r <= 3 for r in ranks), len(ranks))),  # noqa: PLR2004
        ("both of two faults among the first three", share(sum(o.all_listed() for o in two), len(two))),
        ("the same, where neither hides the other", share(sum(o.all_listed() for o in open_), len(open_))),
        ("healthy control with a likely or proven cause", share(sum(bool(o.alarms()) for o in healthy), len(healthy))),
        ("fault that did not hurt, named likely or proven", share(sum(bool(o.alarms()) for o in mild), len(mild))),
    ]


def _harmless(outcome: Outcome) -> bool:
    return outcome.truth is not None and not outcome.counts()


def _calibration(seen: list[Outcome], fresh: list[Outcome]) -> str:
    """Probabilities counted on the data sets seen, held against the others."""
    known = counted(seen)
    rows = []
    for name, (right, of) in known.shares.items():
        here = [true for _, level, first, true in standings(fresh) if standing(level, first=first) == name]
        rows.append((name, share(right, of), share(sum(here), len(here))))
    error, causes = expected_error(fresh, known)
    rows.append(("expected calibration error", "", f"{error:.3f} over {causes} causes"))
    return _table("Share of true causes by standing", ("level and place", "seen", "never seen"), rows)


def _by_cause(outcomes: list[Outcome]) -> str:
    """Recall (named first) and precision (of all first places) of every cause."""
    examined = [o for o in outcomes if o.counts()]
    first = Counter(o.named[0][0] for o in outcomes if o.named and (o.truth is not None or o.alarms()))
    rows = []
    for cause in sorted({o.truth for o in examined if o.truth is not None}):
        own = [o for o in examined if o.truth == cause]
        hits = sum(o.rank() == 1 for o in own)
        listed = sum(o.rank() is not None for o in own)
        rows.append((cause, share(hits, len(own)), str(listed), share(hits, first[cause])))
    return _table("By cause", ("cause", "recall (first)", "listed at all", "precision"), rows)


def _by_style(outcomes: list[Outcome]) -> str:
    """Where the diagnosis is weak."""
    rows = []
    for style in sorted({o.style for o in outcomes}):
        examined = [o for o in outcomes if o.style == style and o.counts()]
        healthy = [o for o in outcomes if o.style == style and o.well]
        rows.append(
            (
                style,
                share(sum(o.rank() == 1 for o in examined), len(examined)),
                share(sum(bool(o.alarms()) for o in healthy), len(healthy)),
            )
        )
    return _table("By style", ("style", "named first", "false alarms"), rows)


def _confusion(outcomes: list[Outcome]) -> str:
    """What was named instead, most frequent first."""
    wrong = Counter(
        (str(o.truth), o.named[0][0] if o.named else "nothing") for o in outcomes if o.counts() and o.rank() != 1
    )
    rows = [(truth, named, str(count)) for (truth, named), count in wrong.most_common()]
    return _table("Confusion", ("true cause", "named first", "patients"), rows) if rows else ""


def _false_alarms(outcomes: list[Outcome]) -> str:
    """Which healthy controls were accused of what."""
    rows = [(o.name, ", ".join(o.alarms())) for o in outcomes if o.well and o.alarms()]
    return _table("False alarms", ("control", "accused of"), rows) if rows else ""


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table under a heading."""
    return f"## {title}\n\n{_rows(head, rows)}"


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
