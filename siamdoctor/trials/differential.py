"""Which training fault ended in this embedding: each is replayed on the user's own encoder and data.

Labels that contradict the loss, labels of other pairs, a wrong margin and too high a rate can all leave an
embedding that tells nothing apart. They leave it in different shapes: distances of one size, a cloud that
kept what it had, a point. Every suspected fault is trained briefly from fresh weights, and the saved
embedding is compared with what each leaves behind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import Unavailable
from siamdoctor.trials.comparisons import distances
from siamdoctor.trials.cut_short import CutShort
from siamdoctor.trials.replay_signature import TRAITS, likelihood, yardstick
from siamdoctor.trials.sweep_losses import has_margin, mines_triplets
from siamdoctor.trials.training import OutOfTime
from siamdoctor.trials.usual_training import (
    FASTEST,
    comparison_of,
    fitting_margin,
    obstacle,
    takes_distance,
    usual,
)

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.trials.retraining_room import Room
    from siamdoctor.trials.treatments import Treatment

SOUND = "sound"
FAR = 4.0  # a declared margin this many times off the usual one is a suspect
TOO_SMALL, TOO_LARGE = 1e-3, 15.0  # of the usual margin, where none is declared
TOO_HIGH = 0.3  # a learning rate of Adam, where none is known
TOO_FEW = 0.08  # of the usual steps
DISTINCT = len(TRAITS) / 2  # traits that speak for themselves; the others repeat them
LENGTHS = (1.0, 0.5, 2.0)  # of the folds' trainings: how long the user trained is unknown
CLEARLY = 10.0  # times as likely
WORDS: Mapping[str, str] = {
    SOUND: "a sound training",
    "inverted-labels": "labels that contradict the loss",
    "misaligned-labels": "labels of other pairs",
    "margin-too-small": "too small a margin",
    "margin-too-large": "too large a margin",
    "collapsed-embedding": "too high a learning rate",
    "undertrained": "too little training",
    "untrained-encoder": "no training at all",
    "loss-head-mismatch": "cross-entropy on a raw distance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How like the saved embedding a replay ends. times: how many times less likely than the likeliest."""

    cause: str
    times: float
    auc: float

    @property
    def words(self) -> str:
        """What was replayed."""
        return WORDS[self.cause]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differential:
    """The replays, the likeliest first. auc: of the saved embedding.

    partial: some replays are missing; interrupted: by Ctrl-C.
    """

    replays: tuple[Likeness, ...]
    auc: float
    partial: bool
    interrupted: bool = False

    @property
    def rivals(self) -> tuple[str, ...]:
        """What cannot be told apart from the likeliest, which comes first."""
        return tuple(r.cause for r in self.replays if r.times < CLEARLY)

    @property
    def shares(self) -> Mapping[str, float]:
        """How the rivals' likelihoods divide among them."""
        whole = sum(1 / r.times for r in self.replays if r.times < CLEARLY)
        return {r.cause: 1 / r.times / whole for r in self.replays if r.times < CLEARLY}

    @property
    def settled(self) -> str | None:
        """The one that it was, if only one can have been; what was not replayed might have been it as well."""
        return self.rivals[0] if len(self.rivals) == 1 and not self.partial else None


