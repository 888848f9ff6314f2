"""Where an encoder is trained anew with and without a remedy, and both are judged on the same unseen pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from siamdoctor.data.pipeline import Pipeline
from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.results import Interval, Recovery
from siamdoctor.trials.sweep_arena import Arena, build_arena
from siamdoctor.trials.sweep_batches import fold_batches
from siamdoctor.trials.sweep_choice import Judgement, balanced, difference, points
from siamdoctor.trials.sweep_judging import Verdicts, combined, court, judge
from siamdoctor.trials.sweep_losses import LossKind
from siamdoctor.trials.training import LEARNING_RATE, Regimen, Trainer, Weights, fresh_weights, towers

if TYPE_CHECKING:
    from siamdoctor.case import Case

TRAININGS = 3  # of each treatment, every one with other weights and other held-out identities
STEPS = 600
VERSIONS = 6  # of every training sample, drawn once by the augmentation
BANK_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One way to train. Two treatments of a comparison differ in one thing alone.

    steps: relative to the room's own number. untied: two encoders, where the usual is one for both sides.
    shuffled: labels have nothing to do with the pairs.
    augmentation: applied to stored training images; `name` tells treatments apart.
    """

    name: str
    kind: LossKind
    margin: float
    rate: float = LEARNING_RATE
    steps: float = 1.0
    flipped: bool = False
    shuffled: bool = False
    untied: bool = False
    augmentation: Pipeline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a remedy recovers when the encoder is trained anew. held_out: in words, what accuracies are on."""

    remedy: str
    held_out: str
    without: Interval
    treated: Interval
    recovers: Recovery


class Room:
    """Trains treatments of one case; each is trained once, whatever it is compared with."""

    def __init__(
        self,
        case: Case,
        *,
        steps: int = STEPS,
        trainings: int = TRAININGS,
        deadline: float = float("inf"),
        progress: Callable[[str], None] = lambda _what: None,
    ) -> None:
        """Lay out the folds; nothing is trained yet.

        Args:
            case: model and data.
            steps: of every training.
            trainings: of every treatment.
            deadline: by `time.monotonic()`.
            progress: told what is being trained.

        Raises:
            Unavailable: nothing can be trained on some identities and judged on others.
        """
        self.case, self.steps, self.deadline = case, steps, deadline
        self.arena = build_arena(case, folds=trainings)
        self._progress = progress
        self._known: dict[str, Judgement] = {}
        self._trainers: dict[tuple[LossKind, int], Trainer] = {}
        self._weights: dict[int, Weights] = {}

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each fold's training."""
        return tuple(self.case.settings.seed + fold for fold in range(self.arena.folds))

    def judged(self, treatment: Treatment) -> Judgement:
        """Train a treatment once for every fold and judge it on the fold's own pairs.

        Raises:
            OutOfTime: the deadline passed.
        """
        if treatment.name not in self._known:
            verdicts = {(fold, seed): self._judged(treatment, fold, seed) for fold, seed in enumerate(self.seeds)}
            self._known[treatment.name] = combined(treatment.margin, verdicts, self.arena)
        return self._known[treatment.name]

    def compare(self, without: Treatment, treated: Treatment) -> Comparison:
        """What one treatment recovers over another, on the same pairs.

        Raises:
            OutOfTime: the deadline passed.
        """
        before, after = self.judged(without), self.judged(treated)
        told = points([before, after], self.arena.dyads)
        return Comparison(
            remedy=treated.name,
            held_out="unseen identities" if self.arena.unseen else "fresh samples",
            without=told[0].accuracy,
            treated=told[1].accuracy,
            recovers=recovery(before, after, self.arena),
        )

    def embedded(self, treatment: Treatment, fold: int, rows: IndexArray) -> FloatArray:
        """(k, d) embeddings of rows of the arena by the (left) encoder after the fold's training.

        Raises:
            OutOfTime: the deadline passed.
        """
        return self._train(treatment, fold, self.seeds[fold]).embed(rows)

    def _judged(self, treatment: Treatment, fold: int, seed: int) -> Verdicts:
        trainer = self._train(treatment, fold, seed)
        bench = court(self.arena, fold, seed)
        right = trainer.embed(bench.rows, side=1) if treatment.untied else None
        return judge(trainer.embed(bench.rows), bench, treatment.margin, treatment.kind, right=right)

    def _train(self, treatment: Treatment, fold: int, seed: int) -> Trainer:
        """The trainer as it is after the fold's training, on the arena's own samples again."""
        self._progress(f"training {fold + 1} of {self.arena.folds}: {treatment.name}")
        trainer, batches = self._trainer(treatment), self._batches(treatment, fold, seed)
        regimen = Regimen(
            margin=treatment.margin,
            steps=len(batches),
            rate=treatment.rate,
            flipped=treatment.flipped,
            shuffled=treatment.shuffled,
        )
        bank, batches = self._bank(treatment, batches, seed)
        trainer.use(*bank)
        trainer.train(self._start(seed, len(trainer.encoders)), batches, regimen, deadline=self.deadline)
        trainer.use(self.arena.inputs, self.arena.identity)
        return trainer

    def _batches(self, treatment: Treatment, fold: int, seed: int) -> NDArray[np.int32]:
        steps = round(self.steps * treatment.steps)
        if not steps:
            return np.zeros((0, 1), np.int32)
        return fold_batches(self.arena, fold, treatment.kind, steps, seed)

    def _trainer(self, treatment: Treatment) -> Trainer:
        """One or two encoders for this loss, traced once."""
        count = 2 if treatment.untied else 1
        if (treatment.kind, count) not in self._trainers:
            encoders = [towers(self.case.twin.reinitialised(number))[0] for number in range(count)]
            self._trainers[treatment.kind, count] = Trainer(
                encoders, self.arena.inputs, self.arena.identity, treatment.kind
            )
        return self._trainers[treatment.kind, count]

    def _start(self, seed: int, count: int) -> Weights:
        """Fresh weights of so many encoders; the second one's are drawn by a seed of its own."""
        values: Weights = ()
        for number in range(count):
            drawn = seed + 1000 * number
            if drawn not in self._weights:
                self._weights[drawn] = fresh_weights(self.case.twin, drawn, first_only=True)
            values = (*values, *self._weights[drawn])
        return values

    def _bank(
        self, treatment: Treatment, batches: NDArray[np.int32], seed: int
    ) -> tuple[tuple[FloatArray, IndexArray], NDArray[np.int32]]:
        """Samples to train on with their identities, and the batches as rows of them."""
        arena = self.arena
        if treatment.augmentation is None or not len(batches):
            return (arena.inputs, arena.identity), batches
        rng = np.random.default_rng([seed, 31])
        rows = np.unique(batches)
        fitting = BANK_BYTES // max(1, rows.size * int(np.prod(arena.pixels.shape[1:])) * 4)
        versions = int(np.clip(fitting, 1, VERSIONS))
        drawn = [treatment.augmentation.apply(arena.pixels[rows], rng) for _ in range(versions)]
        samples = self.case.scaling.apply(np.concatenate(drawn))
        version = rng.integers(0, versions, size=batches.shape)
        moved = np.searchsorted(rows, batches) + version * rows.size
        return (samples, np.tile(arena.identity[rows], versions)), moved.astype(np.int32)


def recovery(before: Judgement, after: Judgement, arena: Arena) -> Recovery:
    """The difference in points; its interval is the wider of that over identities and that over trainings."""
    over_identities = difference(before.correct, after.correct, arena.dyads)
    gained = []
    for fold in range(arena.folds):
        here = arena.pair_fold == fold
        gained.append(
            balanced(after.correct[here], arena.same[here]) - balanced(before.correct[here], arena.same[here])
        )
    if len(gained) < 2:  # noqa: PLR2004  (one training has no spread)
        return over_identities
    error = float(np.std(gained, ddof=1)) / np.sqrt(len(gained))
    reach = 100 * float(student.ppf(0.975, len(gained) - 1) * error)
    value = over_identities.points
    return Recovery(
        points=value,
        low=max(-100.0, min(over_identities.low, value - reach)),
        high=min(100.0, max(over_identities.high, value + reach)),
    )
