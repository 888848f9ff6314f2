"""Orders the found causes by the accuracy that neutralising each is measured to recover. Pure.

A cause whose remedy was applied to the saved model counts with what it was measured to recover. One that
only retraining can neutralise has no such figure: it can claim, in proportion to its certainty, no more than
what is still missing after the best measured remedy. A symptom waits below the cause that explains it,
provided that the cause recovers about as much, and below the causes that stand on their own and are worth a
failed build. What was found once another fault was mended comes after that one. A proven fault counts with the
most that its symptoms, and what lies behind it, are measured to recover.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from siamdoctor.calibration import Calibration, calibration
from siamdoctor.registry import Check, Impact
from siamdoctor.results import LEVELS, Cause, CheckResult, Evidence, Level

WORTHWHILE = 5.0  # points; the contract's bound between a fault worth failing a build and one worth a line
LIKELY = 0.5
CEILING = 0.95  # what a sound model is assumed to reach; well-tuned models above it are left in peace
SOUND = 0.6  # a model surely above this works; what would add a little to it fails no build
WORTHWHILE_WHEN_SOUND = 10.0
SLACK = 5.0  # points by which a cause may recover less than its symptom and still explain it
SHARE = {Impact.FATAL: 1.0, Impact.MAJOR: 0.9, Impact.MINOR: 0.4}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A found fault with the points it can claim."""

    check: Check
    evidence: Evidence
    points: float
    level: Level
    explained_by: str | None = None


def rank(
    results: Iterable[CheckResult],
    checks: Iterable[Check],
    *,
    attainable: float | None,
    accuracy_low: float | None = None,
) -> tuple[Cause, ...]:
    """The causes in order, first the one whose cure recovers most.

    Args:
        results: of all checks; only those found count.
        checks: their definitions (impact, what they explain).
        attainable: best accuracy measured after a remedy, a fraction; None where nothing was measured.
        accuracy_low: lower bound of the accuracy as deployed.
    """
    known = {c.id: c for c in checks}
    missing = 100 * max(0.0, CEILING - attainable) if attainable is not None else 100 * (CEILING - 0.5)
    worthwhile = WORTHWHILE_WHEN_SOUND if accuracy_low is not None and accuracy_low > SOUND else WORTHWHILE
    found = [
        _candidate(known[r.id], r.evidence, missing, worthwhile)
        for r in results
        if r.status == "found" and r.evidence is not None
    ]
    ordered = sorted(found, key=_order)
    ordered = sorted((_with_what_hangs_on_it(c, ordered) for c in ordered), key=_order)
    placed = _below_what_explains_them(ordered)
    return tuple(_cause(number, c, calibration()) for number, c in enumerate(placed, start=1))


def _candidate(check: Check, evidence: Evidence, missing: float, worthwhile: float) -> _Candidate:
    if evidence.recovers is not None:
        points = evidence.recovers.points
    elif evidence.at_stake is not None:
        points = evidence.certainty * evidence.at_stake
    else:
        points = evidence.certainty * missing * SHARE[check.impact]
    return _Candidate(check=check, evidence=evidence, points=points, level=_level(evidence, points, worthwhile))


def _with_what_hangs_on_it(candidate: _Candidate, ordered: list[_Candidate]) -> _Candidate:
    """A proven fault with the most points and the surest level among itself, its symptoms and what lies behind it."""
    if not candidate.evidence.proof:
        return candidate
    name = candidate.check.id
    chain = [candidate, *(c for c in ordered if name in {c.evidence.behind, _explanation(c, ordered)})]
    level = min((c.level for c in chain), key=LEVELS.index)
    return dataclasses.replace(candidate, points=max(c.points for c in chain), level=level)


def _level(evidence: Evidence, points: float, worthwhile: float) -> Level:
    """The contract's levels; less than five points (ten for a sound model) are never more than possible."""
    if points < worthwhile:
        return Level.POSSIBLE
    measured = evidence.recovers is not None and evidence.recovers.low > 0
    if evidence.proof or measured:
        return Level.PROVEN
    return Level.LIKELY if evidence.certainty >= LIKELY and evidence.recovers is None else Level.POSSIBLE


