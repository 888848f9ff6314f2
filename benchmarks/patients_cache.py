"""Patients kept by content: the same recipe, made by the same code, is trained once."""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from siamdoctor import faults
from siamdoctor.faults.near_misses import NEAR_MISSES
from siamdoctor.faults.recipe import Recipe
from siamdoctor.faults.styles import WITHOUT_IMAGES, healthy_recipe

CACHE = Path(__file__).parent / ".cache"
RESULTS = Path(__file__).parent / "results" / "ward.jsonl"  # the committed ones
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


# Faults come together: the first alone would be found, so would the second.
TWO_FAULTS = (
    ("wrong-threshold+insufficient-augmentation", "euclidean-lambda"),
    ("single-unit-softmax+preprocessing-mismatch", "koch"),
    ("inverted-metric+margin-too-large", "euclidean"),
    ("inverted-metric+undertrained", "absolute-difference"),
    ("wrong-threshold+untied-towers", "euclidean"),
    ("collapsed-embedding+wrong-threshold", "euclidean"),
    ("imbalanced-pairs+single-unit-softmax", "koch"),
    ("untrained-encoder+preprocessing-mismatch", "absolute-difference"),
    ("preprocessing-mismatch+wrong-threshold", "euclidean"),
    ("inverted-metric+insufficient-augmentation", "euclidean-lambda"),
    ("leaky-evaluation+wrong-threshold", "euclidean"),
    ("degenerate-images+wrong-threshold", "euclidean"),
    ("too-few-identities+inverted-metric", "euclidean-lambda"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """One place in the ward: who lies there, and how they got there.

    cause: the fault, two joined by "+", or None for a healthy control. near_miss: what a control looks like.
    """

    cause: str | None
    near_miss: str | None = None
    style: str
    dataset: str
    seed: int
    recipe: Recipe
    twin: Recipe

    @property
    def name(self) -> str:
        """A name that says all: cause/style/dataset/seed."""
        return f"{self.cause or self.near_miss or 'healthy'}/{self.style}/{self.dataset}/{self.seed}"


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

    @property
    def well(self) -> bool:
        """Whether a control is one: what it looks like costs little, and so does the threshold it is judged by."""
        return self.bed.cause is None and (
            max(self.healthy_accuracy, self.best) - self.accuracy < 0.1  # noqa: PLR2004
        )


def beds(
    *,
    datasets: list[str],
    seeds: list[int],
    only: str,
    healthy_seeds: list[int],
    source: str | None,
    spread: bool = False,
    styles: int | None = None,
) -> list[Bed]:
    """Every fault in each of its styles, pairs of faults, near misses, and a healthy control in every style.

    spread: each place of the ward has one of the seeds instead of all; a fault meets them in turn through its
        styles and data sets, so that all are met and a run has a fraction of the patients.
    styles: at most so many for a fault, the most natural first.
    """
    # The most natural style of every fault first, so that a run cut short has met every fault.
    ranked = [
        (place, fault.id, style)
        for fault in faults.FAULTS.values()
        for place, style in enumerate(fault.styles[:styles])
    ]
    ill = [(cause, style) for _, cause, style in sorted(ranked, key=lambda r: r[0])] + list(TWO_FAULTS)
    well: list[tuple[str | None, str]] = [(None, style) for style in faults.STYLES]
    well += [(near.id, style) for near in NEAR_MISSES.values() for style in near.styles]
    made = [
        _ill_bed(cause, style, d, s, source)
        for place, d in enumerate(datasets)
        for cause, style in ill
        for s in (_in_turn(seeds, ill, (cause, style), place) if spread else seeds)
    ]
    made += [_well_bed(near, style, d, s, source) for d in datasets for s in healthy_seeds for near, style in well]
    return [bed for bed in made if bed is not None and fnmatch.fnmatch(bed.name, only)]


def _in_turn(seeds: list[int], ill: list[tuple[str, str]], bed: tuple[str, str], place: int) -> list[int]:
    """The one seed of this fault and style on the data set at this place."""
    styles = [style for cause, style in ill if cause == bed[0]]
    return [seeds[(place * len(styles) + styles.index(bed[1])) % len(seeds)]]


def _ill_bed(causes: str, style: str, dataset: str, seed: int, source: str | None) -> Bed | None:
    """One bed, or None where the fault needs images and the data set has none."""
    chosen = [faults.FAULTS[cause] for cause in causes.split("+")]
    if dataset in WITHOUT_IMAGES and any(fault.needs_images for fault in chosen):
        return None
    twin = healthy_recipe(style, dataset, seed, source)
    for fault in chosen:
        twin = fault.circumstance(twin)
    recipe = twin
    for fault in chosen:
        recipe = fault.inject(recipe)
    return Bed(cause=causes, style=style, dataset=dataset, seed=seed, recipe=recipe, twin=twin)


def _well_bed(near_miss: str | None, style: str, dataset: str, seed: int, source: str | None) -> Bed | None:
    """A healthy control, plain or looking like a fault; None where the look needs images."""
    recipe = healthy_recipe(style, dataset, seed, source)
    if near_miss is not None:
        if dataset in WITHOUT_IMAGES and faults.FAULTS[NEAR_MISSES[near_miss].looks_like].needs_images:
            return None
        recipe = NEAR_MISSES[near_miss].alter(recipe)
    # An odd margin has to be shown to do no harm; what alters the data or the network has no such twin.
    margin = near_miss is not None and NEAR_MISSES[near_miss].looks_like.startswith("margin")
    twin = healthy_recipe(style, dataset, seed, source) if margin else recipe
    return Bed(cause=None, near_miss=near_miss, style=style, dataset=dataset, seed=seed, recipe=recipe, twin=twin)


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
    written = json.dumps(dataclasses.asdict(recipe), sort_keys=True, default=str)
    return hashlib.sha256(_code() + written.encode()).hexdigest()[:20]


@cache
def _code() -> bytes:
    """The makers' source, read once: it must be the code that this process has loaded."""
    package = Path(faults.__file__).parent
    return b"".join((package / f"{name}.py").read_bytes() for name in MAKERS)
