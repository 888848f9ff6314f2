"""The answers of the narrower commands, in the same vocabulary as a report: frozen, printable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from siamdoctor.results import Accuracy, Interval, MarginPoint, Recovery, TransformDrift, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginSweep:
    """The answer of `sweep-margin`.

    advice: what to do, in a sentence. code: the line to change, or empty. next_step: the command to run next.
    notes: what to know about how this was found. interrupted: a person ended it, and not the budget.
    """

    depth: Literal["analytic", "head", "full"]
    loss: str
    margins: tuple[MarginPoint, ...]
    recommended: float | None
    plateau: Interval | None
    declared: float | None
    gain: Recovery | None
    partial: bool
    advice: str
    code: str = ""
    next_step: str = ""
    notes: tuple[str, ...] = ()
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricScore:
    """One metric with its own cross-validated threshold (a distance, or a similarity for dot product)."""

    metric: str
    accuracy: Interval
    auc: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """The answer of `compare-metrics`. `gain` is that of the best over the one in use, paired."""

    metrics: tuple[MetricScore, ...]
    in_use: str | None
    best: str
    gain: Recovery


FALL = 0.1  # of accuracy under mild transforms, from which they are missing


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationReview:
    """What the declared augmentation does to the data and to the embedding.

    transforms: what it consists of, by the names of ImageDataGenerator. diversity: mean distance between two
    augmented versions of an image, over that between two images.
    """

    transforms: tuple[str, ...]
    diversity: float
    no_op: tuple[str, ...]
    harmful: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationSet:
    """One set of transforms that was trained with.

    accuracy: on what was held out. over_none: what it gains over training without any, None for none itself.
    """

    name: str
    transforms: tuple[str, ...]
    accuracy: Interval
    over_none: Recovery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationTrial:
    """All sets that were trained with, none first.

    pays: the best of those certain to gain, or None. harms: certain to lose. destroys: transforms after which
    an image looks like another identity more often than before. held_out: in words, what accuracies are on.
    trainings: of each set. steps: of each training. sentence: the verdict. partial: not all sets were trained;
    interrupted: by Ctrl-C.
    """

    sets: tuple[AugmentationSet, ...]
    pays: str | None
    harms: tuple[str, ...]
    destroys: tuple[str, ...]
    held_out: str
    trainings: int
    steps: int
    sentence: str
    partial: bool
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationCheck:
    """The answer of `check-augmentation`. `gap_*` are balanced accuracies, None without training data.

    missing: transforms that the embedding does not stand. still, together: tuned accuracy of pairs as they are, and
    with one side mildly turned, shifted, sheared and zoomed; of the training pairs, where there are any.
    trial: what training with each set of transforms showed, where that was asked for.
    """

    transforms: tuple[TransformDrift, ...]
    declared: AugmentationReview | None
    gap_train: float | None
    gap_validation: float | None
    missing: tuple[str, ...]
    still: Interval | None = None
    together: Interval | None = None
    trial: AugmentationTrial | None = None

    @property
    def falls(self) -> bool:
        """Whether mild transforms together cost the pairs more accuracy than chance and a few points explain."""
        if self.still is None or self.together is None:
            return False
        return self.together.high < self.still.low and self.still.value - self.together.value >= FALL


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceLevel:
    """The answer of `chance-level`.

    p_value: permutation test of the AUC over identities. detectable: the smallest accuracy that this many
    identities and pairs can tell from chance; pairs_needed: how many pairs a true 60 % would take.
    """

    accuracy: Accuracy
    auc: Interval
    p_value: float
    exact_p_value: float
    detectable: float
    pairs_needed: int
    verdict: Verdict
