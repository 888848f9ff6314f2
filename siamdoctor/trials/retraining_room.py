"""Where an encoder is trained anew with and without a remedy, and both are judged on the same unseen pairs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.results import Json
from siamdoctor.trials.comparisons import By
from siamdoctor.trials.journal import Journal
from siamdoctor.trials.sweep_arena import build_arena
from siamdoctor.trials.sweep_batches import fold_batches
from siamdoctor.trials.sweep_choice import Judgement, judged_accuracy
from siamdoctor.trials.sweep_entries import as_json, from_json
from siamdoctor.trials.sweep_judging import combined, court, judge
from siamdoctor.trials.sweep_losses import LossKind
from siamdoctor.trials.sweep_trials import open_workshop
from siamdoctor.trials.sweep_verdicts import Verdicts
from siamdoctor.trials.training import Regimen, Trainer, Weights, fresh_head, fresh_weights, towers
from siamdoctor.trials.treatments import Comparison, Treatment, recovery
from siamdoctor.trials.usual_training import comparison_of, obstacle

if TYPE_CHECKING:
    from siamdoctor.case import Case

TRAININGS = 3  # of each treatment, every one with other weights and other held-out identities
STEPS = 600
VERSIONS = 6  # of every training sample, drawn once by the augmentation
BANK_BYTES = 512 * 1024 * 1024
Compare = Callable[[FloatArray, FloatArray], FloatArray]


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
        journal: Path | None = None,
    ) -> None:
        """Lay out the folds; nothing is trained yet.

        Args:
            case: model and data.
            steps: of every training.
            trainings: of every treatment.
            deadline: by `time.monotonic()`.
            progress: told what is being trained.
            journal: file of finished trainings, read if it exists and added to after every training.

        Raises:
            Unavailable: nothing can be trained on some identities and judged on others.
            BadSettings: the journal is something else.
        """
        self.case, self.steps, self.deadline = case, steps, deadline
        self.arena = build_arena(case, folds=trainings, pixels=True)
        self._progress = progress
        self._known: dict[str, Judgement] = {}
        self._trainers: dict[tuple[LossKind, int, By], Trainer] = {}
        self._weights: dict[int, Weights] = {}
        self._journal = Journal(journal, "" if journal is None else self._key())

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
        return Comparison(
            without_head=obstacle(self.case),
            remedy=treated.name,
            held_out="unseen identities" if self.arena.unseen else "fresh samples",
            without=judged_accuracy(before, self.arena.dyads),
            treated=judged_accuracy(after, self.arena.dyads),
            recovers=recovery(before, after, self.arena),
        )

    def measured(
        self, treatment: Treatment, fold: int, measure: Callable[[FloatArray, Compare], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Numbers measured on embeddings (n, d) of all rows by the (left) encoder after the fold's training.

        `measure` is given how that training compares them as well.

        Raises:
            OutOfTime: the deadline passed.
        """

        def train() -> dict[str, Json]:
            trainer = self._train(treatment, fold, self.seeds[fold])
            embedded = trainer.embed(np.arange(len(self.arena.inputs)))
            return {"measured": [float(value) for value in measure(embedded, trainer.compare)]}

        values = self._recalled(treatment, fold, "measured", train)["measured"]
        assert isinstance(values, list)
        return np.array(values, np.float64)

    def _judged(self, treatment: Treatment, fold: int, seed: int) -> Verdicts:
        return from_json(self._recalled(treatment, fold, "judged", lambda: as_json(self._tried(treatment, fold, seed))))

    def _recalled(
        self, treatment: Treatment, fold: int, what: str, train: Callable[[], dict[str, Json]]
    ) -> dict[str, Json]:
        """What the journal holds of a training, or what it gives when it is done now."""
        facts = dataclasses.asdict(dataclasses.replace(treatment, augmentation=None))
        names: list[Json] = [] if treatment.augmentation is None else [*treatment.augmentation.names]
        trial: dict[str, Json] = {
            **facts,
            "augmentation": names,
            "of": what,
            "fold": fold,
            "seed": self.seeds[fold],
            "length": self.steps,
        }
        known = self._journal.get(trial)
        if known is None:
            known = train()
            self._journal.add(trial, known)
        return known

    def _key(self) -> str:
        """A hash of encoder, head, data and declared augmentation, under which finished trainings are kept."""
        shop = open_workshop(self.case.twin, self.arena, "contrastive", self.seeds)
        declared = json.dumps(self.case.settings.training.augmentation, sort_keys=True, default=str)
        return hashlib.sha256(f"{shop.key} {declared} {self.case.blueprint.head}".encode()).hexdigest()[:32]

    def _tried(self, treatment: Treatment, fold: int, seed: int) -> Verdicts:
        trainer = self._train(treatment, fold, seed)
        bench = court(self.arena, fold, seed)
        right = trainer.embed(bench.rows, side=1) if treatment.untied else None
        left = trainer.embed(bench.rows)
        return judge(left, bench, treatment.margin, treatment.kind, right=right, compare=trainer.compare)

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
        trainer.train(self._start(treatment, seed, len(trainer.encoders)), batches, regimen, deadline=self.deadline)
        trainer.use(self.arena.inputs, self.arena.identity)
        return trainer

    def _batches(self, treatment: Treatment, fold: int, seed: int) -> NDArray[np.int32]:
        steps = round(self.steps * treatment.steps)
        if not steps:
            return np.zeros((0, 1), np.int32)
        return fold_batches(self.arena, fold, treatment.kind, steps, seed)

    def _trainer(self, treatment: Treatment) -> Trainer:
        """One or two encoders for this loss and what it compares by, traced once."""
        count, twin = 2 if treatment.untied else 1, self.case.twin
        key = (treatment.kind, count, treatment.by)
        if key not in self._trainers:
            fresh = [twin.reinitialised(number) for number in range(count)]
            self._trainers[key] = Trainer(
                [towers(one)[0] for one in fresh],
                self.arena.inputs,
                self.arena.identity,
                treatment.kind,
                comparison_of(self.case, fresh[0], treatment),
            )
        return self._trainers[key]

    def _start(self, treatment: Treatment, seed: int, count: int) -> Weights:
        """Fresh weights of so many encoders, the second one's by a seed of its own, and of a head that trains."""
        values: Weights = ()
        for number in range(count):
            drawn = seed + 1000 * number
            if drawn not in self._weights:
                self._weights[drawn] = fresh_weights(self.case.twin, drawn, first_only=True)
            values = (*values, *self._weights[drawn])
        if treatment.by in {"head", "logits"}:
            return (*values, *fresh_head(self.case.twin, seed))
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
        assert arena.pixels is not None
        fitting = BANK_BYTES // max(1, rows.size * int(np.prod(arena.pixels.shape[1:])) * 4)
        versions = int(np.clip(fitting, 1, VERSIONS))
        drawn = [treatment.augmentation.apply(arena.pixels[rows], rng) for _ in range(versions)]
        samples = self.case.scaling.apply(np.concatenate(drawn))
        version = rng.integers(0, versions, size=batches.shape)
        moved = np.searchsorted(rows, batches) + version * rows.size
        return (samples, np.tile(arena.identity[rows], versions)), moved.astype(np.int32)
