"""The shared vocabulary of results: frozen, printable values without behaviour beyond plain arithmetic.

Every stage speaks in these: checks return `Evidence`, the runner `CheckResult`, ranking `Cause`, and the
renderers read a `Report` and nothing else. All accuracies are fractions (0.5 = 50 %); only `Recovery` is
in percentage points, because that is the unit in which people talk of gains.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

Verdict = Literal["chance", "impaired", "healthy", "inconclusive"]
Status = Literal["found", "clear", "skipped", "crashed"]


class Level(StrEnum):
    """How sure a cause is. The order of `LEVELS` is the order in which a gate counts them."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"


LEVELS = (Level.PROVEN, Level.LIKELY, Level.POSSIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Balanced accuracy as the user deploys the model, with its 95 % interval over identities."""

    value: float
    low: float
    high: float
    chance: float
    pairs: int
    identities: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainable:
    """The best accuracy measured after a remedy, on pairs that chose nothing; `by` names the remedy."""

    value: float
    low: float
    high: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a remedy was measured to add to the accuracy, in percentage points, with a 95 % interval."""

    points: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One number (or word) of evidence beside what a healthy model shows."""

    name: str
    value: float | str
    low: float | None = None
    high: float | None = None
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a check saw, returned for a healthy case as well, so that near misses can be read.

    certainty: 0 = the fault is absent, 1 = the fault is there. It speaks of the fault's presence, not of
        what it costs; from 0.25 the check counts as "found", from 0.5 the cause can be "likely".
    proof: the fault's presence follows from the graph or the weights, not from a sample.
    hidden: a fault of its own that cannot cost anything before another is mended, so no symptom of that other.
    recovers: the accuracy gained by the remedy when it was applied to the saved model, or None.
    behind: id of a fault that was mended before this one was found, so that this is no symptom of that.
    at_stake: points that the fault can explain where no remedy was measured; None leaves it to ranking, which
        then grants what is still missing after the best measured remedy.
    """

    certainty: float
    summary: str
    fix: str
    measurements: tuple[Measurement, ...] = ()
    recovers: Recovery | None = None
    at_stake: float | None = None
    proof: bool = False
    hidden: bool = False
    behind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What became of one check. `reason` says why a check was skipped or how it crashed."""

    id: str
    code: str
    status: Status
    seconds: float
    reason: str | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A found fault in its place in the ranking. `probability` is None unless it is calibrated."""

    rank: int
    id: str
    code: str
    level: Level
    probability: float | None
    title: str
    summary: str
    fix: str
    recovers: Recovery | None
    evidence: tuple[Measurement, ...]
    explained_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was examined, in words and sizes that a report can print."""

    model: str
    data: str | None
    format: str
    twins: str
    encoder: str | None
    head: str
    inputs: tuple[str, ...] = ()
    loss: str | None = None
    samples: int | None = None
    identities: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Two columns of numbers for a picture: a ROC curve, a histogram, accuracy against threshold."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Numbers behind the pictures of the rich reports. Renderers draw them and compute nothing.

    positives, negatives: distances of same-class and different-class pairs (small = alike).
    threshold: the deployed one on the same scale; best: the one the data wants. None where there is none.
    embedding_map: (n, 2) coordinates, map_identities: n names.
    mistakes: the worst false matches and false non-matches.
    """

    positives: tuple[float, ...] = ()
    negatives: tuple[float, ...] = ()
    threshold: float | None = None
    best: float | None = None
    roc: Curve | None = None
    accuracy_by_threshold: Curve | None = None
    embedding_map: tuple[tuple[float, float], ...] = ()
    map_identities: tuple[str, ...] = ()
    invariance: tuple[TransformDrift, ...] = ()
    margins: tuple[MarginPoint, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    history: tuple[HistoryColumn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrongly judged pair. `left_png` and `right_png` are small PNG files, or empty where not images."""

    kind: Literal["false match", "false non-match"]
    left: str
    right: str
    distance: float
    left_png: bytes = field(default=b"", repr=False)
    right_png: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryColumn:
    """One column of the training history, epoch by epoch."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformDrift:
    """How far one transform at one strength moves an embedding.

    drift: mean distance moved, divided by the median distance between identities (1 = as far as another
        identity). tolerance: the drift above which a moved sample is nearer to others than to itself.
    """

    name: str
    strength: float
    drift: float
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginPoint:
    """One margin of a sweep. `active` is the share of negative pairs (or triplets) that still train.

    Signs of collapse, where networks were trained: `spread` (0 = all embeddings at one point, 1 = a cloud
    around the origin) and `effective_rank` (1 = all on a line). Intervals are over identities, as that of the
    accuracy; None where there is nothing to resample.
    """

    margin: float
    accuracy: Interval
    auc: float
    active: float
    spread: float | None = None
    effective_rank: float | None = None
    auc_interval: Interval | None = None
    active_interval: Interval | None = None
    spread_interval: Interval | None = None
    effective_rank_interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial that trained for minutes, and what follows from it. causes: the ids that it speaks of."""

    id: Literal["handful", "differential", "retraining"]
    statement: str
    causes: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Two causes whose evidence lies close together.

    sentence: what would settle it. command: the trial that does. fact: the one line of siamdoctor.yaml that
    would do so without a trial, or empty.
    """

    causes: tuple[str, str]
    sentence: str
    command: str
    fact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything `diagnose` found out.

    trials: what trained for minutes (`--thorough`). tie: what would settle the order of the first two causes.
    partial: the budget or a person ended the trials early; interrupted: it was a person.
    """

    siamdoctor_version: str
    subject: Subject
    verdict: Verdict
    headline: str
    accuracy: Accuracy | None
    attainable: Attainable | None
    causes: tuple[Cause, ...]
    checks: tuple[CheckResult, ...]
    assumed: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    pictures: Pictures = Pictures()
    schema_version: int = 1

    def _repr_html_(self) -> str:
        """The report as notebooks show it."""
        from siamdoctor.notebook import shown_in_notebook  # noqa: PLC0415  (results know no renderer but by this name)

        return shown_in_notebook(self)

    trials: tuple[Trial, ...] = ()
    tie: Tie | None = None
    partial: bool = False
    interrupted: bool = False
