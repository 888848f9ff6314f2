"""How long the commands take that need no TensorFlow, against `python -c "import typer, rich"`, all in one run.

    python benchmarks/startup.py [--rounds 9] [--model model.keras]

The commands take turns, so that a busy machine slows all of them alike. Processor time is what the ratios are
judged by; elapsed time is shown beside it. The floor is a program of one function with one argument: typer's own
share, which no program that uses typer can do without.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BOUND = 3.0
BASE = "import typer, rich"
FLOOR = """
import sys, typer
app = typer.Typer()
@app.callback()
def program() -> None: ...
@app.command()
def explain(cause: str) -> None: ...
sys.argv[1:] = ["explain", "SD204"]
app()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of one process: on a processor, and by the clock."""

    processor: float
    clock: float


def main() -> None:
    """Time all commands in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--model", type=Path, default=None, help="a saved model; without it a small one is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or _small_model(Path(folder))
        commands = {
            BASE: ["-c", BASE],
            "typer, one argument": ["-c", FLOOR],
            "import h5py": ["-c", "import h5py"],
            "siamdoctor --help": ["-m", "siamdoctor", "--help"],
            "siamdoctor explain": ["-m", "siamdoctor", "explain"],
            "siamdoctor explain SD204": ["-m", "siamdoctor", "explain", "SD204"],
            "siamdoctor inspect": ["-m", "siamdoctor", "inspect", str(model)],
        }
        took: dict[str, list[Took]] = {name: [] for name in commands}
        for _ in range(options.rounds + 1):  # the first round fills the caches
            for name, words in commands.items():
                took[name].append(_timed(words))
    _show({name: values[1:] for name, values in took.items()})


def _timed(words: list[str]) -> Took:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(processor=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock=clock)


def _show(took: dict[str, list[Took]]) -> None:
    """One line a command: medians, and how often the base's. Bounded are siamdoctor's own."""
    base = statistics.median(t.processor for t in took[BASE])
    slowest = statistics.median(t.clock for t in took[BASE])
    print(f"{'':26}{'processor s':>12}{'ratio':>8}{'clock s':>10}{'ratio':>8}")
    for name, values in took.items():
        processor = statistics.median(t.processor for t in values)
        clock = statistics.median(t.clock for t in values)
        judged = name.startswith("siamdoctor")
        verdict = f"   {'within' if processor <= BOUND * base else 'beyond'} {BOUND:g}x" if judged else ""
        print(f"{name:26}{processor:12.3f}{processor / base:8.2f}{clock:10.3f}{clock / slowest:8.2f}{verdict}")


def _small_model(folder: Path) -> Path:
    """A Siamese network as a user would save it; made in a process of its own, since that loads TensorFlow."""
    path = folder / "model.keras"
    script = f"""
from siamdoctor.models.runtime import import_keras
import_keras()
import keras
encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(16)], name="encoder")
left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
keras.Model([left, right], keras.layers.Dot(1, normalize=True)([encoder(left), encoder(right)])).save({str(path)!r})
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return path


if __name__ == "__main__":
    main()
