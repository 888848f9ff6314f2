"""What inverted and shuffled labels share, and the one thing that tells them apart.

Both end with all pairs at about one distance. Shuffled labels push nothing in particular apart, so part of
what the untrained network could tell remains (a third to a half of its AUC above chance, in our experiments on
digits); inverted labels push alike samples apart, and nearly nothing remains (below a fifth).
"""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.stats.ramps import ramp

CHANCE = 0.5
LITTLE, MUCH = 0.18, 0.32  # of the untrained network's AUC above chance
TELLING = 0.1  # AUC above chance that the untrained network must have for a share of it to mean anything


def retained_share(case: Case) -> float:
    """AUC above chance after training over that of the untrained network, on training data where known.

    Raises:
        Unavailable: the untrained network tells nothing, so nothing could be retained.
    """
    try:
        judged = case.training
    except Unavailable:
        judged = case
    before = judged.untrained.auc - CHANCE
    if before < TELLING:
        raise Unavailable("the untrained network tells nothing about these identities")
    return (judged.deployed.auc - CHANCE) / before


def little_retained(case: Case) -> float:
    """1 where training erased what the untrained network could tell, 0 where a good part is left."""
    return ramp(retained_share(case), clear=MUCH, sure=LITTLE)
