"""Reads a great many spoilt files, and reports every one that ends otherwise than in an answer or a refusal.

    python tests/safety/fuzz.py --count 100000 --seed 1

A file is spoilt by a generator of random numbers that starts from the seed and the file's own number, so that
`--only NUMBER` with the same seed makes the same file again. What is found is kept below `--keep`. TensorFlow is
never loaded here.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import seed_files
from mutations import mutate
from readers import READERS
from siamdoctor.errors import SiamdoctorError
from watch import watching

LIMIT = 2.0  # seconds of computing, child processes included
WALL = 15.0  # seconds by the clock, for what waits instead of computing
SILENCE = 60.0  # seconds after which a worker is taken for hung inside a library, and killed
MEMORY = 1 << 30  # bytes beyond what a worker has at its beginning
BATCH = 200
NEWS = 30.0  # seconds
LONGEST_MESSAGE = 1500


class TooSlow(Exception):  # noqa: N818  (reads in "raise TooSlow" as what it is)
    """Raised by a timer inside whatever does not end."""


@dataclass(kw_only=True)
class Tally:
    """What became of the files. outcomes: by kind of file and what happened."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    memory: int = 0

    def add(self, other: Tally) -> None:
        """Take in what a batch found."""
        self.outcomes += other.outcomes
        self.findings += other.findings
        self.slowest = max(self.slowest, other.slowest)
        self.memory = max(self.memory, other.memory)


Seeds = Sequence[tuple[str, Path]]


def seeds(folder: Path, *, with_keras_3: bool = True) -> Seeds:
    """Every seed with the reader that it is for; models count for two thirds of the files that are made."""
    (folder / "keras2").mkdir(parents=True)
    models = seed_files.keras_2(folder / "keras2")
    if with_keras_3:
        models += seed_files.keras_3(folder / "keras3")
    others = [
        *(("data", path) for path in seed_files.data_sets(folder / "data")),
        *(("history", path) for path in seed_files.histories(folder / "histories")),
        *(("settings", path) for path in seed_files.settings(folder / "settings")),
    ]
    return [*(("model", path) for path in models), *others]


def chosen(given: Seeds, rng: np.random.Generator) -> tuple[str, Path]:
    """A seed: two of three times a model."""
    models = [item for item in given if item[0] == "model"]
    others = [item for item in given if item[0] != "model"]
    pool = models if rng.random() < 2 / 3 else others
    return pool[int(rng.integers(len(pool)))]


def run_one(number: int, seed: int, given: Seeds, place: Path, tally: Tally) -> None:
    """Make a file and read it; what is found is left in its place and noted."""
    rng = np.random.default_rng([seed, number])
    kind, source = chosen(given, rng)
    target = place / f"{number}{'' if source.is_dir() else '-' + source.name}"
    mutate(source, target, rng)
    began = _computing()
    outcome, problem = _read(kind, target)
    spent = _computing() - began
    tally.slowest = max(tally.slowest, (spent, number))
    if problem is None and spent > LIMIT:
        problem = f"took {spent:.1f} s"
    tally.outcomes[kind, "finding" if problem else outcome] += 1
    if problem is not None:
        tally.findings.append((number, f"{kind} from {source.name}: {problem}"))
    elif target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()


def _read(kind: str, target: Path) -> tuple[str, str | None]:
    """Outcome ("read" or "refused") and what is wrong with it, if anything."""
    given = target
    if target.is_dir():  # a list lies beside its pictures
        given = next((target / name for name in ("pairs.csv", "pairs.txt") if (target / name).is_file()), target)
    with watching(target) as seen:
        outcome, problem = "read", None
        try:
            with _timed():
                READERS[kind](given)
        except SiamdoctorError as error:
            outcome = "refused"
            if not 0 < len(str(error)) < LONGEST_MESSAGE:
                problem = f"a message of {len(str(error))} characters: {str(error)[:300]}"
        except TooSlow:
            problem = f"did not end\n{traceback.format_exc()[-1500:]}"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            problem = f"{type(error).__name__}: {error!s:.200}\n{traceback.format_exc()[-1500:]}"
    if problem is None and seen:
        problem = "; ".join(seen[:3])
    return outcome, problem


