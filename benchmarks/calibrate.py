"""Counts what a cause's standing in a report is worth, and writes it into the package.

    python benchmarks/calibrate.py benchmarks/results/ward.jsonl --seen digits,tabular

The data sets that are seen are counted; the others only test the probabilities that come of it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import siamdoctor
from outcome import read
from reliability import counted, expected_error


def main() -> None:
    """Count, write, test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--seen", default="digits,tabular", help="data sets to count, comma-separated")
    options = parser.parse_args()
    seen = options.seen.split(",")
    outcomes = read(options.results)
    known = counted([o for o in outcomes if o.dataset in seen])
    stored = {"seen": seen, "shares": known.shares, "patients": known.patients}
    Path(siamdoctor.__file__).with_name("calibration.json").write_text(
        json.dumps(stored, indent=1) + "\n", encoding="utf-8"
    )
    for name, (right, of) in known.shares.items():
        print(f"{name}: {right} of {of} were true causes")
    for label, some in (("seen", True), ("never seen", False)):
        error, causes = expected_error([o for o in outcomes if (o.dataset in seen) == some], known)
        print(f"expected calibration error on data sets {label}: {error:.3f} over {causes} named causes")


if __name__ == "__main__":
    main()
