"""Trainings of the whole encoder for a sweep: one at a time, or in several processes, each written down."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.results import Json
from siamdoctor.trials.sweep_arena import Arena, fingerprint
from siamdoctor.trials.sweep_batches import fold_batches
from siamdoctor.trials.sweep_entries import as_json, from_json
from siamdoctor.trials.sweep_judging import court, judge
from siamdoctor.trials.sweep_losses import LossKind, mines_triplets
from siamdoctor.trials.sweep_verdicts import Verdicts
from siamdoctor.trials.training import Regimen, Trainer, Weights, fresh_weights, read_back, towers, written

if TYPE_CHECKING:
    from siamdoctor.models.runtime import Twin
    from siamdoctor.trials.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One training: a margin, the fold that judges it, the seed of weights and batches, and its length."""

    margin: float
    fold: int
    seed: int
    steps: int
    rate: float

    @property
    def name(self) -> dict[str, Json]:
        """What the journal knows it by."""
        return {"margin": self.margin, "fold": self.fold, "seed": self.seed, "steps": self.steps, "rate": self.rate}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Everything that trainings share, in a form that can be sent to another process.

    architectures: of the tower, or of both. weights: where training starts, by seed.
    """

    architectures: tuple[str, ...]
    weights: dict[int, Weights]
    arena: Arena
    kind: LossKind

    @property
    def key(self) -> str:
        """A hash of model, data and loss, under which finished trainings are kept."""
        digest = hashlib.sha256()
        for text in (*self.architectures, fingerprint(self.arena), self.kind):
            digest.update(text.encode())
        for seed, values in sorted(self.weights.items()):
            digest.update(str(seed).encode())
            for value in values:
                digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()[:32]


def open_workshop(twin: Twin, arena: Arena, kind: LossKind, seeds: Sequence[int]) -> Workshop:
    """Draw the weights that each seed starts from.

    Towers that are not tied train as two encoders, but for triplets, which compare within one of them.

    Raises:
        Unavailable: the embedding is not one row of numbers.
    """
    single = mines_triplets(kind)
    return Workshop(
        architectures=tuple(written(tower) for tower in towers(twin)[: 1 if single else None]),
        weights={seed: fresh_weights(twin, seed, first_only=single) for seed in seeds},
        arena=arena,
        kind=kind,
    )


class Bench:
    """A trainer of the workshop's model in this process."""

    def __init__(self, workshop: Workshop) -> None:
        """Build the model; it is traced at the first training."""
        self._workshop = workshop
        encoders = [read_back(text) for text in workshop.architectures]
        arena = workshop.arena
        self.trainer = Trainer(encoders, arena.inputs, arena.identity, workshop.kind)

    def run(
        self,
        task: Task,
        *,
        deadline: float = float("inf"),
        progress: Callable[[int], None] = lambda _steps: None,
    ) -> Verdicts:
        """Train and judge.

        Raises:
            OutOfTime: the deadline passed before the training was done.
        """
        shop = self._workshop
        batches = fold_batches(shop.arena, task.fold, shop.kind, task.steps, task.seed)
        regimen = Regimen(margin=task.margin, steps=task.steps, rate=task.rate)
        self.trainer.train(shop.weights[task.seed], batches, regimen, deadline=deadline, progress=progress)
        bench = court(shop.arena, task.fold, task.seed)
        right = self.trainer.embed(bench.rows, side=1) if len(self.trainer.encoders) > 1 else None
        return judge(self.trainer.embed(bench.rows), bench, task.margin, shop.kind, right=right)


Finished = Iterator[tuple[Task, Verdicts]]


def run_tasks(
    workshop: Workshop,
    bench: Callable[[], Bench],
    tasks: Sequence[Task],
    journal: Journal,
    *,
    jobs: int,
    deadline: float,
    progress: Callable[[Task, int], None],
) -> Finished:
    """Yield each task with its verdict as it is finished; what the journal holds is not trained again.

    Args:
        workshop: what the trainings share.
        bench: this process's trainer, asked for only where something is to be trained here.
        tasks: in the order in which they are wanted.
        journal: read first, added to after every training.
        jobs: processes.
        deadline: by `time.monotonic()`; trainings that it overtakes are given up.
        progress: told the task and the steps done of it since it was last told.

    Raises:
        OutOfTime: the deadline passed.
    """
    missing = []
    for task in tasks:
        known = journal.get(task.name)
        if known is None:
            missing.append(task)
        else:
            progress(task, task.steps)
            yield task, from_json(known)
    here = jobs == 1 or len(missing) < 2  # noqa: PLR2004  (one training gains nothing from a process of its own)
    finished = _here(bench, missing, deadline, progress) if here else _elsewhere(workshop, missing, jobs, deadline)
    for task, verdict in finished:
        journal.add(task.name, as_json(verdict))
        if not here:
            progress(task, task.steps)
        yield task, verdict


def _here(
    bench: Callable[[], Bench], tasks: Sequence[Task], deadline: float, progress: Callable[[Task, int], None]
) -> Finished:
    for task in tasks:
        yield task, bench().run(task, deadline=deadline, progress=lambda steps, t=task: progress(t, steps))  # type: ignore[misc]  # mypy cannot infer a lambda with a default


def _elsewhere(workshop: Workshop, tasks: Sequence[Task], jobs: int, deadline: float) -> Finished:
    """Several processes; the pool is ended at once when this generator is left, also by Ctrl-C."""
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    count = min(jobs, len(tasks))
    with context.Pool(count, initializer=_start, initargs=(workshop, count, deadline)) as pool:
        yield from pool.imap_unordered(_work, tasks)


_BENCH: list[tuple[Bench, float]] = []  # one entry in each worker process, none in the parent


def _start(workshop: Workshop, processes: int, deadline: float) -> None:
    """Prepare a worker: Ctrl-C is the parent's to handle, and the cores are shared."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threads = str(max(1, (os.cpu_count() or 1) // processes))
    os.environ |= {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": threads}
    _BENCH.append((Bench(workshop), deadline))


def _work(task: Task) -> tuple[Task, Verdicts]:
    bench, deadline = _BENCH[0]
    return task, bench.run(task, deadline=deadline)
