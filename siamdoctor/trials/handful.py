"""Can this network learn eight pairs at all? If it cannot overfit a handful, no data set will help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.pairs import Pairs, draw_pairs
from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import pair_distance
from siamdoctor.stats.roc import balanced_accuracy, best_threshold
from siamdoctor.trials.sweep_grid import usual_margin
from siamdoctor.trials.training import Regimen, Trainer, fresh_weights, towers
from siamdoctor.trials.usual_training import usual

if TYPE_CHECKING:
    from siamdoctor.case import Case

PAIRS = 8
STEPS = 300
SEPARATED = 0.5  # the farthest same-class pair must be nearer than this share of the nearest other one


@dataclass(frozen=True, slots=True, kw_only=True)
class Handful:
    """What became of the pairs that trained.

    same_distance: of the farthest same-class pair; different_distance: of the nearest different-class one.
    learned: the first is less than half of the second. through_head: the accuracy on the same pairs when the
    whole model trains, by its own head and cross-entropy; None where the model has no trained head.
    """

    pairs: int
    accuracy: float
    same_distance: float
    different_distance: float
    learned: bool
    through_head: float | None = None

    @property
    def sentence(self) -> str:
        """What follows from it."""
        if not self.learned:
            return (
                f"Trained anew on {self.pairs} pairs alone, the encoder cannot tell even these apart: the fault is in "
                "architecture, loss or head, not in data or tuning."
            )
        if self.through_head is not None and self.through_head < 1.0:
            return (
                f"The encoder learns {self.pairs} pairs by its distance, but the whole model does not learn them "
                f"through its own head ({100 * self.through_head:.0f} %): the fault is in head or loss, not in data or "
                "tuning."
            )
        return (
            f"Trained anew on {self.pairs} pairs alone, the network learns them: its architecture can; look at data, "
            "labels and tuning."
        )

    @property
    def fails(self) -> bool:
        """Whether no data could help."""
        return not self.learned or (self.through_head is not None and self.through_head < 1.0)


def overfit_handful(case: Case) -> Handful:
    """Train the encoder anew on four same-class and four different-class pairs, and look at these pairs only.

    The margin is one that the embedding can reach, so that a failure speaks of the network. A model with a
    trained head is trained as a whole as well.

    Raises:
        Unavailable: there are no eight pairs.
    """
    if not case.samples.identity_known:
        raise Unavailable("identities are unknown, so no pairs can be drawn to learn")
    drawn = draw_pairs(case.identity, PAIRS, case.rng("handful"))
    if drawn.same.size < PAIRS:
        raise Unavailable(f"there are no {PAIRS} pairs to learn")
    distance = _overfitted(case, drawn)
    head = _through_head(case, drawn)
    if not np.isfinite(distance).all():
        return Handful(
            pairs=PAIRS,
            accuracy=0.5,
            same_distance=float("inf"),
            different_distance=0.0,
            learned=False,
            through_head=head,
        )
    farthest, nearest = float(distance[drawn.same].max()), float(distance[~drawn.same].min())
    return Handful(
        pairs=PAIRS,
        accuracy=balanced_accuracy(distance < best_threshold(distance, drawn.same), drawn.same),
        same_distance=farthest,
        different_distance=nearest,
        learned=farthest < SEPARATED * nearest,
        through_head=head,
    )


def _overfitted(case: Case, drawn: Pairs) -> FloatArray:
    """(8,) distances after the encoder alone has trained on the pairs."""
    rows = np.concatenate([drawn.left, drawn.right])
    encoder = towers(case.twin.reinitialised(case.settings.seed))[0]
    trainer = Trainer([encoder], case.inputs[rows], case.identity[rows], "contrastive")
    batches = np.broadcast_to(np.arange(rows.size, dtype=np.int32), (STEPS, rows.size))
    regimen = Regimen(margin=usual_margin(case), steps=STEPS, rate=usual(case).rate)
    trainer.train(fresh_weights(case.twin, case.settings.seed, first_only=True), batches, regimen)
    embedded = trainer.embed(np.arange(rows.size))
    return np.asarray(pair_distance("euclidean", embedded[:PAIRS], embedded[PAIRS:]), np.float32)


def _through_head(case: Case, drawn: Pairs) -> float | None:
    """Accuracy on the pairs after encoder and head have trained on them; None where no head can be trained."""
    from siamdoctor.trials.whole_model import trained_whole  # noqa: PLC0415  (needs TensorFlow)

    if not case.blueprint.head.learned or not case.twin.can_compare or case.twin.second_encoder is not None:
        return None
    output = trained_whole(case.twin.reinitialised(case.settings.seed), _sides(case, drawn), drawn.same, steps=STEPS)
    if output is None:
        return None
    score = np.nan_to_num(-output, nan=0.0)
    return balanced_accuracy(score < best_threshold(score, drawn.same), drawn.same)


def _sides(case: Case, drawn: Pairs) -> tuple[FloatArray, FloatArray]:
    return case.inputs[drawn.left], case.inputs[drawn.right]
