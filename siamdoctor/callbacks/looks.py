"""What one look at a model's outputs shows: their spread, whether they tell pairs apart, on which side they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.stats.roc import auc

HALF = 0.5  # of a probability, and of an AUC
RARE = 0.2  # least share of either label among the pairs for one-sidedness to mean anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Outputs of the model for the same few inputs each time.

    outputs: (n, k), labels: (n,) of 0 and 1 or None. probabilities: whether a pair's output is one (a sigmoid).
    """

    outputs: NDArray[np.float32]
    labels: NDArray[np.int64] | None = None
    probabilities: bool = False

    @property
    def finite(self) -> bool:
        """Whether all outputs are numbers."""
        return bool(np.isfinite(self.outputs).all())

    @property
    def spread(self) -> float:
        """How far outputs lie from their mean, over their size; 0 where all are one value."""
        values = self.outputs.astype(np.float64)
        size = float(np.sqrt((values**2).sum(axis=1)).mean())
        away = float(np.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=1)).mean())
        return away / size if size > 0 else 0.0

    @property
    def telling(self) -> float | None:
        """|AUC - 1/2| of a single output for the labels; None without labels of both kinds."""
        if self.labels is None or self.outputs.shape[1] != 1 or len(set(self.labels.tolist())) == 1:
            return None
        return abs(auc(self.outputs[:, 0].astype(np.float64), self.labels.astype(bool)) - HALF)

    @property
    def one_sided(self) -> bool:
        """Whether every probability lies on the same side of one half though both labels are there."""
        if self.labels is None or not self.probabilities or self.outputs.shape[1] != 1:
            return False
        above = float((self.outputs[:, 0] > HALF).mean())
        return above in {0.0, 1.0} and RARE <= float(self.labels.mean()) <= 1 - RARE