def differential(
    case: Case, room: Room, suspects: Sequence[str] = (), *, ruled_out: Collection[str] = ()
) -> Differential:
    """Replay a sound training and every fault that may be, suspects first; without time, the first ones.

    Args:
        case: model and data.
        room: where it is trained.
        suspects: causes to replay first.
        ruled_out: causes that other evidence excludes.

    Raises:
        Unavailable: how the embeddings were compared in training cannot be repeated, or they are not finite.
        OutOfTime: not even two replays were finished.
    """
    why = obstacle(case)
    if why is not None:
        raise Unavailable(why)
    arena = room.arena
    saved = case.twin.embed(arena.inputs)
    if not np.isfinite(saved).all():
        raise Unavailable("the embeddings are not finite")
    fresh, sound = case.twin.reinitialised(case.settings.seed), faults(case)[SOUND]
    before, now = (partial(distances, comparison_of(case, twin, sound)) for twin in (fresh, case.twin))
    measure = yardstick(arena, fresh.embed(arena.inputs), before, case.settings.seed)
    folds = range(arena.folds)
    patient = np.mean([measure.signature(saved, fold, now) for fold in folds], axis=0)
    found: dict[str, tuple[float, float]] = {}
    cut = CutShort()
    with cut.noted():
        for cause, treatment in _in_turn(faults(case), suspects):
            if cause in ruled_out:
                continue
            ends = [
                room.measured(_for(treatment, fold), fold, lambda e, by, k=fold: measure.signature(e, k, by))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                for fold in folds
            ]
            found[cause] = (likelihood(patient, ends), float(np.mean([end[0] for end in ends])))
    if len(found) < 2:  # noqa: PLR2004  (to compare)
        raise KeyboardInterrupt if cut.interrupted else OutOfTime
    best = max(value for value, _ in found.values())
    told = [
        Likeness(cause=cause, times=float(np.exp(DISTINCT * (best - value))), auc=area)
        for cause, (value, area) in found.items()
    ]
    return Differential(
        replays=tuple(sorted(told, key=lambda r: r.times)),
        auc=float(patient[0]),
        partial=cut.partial,
        interrupted=cut.interrupted,
    )


def _for(treatment: Treatment, fold: int) -> Treatment:
    """The treatment as long as this fold trains."""
    return replace(treatment, steps=treatment.steps * LENGTHS[fold % len(LENGTHS)])


def faults(case: Case) -> dict[str, Treatment]:
    """How each fault would have been trained, and a sound training, as far as facts do not exclude them."""
    declared = replace(usual(case), augmentation=None)
    usual_one = fitting_margin(case, declared.by)
    sound = replace(declared, name="replay: sound", margin=usual_one)
    replays = {SOUND: sound}
    if not mines_triplets(sound.kind):
        if not case.blueprint.head.learned:  # which learns either label
            replays["inverted-labels"] = replace(sound, name="replay: inverted", flipped=True)
        replays["misaligned-labels"] = replace(sound, name="replay: shuffled", shuffled=True)
    if has_margin(sound.kind):
        replays |= _other_margins(sound, case.settings.training.margin)
    rate = case.blueprint.learning_rate
    if rate is None or rate > FASTEST:
        replays["collapsed-embedding"] = replace(sound, name="replay: fast", rate=rate or TOO_HIGH)
    replays["undertrained"] = replace(sound, name="replay: brief", steps=TOO_FEW)
    replays["untrained-encoder"] = replace(sound, name="replay: none", steps=0.0)
    loss = case.settings.training.loss or case.blueprint.loss
    if takes_distance(case) and (loss is None or "crossentropy" in loss):
        flipped = case.settings.training.same_label == 0
        replays["loss-head-mismatch"] = replace(sound, name="replay: bce", kind="cross-entropy", flipped=flipped)
    return replays


def _other_margins(sound: Treatment, margin: float | None) -> dict[str, Treatment]:
    """Far too small and far too large a margin: the declared one where it is, or one that would be."""
    usual_one, replays = sound.margin, {}
    if margin is None or margin < usual_one / FAR:
        replays["margin-too-small"] = replace(sound, name="replay: small", margin=margin or TOO_SMALL * usual_one)
    if margin is None or margin > usual_one * FAR:
        replays["margin-too-large"] = replace(sound, name="replay: large", margin=margin or TOO_LARGE * usual_one)
    return replays


def _in_turn(replays: Mapping[str, Treatment], suspects: Sequence[str]) -> list[tuple[str, Treatment]]:
    """A sound training, what is suspected, then the rest."""
    first = [SOUND, *(s for s in suspects if s in replays)]
    order = dict.fromkeys([*first, *replays])
    return [(cause, replays[cause]) for cause in order]
