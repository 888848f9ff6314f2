"""Which augmentation pays: the encoder trained anew with none, the declared one, the article's, and a tailored one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from siamdoctor.data.declared import declared_pipeline
from siamdoctor.errors import Unavailable
from siamdoctor.results import Interval, Recovery
from siamdoctor.trials.invariance import ARTICLE, drifts, require_images, strongest
from siamdoctor.trials.retraining import article_pipeline, usual
from siamdoctor.trials.retraining_room import Room, Treatment
from siamdoctor.trials.training import OutOfTime

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.results import Json, TransformDrift

NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationSet:
    """One set of transforms. over_none: what it gains over training without any, None for none itself."""

    name: str
    transforms: tuple[str, ...]
    accuracy: Interval
    over_none: Recovery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationTrial:
    """All sets that were trained. pays: the best of those certain to gain, or None. harms: certain to lose.

    held_out: in words, what accuracies are on. partial: the time ran out before all sets were trained.
    """

    sets: tuple[AugmentationSet, ...]
    pays: str | None
    harms: tuple[str, ...]
    held_out: str
    partial: bool

    @property
    def sentence(self) -> str:
        """The result for a report."""
        warning = f" {', '.join(self.harms)} augmentation harms." if self.harms else ""
        best = next((s for s in self.sets if s.name == self.pays), None)
        if best is None or best.over_none is None:
            return f"No augmentation was certain to gain over none.{warning}".replace("  ", " ")
        gain = best.over_none
        return (
            f"The {best.name} augmentation ({', '.join(best.transforms)}) gains {gain.points:.0f} points "
            f"[{gain.low:.0f}, {gain.high:.0f}] over none on {self.held_out}.{warning}"
        )


def augmentation_trial(case: Case, room: Room) -> AugmentationTrial:
    """Train with every set; without time for all of them, with the first ones.

    Raises:
        Unavailable: the data are not images.
        OutOfTime: not even training without augmentation was finished.
    """
    require_images(case)
    plain = replace(usual(case), name="no augmentation", augmentation=None)
    none = room.compare(plain, plain)
    sets = [AugmentationSet(name=NONE, transforms=(), accuracy=none.treated, over_none=None)]
    partial = False
    for name, treatment in _treatments(case, plain):
        try:
            compared = room.compare(plain, treatment)
        except OutOfTime:
            partial = True
            break
        transforms = treatment.augmentation.names if treatment.augmentation is not None else ()
        sets.append(
            AugmentationSet(name=name, transforms=transforms, accuracy=compared.treated, over_none=compared.recovers)
        )
    gains = {s.name: s.over_none for s in sets if s.over_none is not None}
    certain = {name: gain for name, gain in gains.items() if gain.low > 0}
    return AugmentationTrial(
        sets=tuple(sets),
        pays=max(certain, key=lambda name: certain[name].points) if certain else None,
        harms=tuple(name for name, gain in gains.items() if gain.high < 0),
        held_out=none.held_out,
        partial=partial,
    )


def _treatments(case: Case, plain: Treatment) -> list[tuple[str, Treatment]]:
    """The sets to try, the likeliest to pay first."""
    treatments = [("article's", replace(plain, name="the article's augmentation", augmentation=article_pipeline(case)))]
    declared = declared_pipeline(case.settings.training.augmentation, case.sample_shape)
    if declared is not None and declared.names:
        treatments.append(("declared", replace(plain, name="the declared augmentation", augmentation=declared)))
    try:
        wanted = wanted_transforms(strongest(drifts(case)))
    except Unavailable:  # a collapsed embedding has no profile
        return treatments
    tailored = declared_pipeline(wanted, case.sample_shape)
    if tailored is not None and tailored.names:
        treatments.append(
            ("tailored", replace(plain, name="augmentation by the invariance profile", augmentation=tailored))
        )
    return treatments


def wanted_transforms(profile: tuple[TransformDrift, ...]) -> dict[str, Json]:
    """ImageDataGenerator keywords for the transforms that the embedding does not tolerate; flips are left out.

    A flip makes another class of many signs, and an embedding is right not to tolerate it then.
    """
    moved = {d.name for d in profile if d.drift > d.tolerance}
    wanted: dict[str, Json] = {f"{name}_range": strength for name, strength in ARTICLE.items() if name in moved}
    if "brightness" in moved:
        wanted["brightness_range"] = [0.8, 1.2]
    return wanted
