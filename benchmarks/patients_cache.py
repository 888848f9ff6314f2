"""Patients kept by content: the same recipe, made by the same code, is trained once."""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from siamdoctor import faults
from siamdoctor.errors import BadSettings
from siamdoctor.faults.recipe import Recipe
from siamdoctor.faults.styles import recipe_of

CACHE = Path(__file__).parent / ".cache"
# The modules that turn a recipe into files. The families and styles only write recipes, which are hashed whole.
MAKERS = (
    "datasets",
    "pairing",
    "variation",
    "networks",
    "heads",
    "losses",
    "training",
    "judging",
    "saving",
    "patients",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """One place in the ward: who lies there, and how they got there."""

    cause: str | None
    style: str
    dataset: str
    seed: int
    recipe: Recipe
    twin: Recipe

    @property
    def name(self) -> str:
        """A name that says all: cause/style/dataset/seed."""
        return f"{self.cause or 'healthy'}/{self.style}/{self.dataset}/{self.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A trained patient on disk, with the accuracies that were measured when it was raised."""

    bed: Bed
    folder: Path
    accuracy: float
    best: float
    healthy_accuracy: float

    @property
    def ill(self) -> bool:
        """Whether the fault hurts, by the same rule as `Patient.ill`."""
        return self.bed.cause is not None and (
            self.accuracy < 0.6 or self.healthy_accuracy - self.accuracy >= 0.15  # noqa: PLR2004
        )


def beds(
    *, datasets: list[str], seeds: list[int], only: str, healthy_seeds: list[int], source: str | None
) -> list[Bed]:
    """Every fault in each of its styles, and a healthy control in every style, for each data set and seed."""
    made = [
        bed
        for dataset in datasets
        for seed in seeds
        for fault in faults.FAULTS.values()
        for style in fault.styles
        if (bed := _bed(fault.id, style, dataset, seed, source)) is not None
    ]
    made += [
        bed
        for dataset in datasets
        for seed in healthy_seeds
        for style in faults.STYLES
        if (bed := _bed(None, style, dataset, seed, source)) is not None
    ]
    return [bed for bed in made if fnmatch.fnmatch(bed.name, only)]


def _bed(cause: str | None, style: str, dataset: str, seed: int, source: str | None) -> Bed | None:
    """One bed, or None where the fault needs images and the data set has none."""
    fault = faults.FAULTS[cause] if cause is not None else None
    try:
        recipe = recipe_of(fault, style, dataset, seed, source)
        healthy = recipe_of(None, style, dataset, seed, source)
    except BadSettings:
        return None
    twin = healthy if fault is None else fault.circumstance(healthy)
    return Bed(cause=cause, style=style, dataset=dataset, seed=seed, recipe=recipe, twin=twin)


def admit(bed: Bed) -> Admitted:
    """The patient of this bed, trained now or taken from the cache."""
    from siamdoctor.models.runtime import import_keras  # noqa: PLC0415  (listing the ward needs no TensorFlow)

    import_keras()
    from siamdoctor.faults.patients import raise_patient  # noqa: PLC0415

    folder = CACHE / "patients" / _key(bed.recipe)
    note = folder / "patient.json"
    if not note.exists():
        shutil.rmtree(folder, ignore_errors=True)
        patient = raise_patient(bed.recipe, bed.cause, folder, lambda _what, _share: None)
        note.write_text(json.dumps({"name": bed.name, "accuracy": patient.accuracy, "best": patient.best}))
    known = json.loads(note.read_text())
    return Admitted(
        bed=bed,
        folder=folder,
        accuracy=known["accuracy"],
        best=known["best"],
        healthy_accuracy=_twin_accuracy(bed),
    )


def _twin_accuracy(bed: Bed) -> float:
    """What the healthy twin reaches: from its own place in the ward where it has one, else trained for it."""
    from siamdoctor.faults.patients import accuracy_of  # noqa: PLC0415

    key = _key(bed.twin)
    raised = CACHE / "patients" / key / "patient.json"
    note = raised if raised.exists() else CACHE / "twins" / f"{key}.json"
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"accuracy": accuracy_of(bed.twin)}))
    return float(json.loads(note.read_text())["accuracy"])


def _key(recipe: Recipe) -> str:
    """A hash of the recipe and of the code that carries it out."""
    package = Path(faults.__file__).parent
    code = b"".join((package / f"{name}.py").read_bytes() for name in MAKERS)
    written = json.dumps(dataclasses.asdict(recipe), sort_keys=True, default=str)
    return hashlib.sha256(code + written.encode()).hexdigest()[:20]
