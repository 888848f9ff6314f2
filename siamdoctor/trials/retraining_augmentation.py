"""Which augmentation pays: the encoder trained anew with none, the declared one, the article's, and a tailored one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.answer_results import AugmentationSet, AugmentationTrial
from siamdoctor.data.declared import declared_pipeline
from siamdoctor.errors import Unavailable
from siamdoctor.trials.augmentation import destructive
from siamdoctor.trials.cut_short import CutShort
from siamdoctor.trials.invariance import ARTICLE, drifts, require_images, strongest
from siamdoctor.trials.retraining import article_pipeline
from siamdoctor.trials.retraining_room import STEPS, TRAININGS, Room
from siamdoctor.trials.training_clock import Clock
from siamdoctor.trials.treatments import Treatment
from siamdoctor.trials.usual_training import usual

if TYPE_CHECKING:
    from pathlib import Path

    from siamdoctor.case import Case
    from siamdoctor.data.pipeline import Pipeline
    from siamdoctor.results import Json, TransformDrift

NONE = "none"
# The seed article's set word for word. Keras takes shear in degrees, so that its .2 hardly shears.
WORD_FOR_WORD: dict[str, Json] = {
    "rotation_range": 20,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}
FLIPS: dict[str, Json] = {"horizontal_flip": True}


def open_room(case: Case, deadline: float, journal: Path | None = None) -> Room:
    """A room that tells how long all trainings of this trial will still take.

    Raises:
        Unavailable: the data are not images, or nothing can be trained on some identities and judged on others.
    """
    require_images(case)
    clock = Clock(total=TRAININGS * (1 + len(treatments(case))), tell=case.progress)
    return Room(case, steps=STEPS, deadline=deadline, progress=lambda what: clock.advance(1, what), journal=journal)


def augmentation_trial(case: Case, room: Room) -> AugmentationTrial:
    """Train with every set; without time for all of them, with the first ones.

    Raises:
        Unavailable: the data are not images.
        OutOfTime: not even training without augmentation was finished.
    """
    require_images(case)
    plain = _plain(case)
    none = room.compare(plain, plain)
    sets = [AugmentationSet(name=NONE, transforms=(), accuracy=none.treated, over_none=None)]
    cut = CutShort()
    with cut.noted():
        for name, treatment in treatments(case):
            compared = room.compare(plain, treatment)
            transforms = treatment.augmentation.names if treatment.augmentation is not None else ()
            sets.append(
                AugmentationSet(
                    name=name, transforms=transforms, accuracy=compared.treated, over_none=compared.recovers
                )
            )
    return _verdict(case, sets, room, held_out=none.held_out, partial=cut.partial, interrupted=cut.interrupted)


def _verdict(
    case: Case, sets: list[AugmentationSet], room: Room, *, held_out: str, partial: bool, interrupted: bool
) -> AugmentationTrial:
    """What pays, what harms, and a sentence."""
    certain = [s for s in sets if s.over_none is not None and s.over_none.low > 0]
    best = max(certain, key=_gained, default=None)
    harms = tuple(s.name for s in sets if s.over_none is not None and s.over_none.high < 0)
    every = declared_pipeline({**WORD_FOR_WORD, "vertical_flip": True}, case.sample_shape)
    destroys = () if every is None else destructive(case, every)
    return AugmentationTrial(
        sets=tuple(sets),
        pays=None if best is None else best.name,
        harms=harms,
        destroys=destroys,
        held_out=held_out,
        trainings=room.arena.folds,
        steps=room.steps,
        sentence=_sentence(best, harms, destroys, f"{held_out} after {room.steps} steps"),
        partial=partial,
        interrupted=interrupted,
    )


def _gained(trained: AugmentationSet) -> float:
    return trained.over_none.points if trained.over_none is not None else 0.0


def _sentence(best: AugmentationSet | None, harms: tuple[str, ...], destroys: tuple[str, ...], held_out: str) -> str:
    """The result for a report."""
    said = ["No augmentation was certain to gain over none."]
    if best is not None and best.over_none is not None:
        gain, transforms = best.over_none, ", ".join(best.transforms)
        gained = f"{gain.points:.0f} points [{gain.low:.0f}, {gain.high:.0f}]"
        said = [f"The {best.name} augmentation ({transforms}) gains {gained} over none on {held_out}."]
    if harms:
        said.append(
            f"WARNING: in a training as short as this it harms to train with: {', '.join(harms)} (variation takes "
            "longer to learn; compare anew if yours is much longer)."
        )
    flips = [name for name in destroys if "flip" in name]
    if flips:
        said.append(f"WARNING: {' and '.join(flips)} turn these images into other identities.")
    return " ".join(said)


def treatments(case: Case) -> list[tuple[str, Treatment]]:
    """The sets to try, the likeliest to pay first."""
    plain = _plain(case)
    sets: list[tuple[str, Pipeline | None]] = [
        ("article's", declared_pipeline(WORD_FOR_WORD, case.sample_shape)),
        ("declared", declared_pipeline(case.settings.training.augmentation, case.sample_shape)),
        ("article's without flips", article_pipeline(case)),
    ]
    with suppress(Unavailable):  # a collapsed embedding has no profile
        sets.append(("tailored", declared_pipeline(wanted_transforms(strongest(drifts(case))), case.sample_shape)))
    sets.append(("flips alone", declared_pipeline(FLIPS, case.sample_shape)))
    return [
        (name, replace(plain, name=f"augmentation: {name}", augmentation=pipeline))
        for name, pipeline in sets
        if pipeline is not None and pipeline.names
    ]


def _plain(case: Case) -> Treatment:
    """As declared, without augmentation."""
    return replace(usual(case), name="no augmentation", augmentation=None)


def wanted_transforms(profile: tuple[TransformDrift, ...]) -> dict[str, Json]:
    """ImageDataGenerator keywords for the transforms that the embedding does not tolerate; flips are left out.

    A flip makes another class of many signs, and an embedding is right not to tolerate it then.
    """
    moved = {d.name for d in profile if d.drift > d.tolerance}
    wanted: dict[str, Json] = {f"{name}_range": strength for name, strength in ARTICLE.items() if name in moved}
    if "brightness" in moved:
        wanted["brightness_range"] = [0.8, 1.2]
    return wanted
