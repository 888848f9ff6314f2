"""The pairs as one model and one scaling see them: embeddings, outputs, distances, decisions.

The deployed model is one view; a trial makes another (a repaired model, another scaling) and compares.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.pairs import Pairs
from siamdoctor.data.samples import FloatArray
from siamdoctor.decision import Rule
from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import Metric, pair_distance, unit
from siamdoctor.stats.roc import auc, cross_fitted, finite_or_far

if TYPE_CHECKING:
    from siamdoctor.models.runtime import Twin

Form = Literal["raw", "normalised", "centred"]
CHUNK = 20_000


class View:
    """One model's sight of the drawn pairs.

    inputs: (n, *sample shape) scaled samples; left, right: (p,) positions in them; pairs: what is true.
    """

    def __init__(self, *, twin: Twin, inputs: FloatArray, pairs: Pairs, rule: Rule) -> None:
        """Keep what is needed; nothing is computed yet."""
        self.twin, self.inputs, self.pairs, self.rule = twin, inputs, pairs, rule

    @cached_property
    def embeddings(self) -> FloatArray:
        """(n, d) embeddings by the (left) encoder."""
        return _frozen(self.twin.embed(self.inputs))

    @cached_property
    def right_embeddings(self) -> FloatArray:
        """(n, d) embeddings by the right tower; the same array where one encoder serves both sides.

        Shared weights with another preprocessing on each side make a second encoder as well.
        """
        if self.twin.second_encoder is None:
            return self.embeddings
        return _frozen(self.twin.embed(self.inputs, side=1))

    @cached_property
    def output(self) -> FloatArray:
        """(p,) output of the model's own head; `Unavailable` where it could not be read."""
        if not self.twin.can_compare:
            raise Unavailable("the model's head cannot be run without its own code")
        left, right = self.pairs.left, self.pairs.right
        parts = [
            self.twin.compare(self.embeddings[left[i : i + CHUNK]], self.right_embeddings[right[i : i + CHUNK]])
            for i in range(0, left.size, CHUNK)
        ]
        return _frozen(np.concatenate(parts))

    @cached_property
    def score(self) -> FloatArray:
        """(p,) the number that the user's rule thresholds, in the user's own direction."""
        if self.rule.source == "output":
            return self.output
        distance = self.metric_distance(self.rule.metric)  # type: ignore[arg-type]
        return -distance if self.rule.metric == "dot" else distance

    @cached_property
    def distance(self) -> FloatArray:
        """(p,) the same score with its direction fixed: small = alike by the score's nature."""
        return _frozen(self.score if self.rule.near_is_low else -self.score)

    def metric_distance(self, metric: Metric, form: Form = "raw") -> FloatArray:
        """(p,) distance between embeddings, which are taken raw, scaled to length 1, or centred."""
        left, right = (self.formed(e, form) for e in (self.embeddings, self.right_embeddings))
        parts = [
            pair_distance(metric, left[self.pairs.left[i : i + CHUNK]], right[self.pairs.right[i : i + CHUNK]])
            for i in range(0, self.pairs.left.size, CHUNK)
        ]
        return _frozen(np.concatenate(parts).astype(np.float32))

    @staticmethod
    def formed(embeddings: FloatArray, form: Form) -> FloatArray:
        """Embeddings in one of the forms in which metrics are compared."""
        if form == "normalised":
            return np.asarray(unit(embeddings), dtype=np.float32)
        if form == "centred":
            return np.asarray(embeddings - embeddings.mean(0), dtype=np.float32)
        return embeddings

    @cached_property
    def auc(self) -> float:
        """AUC of "near = same" by the score in use; below one half the score is read backwards."""
        return auc(self.distance, self.pairs.same)

    @cached_property
    def as_deployed(self) -> NDArray[np.bool_]:
        """(p,) "same" by the user's rule; by a threshold from the other half where none is declared."""
        if self.rule.threshold is None:
            return self.tuned
        score = self.score
        with np.errstate(invalid="ignore"):
            return score < self.rule.threshold if self.rule.same_below else score > self.rule.threshold

    @cached_property
    def tuned(self) -> NDArray[np.bool_]:
        """(p,) "same" by thresholds on the score that the other half chose, in its natural direction."""
        return cross_fitted(self.distance, self.pairs.same, self.pairs.half)[0]

    @cached_property
    def tuned_thresholds(self) -> tuple[float, float]:
        """The two thresholds chosen, on the scale of `distance`."""
        return cross_fitted(self.distance, self.pairs.same, self.pairs.half)[1]

    def finite(self) -> bool:
        """Whether every score is a number."""
        return bool(np.isfinite(finite_or_far(self.score)).all())


def _frozen(array: FloatArray) -> FloatArray:
    array = np.asarray(array, dtype=np.float32)
    array.setflags(write=False)
    return array