@contextmanager
def _timed() -> Iterator[None]:
    """Raise `TooSlow` in whatever computes for too long, or only waits."""

    def stop(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGPROF, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    signal.setitimer(signal.ITIMER_REAL, WALL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _computing() -> float:
    """Seconds that this process and its children have computed."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def limit_memory() -> None:
    """Let this process grow by a gibibyte and no more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def work(numbers: range, seed: int, given: Seeds, place: Path, pipe: Connection) -> None:
    """Read files one by one, telling which one is next, and send what became of each batch."""
    limit_memory()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for start in range(numbers.start, numbers.stop, BATCH):
        tally = Tally()
        for number in range(start, min(start + BATCH, numbers.stop)):
            pipe.send(number)
            run_one(number, seed, given, place, tally)
        here, below = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        tally.memory = max(here, below) - base
        pipe.send(tally)
    pipe.send(None)


@dataclass(kw_only=True)
class Worker:
    """A process, the pipe that it speaks on, its share of the numbers, and the number that it is at."""

    process: BaseProcess
    pipe: Connection
    share: range
    at: int
    heard: float


def start(share: range, seed: int, given: Seeds, place: Path) -> Worker:
    """A process that works through a share of the numbers."""
    context = get_context("fork")
    heard, told = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(share, seed, given, place, told))
    process.start()
    told.close()
    return Worker(process=process, pipe=heard, share=share, at=share.start, heard=time.monotonic())


def listen(worker: Worker, total: Tally) -> str | None:
    """Take in what a worker says; how it ended, or None where it goes on."""
    try:
        while worker.pipe.poll():
            said = worker.pipe.recv()
            worker.heard = time.monotonic()
            if said is None:
                return "done"
            if isinstance(said, Tally):
                total.add(said)
                for number, problem in said.findings:
                    show(f"\n--only {number}: {problem}")
            else:
                worker.at = said
    except EOFError:
        return "crashed"
    if time.monotonic() - worker.heard > SILENCE:
        worker.process.kill()
        return "fell silent"
    return None


def supervise(numbers: range, seed: int, given: Seeds, place: Path, *, jobs: int) -> Tally:
    """Let `jobs` processes share the numbers; one that dies or falls silent is replaced, and its file kept."""
    total = Tally()
    parts = np.array_split(np.arange(numbers.start, numbers.stop), jobs)
    workers = [start(range(part[0], part[-1] + 1), seed, given, place) for part in parts if len(part)]
    began = shown = time.monotonic()
    while workers:
        wait([worker.pipe for worker in workers], timeout=1)
        for worker in list(workers):
            ended = listen(worker, total)
            if ended is None:
                continue
            worker.process.join()
            workers.remove(worker)
            if ended != "done":
                problem = f"the process {ended} (exit code {worker.process.exitcode})"
                show(f"\n--only {worker.at}: {problem}")
                total.add(Tally(outcomes=Counter({("worker", "finding"): 1}), findings=[(worker.at, problem)]))
                if worker.at + 1 < worker.share.stop:
                    workers.append(start(range(worker.at + 1, worker.share.stop), seed, given, place))
        if time.monotonic() - shown > NEWS:
            shown = time.monotonic()
            show(f"{sum(total.outcomes.values())} of {len(numbers)} in {shown - began:.0f} s")
    return total


def main() -> int:
    """Run from the command line; the exit code is 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", type=int, help="make and read this one file again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"), help="where findings are kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siamdoctor-fuzz-") as folder:
        given = seeds(Path(folder) / "seeds")
        numbers = range(asked.start, asked.start + asked.count)
        numbers = numbers if asked.only is None else range(asked.only, asked.only + 1)
        show(f"seed {asked.seed}, {len(numbers)} files from {len(given)} seeds, {asked.jobs} processes")
        began, place = time.monotonic(), Path(folder) / "files"
        place.mkdir()
        tally = supervise(numbers, asked.seed, given, place, jobs=asked.jobs)
        report(tally, asked.seed, time.monotonic() - began)
        for file in place.iterdir():
            with suppress(OSError):
                asked.keep.mkdir(exist_ok=True)
                shutil.move(file, asked.keep / f"{asked.seed}-{file.name}")
    assert "tensorflow" not in sys.modules
    return 1 if tally.findings else 0


def report(tally: Tally, seed: int, seconds: float) -> None:
    """Print the counts."""
    for (kind, outcome), count in sorted(tally.outcomes.items()):
        show(f"{kind:10}{outcome:10}{count:8}")
    show(
        f"slowest {tally.slowest[0]:.2f} s (file {tally.slowest[1]}), memory at most {tally.memory / 1024:.0f} MiB more"
    )
    show(f"{sum(tally.outcomes.values())} files, seed {seed}, {seconds:.0f} s, {len(tally.findings)} findings")


def show(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
