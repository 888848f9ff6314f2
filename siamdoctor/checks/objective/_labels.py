"""What inverted and shuffled labels share, and the one thing that tells them apart.

Both end with all pairs at about one distance. Shuffled labels push nothing in particular apart, so part of
what the untrained network could tell remains (a third to a half of its AUC above chance, in our experiments on
digits); inverted labels push alike samples apart, and nearly nothing remains (below a fifth).
"""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import SIMILARITY_HEADS
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import taught
from siamdoctor.trials.baselines import raw_inputs, without_training

CHANCE = 0.5
LITTLE, MUCH = 0.18, 0.32  # of the untrained network's AUC above chance
TELLING = 0.1  # AUC above chance that the untrained network must have for a share of it to mean anything


def retained_share(case: Case) -> float:
    """AUC above chance after training over that of the untrained network, on training data where known.

    Raises:
        Unavailable: the untrained network tells nothing, so nothing could be retained.
    """
    judged = taught(case)
    before = judged.untrained.auc - CHANCE
    if before < TELLING and judged.samples.kind == "tokens":  # fresh vectors of words tell little, shared words more
        before = raw_inputs(judged).auc - CHANCE
    if before < TELLING:
        raise Unavailable("the untrained network tells nothing about these identities")
    return (judged.deployed.auc - CHANCE) / before


def little_retained(case: Case) -> float:
    """1 where training erased what the untrained network could tell, 0 where a good part is left.

    Where the untrained network tells too little, and the declared labels are those that contradict the usual
    loss, what raw samples tell has to serve.

    Raises:
        Unavailable: neither tells anything.
    """
    try:
        return ramp(retained_share(case), clear=MUCH, sure=LITTLE)
    except Unavailable:
        if not declared_against_the_loss(case):
            raise
    judged = taught(case)
    return ramp(without_training(judged) - judged.deployed.auc, clear=0.05, sure=0.15)


def declared_against_the_loss(case: Case) -> bool:
    """Whether 0 is declared for same-class pairs under a contrastive loss, whose usual form wants 1."""
    training = case.settings.training
    return training.same_label == 0 and training.loss == "contrastive"


def similarity_for_distance(case: Case) -> bool:
    """Whether the loss that pulls a distance to 0 for label 1 is given a similarity, which it then drives apart."""
    training, head = case.settings.training, case.blueprint.head
    named = training.loss == "contrastive" or (training.loss is None and "contrastive" in (case.blueprint.loss or ""))
    return named and head.kind in SIMILARITY_HEADS and training.same_label != 0
