"""The narrower questions: which metric, which augmentation, and whether this is chance at all."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.answer_results import AugmentationCheck, ChanceLevel, MetricComparison, MetricScore
from siamdoctor.errors import Unavailable
from siamdoctor.results import Accuracy, Interval
from siamdoctor.stats.geometry import METRICS, distance_matrix, pair_distance
from siamdoctor.stats.permutation import identity_permutation_test, label_permutation_test
from siamdoctor.stats.power import detectable_accuracy, effective_pairs, exact_p_value, pairs_needed
from siamdoctor.stats.resampling import accuracy_interval, auc_interval, paired_gain
from siamdoctor.stats.roc import auc, cross_fitted
from siamdoctor.trials.augmentation import review
from siamdoctor.trials.invariance import ARTICLE, drifts, perturbed_accuracy, strongest
from siamdoctor.trials.outcome import best_on_other_half
from siamdoctor.trials.scoring import FORMS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from siamdoctor.answer_results import AugmentationReview, AugmentationTrial
    from siamdoctor.case import Case
    from siamdoctor.results import TransformDrift

TRUE_ACCURACY = 0.6  # the smallest accuracy that people care to tell from chance
TRIAL_SECONDS = 600.0  # that training with each augmentation may take where no budget was given
MATRIX_SAMPLES = 400
HALFWAY = 0.5  # to what is tolerated: what moves an image so far counts where several together are not stood
HEAD_SAMPLES = 120  # all pairs of these go through the head


def compare_metrics(case: Case) -> MetricComparison:
    """Every metric on raw, L2-normalised and centred embeddings, each with its own threshold.

    The best is chosen on one half of the pairs and compared on the other with the one in use, paired.

    Raises:
        Unavailable: the embeddings are not finite.
    """
    view, pairs = case.deployed, case.pairs
    if not np.isfinite(view.embeddings).all():
        raise Unavailable("the embeddings are not finite, so no metric means anything")
    distances = {
        metric if form == "raw" else f"{form} {metric}": view.metric_distance(metric, form)
        for metric in METRICS
        for form in FORMS
    }
    if case.rule.metric == "output":
        distances = {"output": view.distance, **distances}
    in_use = case.rule.metric
    options = {name: (d, cross_fitted(d, pairs.same, pairs.half)[0]) for name, d in distances.items()}
    decided, best, _ = best_on_other_half(options, case)
    scores = [
        MetricScore(
            metric=name,
            accuracy=accuracy_interval(options[name][1], case.dyads),
            auc=auc(distance, pairs.same),
            threshold=_shown_threshold(name, distance, case),
        )
        for name, distance in distances.items()
    ]
    return MetricComparison(
        metrics=tuple(sorted(scores, key=lambda s: -s.auc)),
        in_use=in_use,
        best=best,
        gain=paired_gain(view.tuned, decided, case.dyads),
    )


def _shown_threshold(name: str, distance: NDArray[np.floating], case: Case) -> float:
    """The mean of the two halves' thresholds, on the scale a user would compare with."""
    pairs = case.pairs
    low, high = cross_fitted(distance, pairs.same, pairs.half)[1]
    turned = "dot" in name or (name == "output" and not case.rule.near_is_low)
    return (low + high) / 2 * (-1 if turned else 1)


def tried_augmentation(
    case: Case, budget: float | None, resume: Path | None = None
) -> tuple[AugmentationTrial | None, tuple[str, ...]]:
    """Training with each set of transforms; None with a sentence where nothing could be trained.

    Args:
        case: model and data.
        budget: seconds; None for ten minutes.
        resume: journal of finished trainings, read if it exists and added to.
    """
    from siamdoctor.trials.retraining_augmentation import augmentation_trial, open_room  # noqa: PLC0415  (TensorFlow)
    from siamdoctor.trials.training import OutOfTime  # noqa: PLC0415  (the same)

    deadline = time.monotonic() + (TRIAL_SECONDS if budget is None else budget)
    try:
        return augmentation_trial(case, open_room(case, deadline, resume)), ()
    except OutOfTime:
        return None, ("nothing was trained: the budget ended before one training without augmentation was finished",)
    except Unavailable as gap:
        return None, (f"nothing was trained: {gap.reason}",)


