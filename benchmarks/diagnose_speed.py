"""What a diagnosis costs beside the prediction that a user would write, in one run.

    python benchmarks/diagnose_speed.py [--dataset digits] [--style euclidean] [--pairs 2000]

Three processes, one after the other, each with TensorFlow imported before its clock starts:
(a) keras.models.load_model and predict on the pairs; (b) siamdoctor's loading and its embedding of the same
pairs' images; (c) the whole of siamdoctor.diagnose. Bounds: (b)'s embedding at most half of (a)'s prediction,
(c) at most that prediction plus five seconds.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from siamdoctor.models.runtime import import_keras
from siamdoctor.settings import FILE_NAME, Settings, read_settings

SHARE, ALLOWANCE = 0.5, 5.0
Times = dict[str, float]
T = TypeVar("T")


def main() -> None:
    """Make a twin, time all three, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--style", default="euclidean")
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--part", choices=tuple(PARTS), default=None, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=None, help="a folder that holds model.keras, data and settings")
    options = parser.parse_args()
    if options.part is not None:
        import_keras()
        print(json.dumps(PARTS[options.part](options.folder, options.pairs)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made)
        if options.folder is None:
            _patient(folder, options.dataset, options.style)
        _show({part: _apart(part, folder, options.pairs) for part in PARTS})


def _patient(folder: Path, dataset: str, style: str) -> None:
    from siamdoctor.faults import make_patient  # noqa: PLC0415  (trains: only where no folder is given)

    make_patient(None, folder=folder, dataset=dataset, style=style, epochs=2)


def _apart(part: str, folder: Path, pairs: int) -> Times:
    """One part in a process of its own, so that none profits from what another has warmed."""
    words = [sys.executable, __file__, "--part", part, "--folder", str(folder), "--pairs", str(pairs)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    times: Times = json.loads(done.stdout.splitlines()[-1])
    return times


def _settings(folder: Path, pairs: int) -> Settings:
    settings = read_settings(folder / FILE_NAME)
    return dataclasses.replace(settings, data=dataclasses.replace(settings.data, pairs=pairs))


def _by_hand(folder: Path, pairs: int) -> Times:
    """Load the model and predict, with the pairs' images in memory."""
    import keras  # noqa: PLC0415  (after import_keras)
    from siamdoctor.faults.heads import euclidean_layer  # noqa: PLC0415

    euclidean_layer()  # the user's own layer, which Keras has to know by name
    from siamdoctor.api import open_case  # noqa: PLC0415  (draws the pairs; its time is not counted)

    case = open_case(_settings(folder, pairs))
    left, right = case.inputs[case.pairs.left], case.inputs[case.pairs.right]
    model, loading = _clocked(lambda: keras.models.load_model(folder / "model.keras", compile=False, safe_mode=False))
    spent = time.process_time()
    _, predicting = _clocked(lambda: model.predict([left, right], verbose=0))
    spent = time.process_time() - spent
    return {"load": loading, "predict": predicting, "predict, processor": spent, "pairs": float(len(left))}


def _embedding(folder: Path, pairs: int) -> Times:
    """Rebuild the twin and embed each image of the pairs once."""
    from siamdoctor.api import open_case  # noqa: PLC0415  (after import_keras)

    case = open_case(_settings(folder, pairs))
    _ = case.inputs
    _, loading = _clocked(lambda: case.twin)
    spent = time.process_time()
    rows, embedding = _clocked(lambda: len(case.embeddings))
    spent = time.process_time() - spent
    return {"load": loading, "embed": embedding, "embed, processor": spent, "images": float(rows)}


def _diagnosis(folder: Path, pairs: int) -> Times:
    """All checks that need no training."""
    from siamdoctor.api import diagnose  # noqa: PLC0415  (after import_keras)

    settings = _settings(folder, pairs)
    spent = time.process_time()
    report, whole = _clocked(lambda: diagnose(folder / "model.keras", settings.data.path, settings=settings))
    slowest = sorted(report.checks, key=lambda check: -check.seconds)[:5]
    spent = time.process_time() - spent
    return {"diagnose": whole, "diagnose, processor": spent, **{f"  {check.id}": check.seconds for check in slowest}}


def _clocked(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


PARTS: dict[str, Callable[[Path, int], Times]] = {"hand": _by_hand, "embedding": _embedding, "diagnosis": _diagnosis}


def _show(times: dict[str, Times]) -> None:
    """All times in seconds, then the two ratios against their bounds."""
    for part, values in times.items():
        print(part)
        for name, value in values.items():
            print(f"  {name:28}{value:10.3f}")
    for unit in ("", ", processor"):
        predict, embed = times["hand"][f"predict{unit}"], times["embedding"][f"embed{unit}"]
        over = times["diagnosis"][f"diagnose{unit}"] - predict
        print(f"by the {'processor' if unit else 'clock'}:")
        print(f"  embedding / prediction  {embed / predict:8.2f}   (bound {SHARE})")
        print(f"  all checks - prediction {over:8.2f} s (bound {ALLOWANCE} s)")


if __name__ == "__main__":
    main()
