"""Patients of the sweep benchmarks, raised once and kept below benchmarks/.cache."""

from __future__ import annotations

import json
from pathlib import Path

from siamdoctor.api import open_case
from siamdoctor.case import Case
from siamdoctor.faults import FAULTS, make_patient
from siamdoctor.faults.recipe import Recipe
from siamdoctor.faults.styles import recipe_of
from siamdoctor.settings import read_settings

CACHE = Path(__file__).parent / ".cache" / "sweep"


def admitted(cause: str | None, dataset: str, style: str, seed: int, source: str | None) -> Path:
    """Folder of a patient with this fault; it is trained where it is not there yet."""
    folder = CACHE / f"{cause or 'healthy'}-{style}-{dataset}-{seed}"
    if not (folder / "siamdoctor.yaml").is_file():
        make_patient(cause, folder=folder, style=style, dataset=dataset, seed=seed, source=source)
    return folder


def case_in(folder: Path) -> Case:
    """The patient as the command line would open it."""
    return open_case(read_settings(folder / "siamdoctor.yaml"))


def recipe_for(cause: str | None, dataset: str, style: str, seed: int, source: str | None) -> Recipe:
    """How the patient was made, so that it can be made again with another margin."""
    return recipe_of(FAULTS[cause] if cause is not None else None, style, dataset, seed, source)


def show(rows: list[dict[str, object]], results: Path) -> None:
    """Print a table and keep it as JSON lines."""
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if not rows:
        return
    names = list(rows[0])
    cells = [names] + [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
