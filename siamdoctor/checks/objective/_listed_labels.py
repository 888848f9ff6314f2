"""What the user's own data say about their labels: by the folders of the images, or by likeness."""

from __future__ import annotations

from siamdoctor.case import Case
from siamdoctor.data.audit import audit_pairs
from siamdoctor.data.samples import Samples
from siamdoctor.errors import Unavailable
from siamdoctor.results import Evidence, Measurement, Recovery
from siamdoctor.stats.ramps import ramp
from siamdoctor.taught import pair_lists
from siamdoctor.trials.baselines import without_training

REVERSED = 0.1  # agreement below which labels are not mixed up but read the other way round
REPAIR = (0.9, 0.82)  # accuracy after a remedy: no remedy mends what noise has taught
TELLING = (0.6, 0.75)  # AUC without training on the data at hand, from which likeness says who is who
BLIND = (0.07, 0.03)  # how far from one half the AUC without training is where labels have nothing to do with pairs


def from_list(case: Case) -> Evidence | None:
    """What a list shows by itself; None where it shows nothing, which does not clear its labels."""
    listed = _listed(case)
    if listed is not None:
        return _by_folders(case, *listed)
    try:
        return _by_likeness(case)
    except Unavailable:
        return None


def _by_likeness(case: Case) -> Evidence | None:
    """Samples as they are tell same from different pairs here, and do not by the labels of the training list."""
    training = case.training
    here, there = without_training(case), without_training(training)
    certainty = ramp(here, clear=TELLING[0], sure=TELLING[1]) * ramp(abs(there - 0.5), clear=BLIND[0], sure=BLIND[1])
    certainty *= ramp(repaired(case), clear=REPAIR[0], sure=REPAIR[1])
    if not certainty:
        return None
    return Evidence(
        certainty=certainty,
        summary=(
            f"Like samples are of one identity here (AUC {here:.2f} without any training), but not by the labels of "
            f"the training {'data' if training.samples.pairs is None else 'list'} ({there:.2f}): these have nothing to "
            f"do with their {'samples' if training.samples.pairs is None else 'pairs'}."
        ),
        fix="Build label and pair in one step, or shuffle both by one permutation, and train again:\n"
        "    order = rng.permutation(len(labels))\n    left, right, labels = left[order], right[order], labels[order]",
        measurements=(
            Measurement(name="AUC without training, data at hand", value=here, expected="above 0.6"),
            Measurement(name="AUC without training, training data", value=there, expected="near that"),
        ),
    )


def repaired(case: Case) -> float:
    """The best accuracy after any remedy that leaves the weights alone: no remedy mends what noise has taught."""
    best = 0.5
    for name in ("metric", "scaling", "batch-statistics", "sigmoid", "both-inputs", "embedding-distance"):
        try:
            best = max(best, case.trial(name).accuracy.value)
        except Unavailable:
            continue
    return best


def _listed(case: Case) -> tuple[Samples, str] | None:
    """The user's own pair list whose identities are known, the training list first."""
    return next(((samples, where) for where, samples, _ in pair_lists(case) if samples.identity_known), None)


def _by_folders(case: Case, samples: Samples, where: str) -> Evidence:
    """Labels of the list beside those that the folders give."""
    agreement = audit_pairs(samples).agreement or 0.0
    reversed_ = agreement < REVERSED
    certainty = 0.0 if reversed_ else ramp(1 - agreement, clear=0.02, sure=0.15)
    return Evidence(
        certainty=certainty,
        summary=(
            "The list's labels are the exact opposite of its folders: label 1 means different there."
            if reversed_
            else f"{100 * (1 - agreement):.0f} % of the {where} labels contradict the folders of their two images."
            if certainty
            else f"The {where} labels agree with the folders of their images."
        ),
        fix=(
            "Declare training.same_label: 0, and read the list accordingly."
            if reversed_
            else "Make each label from its own pair, and train again:\n"
            "    labels = np.array([class_of[left] == class_of[right] for left, right in pairs])"
        ),
        measurements=(
            Measurement(name=f"share of {where} labels that agree with the folders", value=agreement, expected="1"),
        ),
        recovers=_recovery(case) if certainty and where == "evaluation" else None,
        proof=bool(certainty == 1 and where == "training"),
    )


def _recovery(case: Case) -> Recovery | None:
    try:
        gain = case.trial("labels-from-folders").gain
    except Unavailable:
        return None
    return gain if gain.low > 0 else None