def _order(candidate: _Candidate) -> tuple[bool, float, float, str]:
    return (
        candidate.level is Level.POSSIBLE,
        -candidate.points,
        -candidate.evidence.certainty,
        candidate.check.code,
    )


def _below_what_explains_them(ordered: list[_Candidate]) -> list[_Candidate]:
    """Move every symptom below its cause and below those on their own, and what lay behind a cause below that."""
    by_id = {c.check.id: c for c in ordered}
    explained = {c.check.id: cause for c in ordered if (cause := _explanation(c, ordered)) is not None}
    marked = [dataclasses.replace(c, explained_by=explained.get(c.check.id)) for c in ordered]
    position = {c.check.id: float(i) for i, c in enumerate(ordered)}
    above = [*explained.items(), *((c.check.id, c.evidence.behind) for c in ordered if c.evidence.behind in by_id)]
    for _ in ordered:  # at most one pass for each link of a chain
        for lower, upper in above:
            position[lower] = max(position[lower], position[upper] + 0.5)

    def place(candidate: _Candidate) -> tuple[bool, float, float]:
        waits = candidate.explained_by is not None or candidate.level is Level.POSSIBLE
        return waits, position[candidate.check.id], -candidate.points

    return sorted(marked, key=place)


def _explanation(symptom: _Candidate, found: list[_Candidate]) -> str | None:
    """The strongest found cause that explains this symptom, if one does."""
    if symptom.evidence.hidden:
        return None
    behind = symptom.evidence.behind
    mended = next((c for c in found if c.check.id == behind), None)
    gone = _gone_with(mended, found) if mended is not None else frozenset()
    for cause in found:
        if cause.check.id == behind or cause.check.id in gone:
            continue
        if symptom.check.id not in cause.check.explains or cause.evidence.certainty < LIKELY:
            continue
        both_measured = symptom.evidence.recovers is not None and cause.evidence.recovers is not None
        if both_measured and cause.points < symptom.points - SLACK:
            continue
        if cause.evidence.recovers is None and symptom.evidence.recovers is not None and cause.level is Level.POSSIBLE:
            continue
        return cause.check.id
    return None


def _gone_with(mended: _Candidate, found: list[_Candidate]) -> frozenset[str]:
    """Ids of what was found before a cause was mended and not after."""
    symptoms = (c for c in found if c.check.id in mended.check.explains)
    return frozenset(c.check.id for c in symptoms if c.evidence.behind != mended.check.id)


def _cause(number: int, candidate: _Candidate, known: Calibration) -> Cause:
    """A cause in its place; a symptom has no probability of its own."""
    evidence = candidate.evidence
    own = candidate.explained_by is None
    return Cause(
        rank=number,
        id=candidate.check.id,
        code=candidate.check.code,
        level=candidate.level,
        probability=known.probability(candidate.check.id, candidate.level, first=number == 1) if own else None,
        title=candidate.check.title,
        summary=evidence.summary,
        fix=evidence.fix,
        recovers=evidence.recovers,
        evidence=evidence.measurements,
        explained_by=candidate.explained_by,
    )


def closed_under_explanation(checks: Mapping[str, Check]) -> Mapping[str, frozenset[str]]:
    """Everything each cause explains, directly or through another; raises ValueError on a cycle."""
    closure: dict[str, frozenset[str]] = {}

    def follow(name: str, path: tuple[str, ...]) -> frozenset[str]:
        if name in path:
            raise ValueError(" explains ".join([*path, name]))
        if name not in closure:
            direct = checks[name].explains if name in checks else frozenset()
            closure[name] = direct.union(*(follow(d, (*path, name)) for d in direct))
        return closure[name]

    for name in checks:
        follow(name, ())
    return closure
