"""Runs `siamdoctor diagnose` on patients whose fault is known, and counts how often it names it.

    python benchmarks/ward.py                                 the digits ward, one seed
    python benchmarks/ward.py --datasets mnist,tabular --seeds 0,1
    python benchmarks/ward.py --only 'wrong-threshold/*'

Patients are cached by content below benchmarks/.cache; results go to one JSON line per patient, so an
interrupted run goes on where it stopped (`--fresh` starts anew).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from outcome import Outcome, read
from patients_cache import CACHE, Admitted, admit, beds
from siamdoctor import faults
from siamdoctor.errors import SiamdoctorError
from siamdoctor.results import Report
from summary import summarise


def main() -> None:
    """Make, diagnose and count."""
    options = _options()
    ward = beds(
        datasets=options.datasets.split(","),
        seeds=[int(s) for s in options.seeds.split(",")],
        healthy_seeds=[int(s) for s in (options.healthy_seeds or options.seeds).split(",")],
        only=options.only,
        source=options.omniglot,
        spread=options.spread,
        styles=options.styles,
    )
    if options.list:
        print("\n".join(bed.name for bed in ward))
        return
    path = Path(options.results)
    path.parent.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        path.unlink(missing_ok=True)
    known = {row.name: row for row in read(path)}
    stop = time.monotonic() + 60 * options.minutes
    for number, bed in enumerate(ward, start=1):
        if bed.name in known:
            continue
        if time.monotonic() > stop:
            print(f"stopped after {options.minutes} minutes, {len(ward) - number + 1} beds left")
            break
        patient = admit(bed)
        if options.raise_only:
            print(
                f"{number}/{len(ward)} {bed.name}: {patient.accuracy:.2f} of {patient.healthy_accuracy:.2f}", flush=True
            )
            continue
        outcome = _examine(patient)
        known[bed.name] = outcome
        with path.open("a", encoding="utf-8") as file:
            file.write(outcome.as_json() + "\n")
        print(f"{number}/{len(ward)} {outcome.line()}", flush=True)
    wanted = {bed.name for bed in ward}
    text = summarise([o for o in known.values() if o.name in wanted], calibrated=set(options.calibrated.split(",")))
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


def _options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", default="digits", help=f"of {', '.join(faults.DATASETS)}; comma-separated")
    parser.add_argument("--seeds", default="0", help="comma-separated; they also choose how a fault is caused")
    parser.add_argument("--healthy-seeds", help="seeds of the healthy controls (default: --seeds)")
    parser.add_argument("--spread", action="store_true", help="one seed for each patient, all of them in turn")
    parser.add_argument("--styles", type=int, help="at most so many for a fault (default: all it can have)")
    parser.add_argument("--raise-only", action="store_true", help="train and cache the patients, diagnose none")
    parser.add_argument("--only", default="*", help="glob over cause/style/dataset/seed")
    parser.add_argument("--omniglot", help="zip of Omniglot, for the data set omniglot")
    parser.add_argument("--results", default=str(CACHE / "results.jsonl"), help="JSON lines, summary beside them")
    parser.add_argument("--calibrated", default="digits", help="data sets that the calibration has seen")
    parser.add_argument("--minutes", type=float, default=1e6, help="start no further patient after so long")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--list", action="store_true", help="print the beds and stop")
    return parser.parse_args()


def _examine(patient: Admitted) -> Outcome:
    """One diagnosis, as a user would ask for it."""
    import keras  # noqa: PLC0415  (the ward can be listed without it)
    from siamdoctor.api import diagnose  # noqa: PLC0415

    keras.backend.clear_session()
    started = time.perf_counter()
    try:
        report: Report | None = diagnose(patient.folder / "model.keras")
    except SiamdoctorError as error:
        print(f"refused: {error}")
        report = None
    return Outcome.of(patient, report, time.perf_counter() - started)


if __name__ == "__main__":
    main()
