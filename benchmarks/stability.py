"""Whether the diagnosis depends on which pairs were drawn: patients of the ward, examined under five seeds.

    python benchmarks/stability.py benchmarks/results/ward.jsonl --every 8

Takes every n-th outcome of an earlier run, whose patients are cached. An ill one is to have the same cause first
under each seed, a control the same likely or proven ones, which is best none.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from outcome import ALARMS, Outcome, read
from patients_cache import CACHE, admit, beds
from siamdoctor.settings import read_settings
from summary import share


def main() -> None:
    """Examine, count, print."""
    options = _options()
    outcomes = read(options.results)[:: options.every]
    changing = []
    for outcome in outcomes:
        firsts = _firsts(outcome, options)
        if len(set(firsts)) > 1:
            changing.append(outcome.name)
            print(f"{outcome.name}: {dict(Counter(firsts))}", flush=True)
    print(f"same first cause under {options.seeds} seeds: {share(len(outcomes) - len(changing), len(outcomes))}")


def _firsts(outcome: Outcome, options: argparse.Namespace) -> list[str]:
    """What is named under each seed, "nothing" where it is nothing."""
    from siamdoctor.api import diagnose  # noqa: PLC0415  (the options need no TensorFlow)

    seed = outcome.seed
    [bed] = beds(
        datasets=[outcome.dataset], seeds=[seed], healthy_seeds=[seed], only=outcome.name, source=options.omniglot
    )
    settings = read_settings(admit(bed).folder / "siamdoctor.yaml")
    reports = [diagnose(settings=replace(settings, seed=number)) for number in range(options.seeds)]
    if outcome.truth is not None:
        return [report.causes[0].id if report.causes else "nothing" for report in reports]
    accused = [[c.id for c in report.causes if str(c.level) in ALARMS] for report in reports]
    return [", ".join(causes) or "nothing" for causes in accused]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", default=CACHE / "results.jsonl")
    parser.add_argument("--every", type=int, default=8, help="take every n-th outcome")
    parser.add_argument("--seeds", type=int, default=5, help="how often each is examined")
    parser.add_argument("--omniglot", help="zip of Omniglot, for the data set omniglot")
    return parser.parse_args()


if __name__ == "__main__":
    main()