def check_augmentation(case: Case) -> tuple[AugmentationCheck, tuple[str, ...]]:
    """What the embedding is invariant to, what the declared pipeline does, and the train/validation gap.

    Returns:
        The answer, and sentences about what could not be measured.
    """
    said: list[str] = []
    try:
        profile = drifts(case)
    except Unavailable as gap:
        profile, said = (), [f"no transform was applied: {gap.reason}"]
    declared: AugmentationReview | None = None
    try:
        declared = review(case)
    except Unavailable as gap:
        said.append(f"no pipeline was judged: {gap.reason}")
    train = validation = None
    trained = case
    try:
        train, validation = case.training.tuned_accuracy.value, case.tuned_accuracy.value
        trained = case.training
    except Unavailable as gap:
        said.append(f"no gap was measured: {gap.reason}")
    answer = AugmentationCheck(
        transforms=profile,
        declared=declared,
        gap_train=train,
        gap_validation=validation,
        missing=_missing(profile, alone=1.0),
        still=trained.tuned_accuracy if profile else None,
        together=perturbed_accuracy(trained) if profile else None,
    )
    if answer.falls and not answer.missing:
        answer = dataclasses.replace(answer, missing=_missing(profile, alone=HALFWAY) or tuple(ARTICLE))
    return answer, tuple(said)


def _missing(profile: tuple[TransformDrift, ...], *, alone: float) -> tuple[str, ...]:
    """Transforms that move an image by more than this share of what is tolerated; flips may change identities."""
    mild = (d for d in strongest(profile) if "flip" not in d.name)
    return tuple(d.name for d in mild if d.drift > alone * d.tolerance)


def chance_level(case: Case, accuracy: Accuracy) -> ChanceLevel:
    """Whether the accuracy as deployed, and the AUC behind it, can be told from chance.

    Args:
        case: the model and the data.
        accuracy: balanced accuracy as deployed.
    """
    half_width = (accuracy.high - accuracy.low) / 2
    effective = effective_pairs(accuracy.value, half_width, accuracy.pairs)
    return ChanceLevel(
        accuracy=accuracy,
        auc=_auc(case),
        p_value=_permutation_p_value(case),
        exact_p_value=exact_p_value(accuracy.value, accuracy.chance, effective),
        detectable=detectable_accuracy(effective),
        pairs_needed=pairs_needed(TRUE_ACCURACY, effective, accuracy.pairs),
        verdict="chance"
        if accuracy.high <= accuracy.chance + 0.05
        else "healthy"
        if accuracy.low > accuracy.chance
        else "inconclusive",
    )


def _auc(case: Case) -> Interval:
    return auc_interval(case.deployed.distance, case.dyads)


def _permutation_p_value(case: Case) -> float:
    """Permutation test of the score over identities, on all pairs of some hundred samples.

    Where identities are unknown, the labels of the user's pairs are permuted instead.
    """
    if not case.samples.identity_known:
        return label_permutation_test(case.deployed.distance, case.pairs.same, case.rng("permutation"))[1]
    identity = case.identity
    learned = case.rule.source == "output" and case.rule.metric == "output"
    count = HEAD_SAMPLES if learned else MATRIX_SAMPLES
    chosen = np.sort(case.rng("permutation samples").permutation(identity.size)[:count])
    _, labels = np.unique(identity[chosen], return_inverse=True)
    matrix = _score_matrix(case, chosen, learned=learned)
    return identity_permutation_test(matrix, labels, case.rng("permutation"))[1]


def _score_matrix(case: Case, chosen: NDArray[np.int64], *, learned: bool) -> NDArray[np.floating]:
    """The deployed score, as a distance, for every ordered pair of the chosen samples."""
    left, right = case.embeddings[chosen], case.deployed.right_embeddings[chosen]
    n = chosen.size
    first, second = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    if learned:
        output = case.twin.compare(left[first], right[second])
        return (output if case.rule.near_is_low else -output).reshape(n, n)
    metric = case.rule.metric
    if metric == "euclidean" and left is right:
        return distance_matrix(left)
    return np.stack([pair_distance(metric, np.broadcast_to(row, right.shape), right) for row in left])  # type: ignore[arg-type]
