"""One patient's truth beside what the report says of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siamdoctor.faults import FAULTS

if TYPE_CHECKING:
    from patients_cache import Admitted
    from siamdoctor.results import Report

ALARMS = frozenset({"likely", "proven"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The truth and the report, as plain values.

    ill, well: whether the fault hurts, and whether a control is none; neither for a fault that does not hurt.
    named: (cause id, level, id of the cause that explains it or None) in the report's order.
    certainty: of every check that found something. crashed: ids of checks that crashed.
    """

    name: str
    truth: str | None
    style: str
    dataset: str
    seed: int
    ill: bool
    misleads: bool
    well: bool
    accuracy: float
    healthy_accuracy: float
    verdict: str
    measured: float | None
    named: list[tuple[str, str, str | None]]
    certainty: dict[str, float]
    crashed: list[str]
    seconds: float

    @classmethod
    def of(cls, patient: Admitted, report: Report | None, seconds: float) -> Outcome:
        """The outcome of one diagnosis; no report where the patient was refused."""
        bed = patient.bed
        checks = report.checks if report else ()
        accuracy = report.accuracy if report else None
        return cls(
            name=bed.name,
            truth=bed.cause,
            style=bed.style,
            dataset=bed.dataset,
            seed=bed.seed,
            ill=patient.ill,
            well=patient.well,
            misleads=bed.cause is not None and bed.cause in FAULTS and FAULTS[bed.cause].misleads,
            accuracy=round(patient.accuracy, 4),
            healthy_accuracy=round(patient.healthy_accuracy, 4),
            verdict=report.verdict if report else "refused",
            measured=None if accuracy is None else round(accuracy.value, 4),
            named=[(c.id, str(c.level), c.explained_by) for c in report.causes] if report else [],
            certainty={c.id: round(c.evidence.certainty, 3) for c in checks if c.evidence and c.evidence.certainty},
            crashed=[c.id for c in checks if c.status == "crashed"],
            seconds=round(seconds, 2),
        )

    def as_json(self) -> str:
        """One line of the results file."""
        return json.dumps(asdict(self))

    def causes(self) -> list[str]:
        """The true cause; both, where a patient has two."""
        return [] if self.truth is None else self.truth.split("+")

    def rank(self) -> int | None:
        """Place of the true cause (of the first of two) among those named, from 1; None where it is missing."""
        return next((i for i, (cause, *_) in enumerate(self.named, start=1) if cause in self.causes()), None)

    def all_listed(self) -> bool:
        """Whether each true cause is among the first three."""
        return set(self.causes()) <= {cause for cause, *_ in self.named[:3]}

    def alarms(self) -> list[str]:
        """Causes named at likely or proven."""
        return [cause for cause, level, _ in self.named if level in ALARMS]

    def roots(self) -> list[tuple[str, str]]:
        """(cause, level) of those named that no other explains."""
        return [(cause, level) for cause, level, explained_by in self.named if explained_by is None]

    def line(self) -> str:
        """For the terminal, while the ward is being visited."""
        told = ", ".join(f"{cause} ({level})" for cause, level in self.roots()[:3]) or "nothing"
        sign = " ok " if self.right() else "MISS" if self.counts() or self.well else "mild"
        return (
            f"{sign} {self.name}: {told} [{self.verdict}; {self.accuracy:.2f} of {self.healthy_accuracy:.2f}, "
            f"measured {self.measured}] {self.seconds:.0f} s"
        )

    def right(self) -> bool:
        """The true cause first, or no alarm for a healthy control."""
        return self.rank() == 1 if self.truth is not None else not self.alarms()

    def counts(self) -> bool:
        """Whether a patient counts: its fault hurts, or is one that misleads instead of hurting."""
        return self.truth is not None and (self.ill or self.misleads)


def read(path: Path) -> list[Outcome]:
    """Earlier outcomes, one a line; none where there is no file."""
    if not path.exists():
        return []
    return [_parsed(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _parsed(stored: dict[str, Any]) -> Outcome:
    """An outcome from its line: JSON knows no tuples."""
    return Outcome(**stored | {"named": [tuple(entry) for entry in stored["named"]]})
