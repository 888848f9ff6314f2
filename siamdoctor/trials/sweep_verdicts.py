"""What one training's embedding is found to be worth on one fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """One trained embedding on one fold.

    distance: (q,) of the fold's judging pairs, in the arena's order, small = alike. threshold: what the training
    pairs would choose. The rest is what intervals over identities are made of. trains: (t,) which of the different
    training pairs (or triplets) have a loss, whose mean is `active`. spread_draws: (draws,) the spread under the
    arena's weights. rank_influence: (s,) of the samples that the effective rank was measured on.
    """

    distance: FloatArray
    threshold: float
    auc: float
    active: float
    spread: float
    effective_rank: float
    trains: NDArray[np.bool_]
    spread_draws: FloatArray
    rank_influence: FloatArray
