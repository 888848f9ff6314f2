"""How well a patient tells pairs apart in the way its user deploys it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.faults.pairing import draw_training_pairs
from siamdoctor.faults.recipe import PairPlan, Recipe, Scaling
from siamdoctor.faults.training import scaled
from siamdoctor.models.runtime import silenced

if TYPE_CHECKING:
    from siamdoctor.faults.datasets import Split
    from siamdoctor.faults.networks import Network

PAIRS = 2000
SIMILARITY_HEADS = frozenset({"cosine-similarity", "exp-manhattan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """threshold: as deployed. accuracy: balanced, as deployed. best: with the best threshold in hindsight."""

    threshold: float
    accuracy: float
    best: float


def judge(network: Network, validation: Split, recipe: Recipe) -> Judgement:
    """Choose the threshold as the user does, then score fresh pairs as the user does."""
    use = recipe.deployment
    pairs = PAIRS if use.batch > 1 else PAIRS // 5
    own = Scaling(scale=1.0 if use.rescale is None else use.rescale)
    threshold = use.threshold
    if threshold is None and use.metric is None and recipe.head.output is not None:
        threshold = 0.5
    if threshold is None:
        score, same = _scores(network, validation, recipe, use.trained_on, count=pairs, stream=3, batch=512)
        threshold = _rounded(_best_threshold(score, same)[0])
    score, same = _scores(network, validation, recipe, own, count=pairs, stream=4, batch=use.batch)
    high = score_is_similarity(recipe) if use.high_is_same is None else use.high_is_same
    said = score > threshold if high else score < threshold
    accuracy = (np.mean(said[same]) + np.mean(~said[~same])) / 2
    return Judgement(threshold=threshold, accuracy=float(accuracy), best=_best_threshold(score, same)[1])


def score_is_similarity(recipe: Recipe) -> bool:
    """Whether a high score is meant to say "same"."""
    if recipe.deployment.metric is not None:
        return recipe.deployment.metric == "dot"
    if recipe.head.output is not None:
        return recipe.pairs.same_label == 1
    return recipe.head.name in SIMILARITY_HEADS


def _scores(
    network: Network, split: Split, recipe: Recipe, scaling: Scaling, *, count: int, stream: int, batch: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(p,) scores of balanced pairs, and whether each is of one identity."""
    pairs = draw_training_pairs(split.identity, PairPlan(count=count), np.random.default_rng([recipe.seed, stream]))
    x = scaled(split.x, scaling.scale, scaling.offset)
    with silenced():
        if recipe.deployment.metric is None:
            score = network.model.predict([x[pairs.left], x[pairs.right]], batch_size=batch, verbose=0)[:, -1]
        else:
            embedding = network.encoders[0].predict(x, batch_size=batch, verbose=0)
            score = _metric(recipe.deployment.metric, embedding[pairs.left], embedding[pairs.right])
    return score.astype(np.float64), pairs.same


def _metric(name: str, left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """(p,) distance, or similarity for the dot product."""
    if name == "dot":
        return np.asarray((left * right).sum(axis=1))
    if name == "cosine":
        norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
        return np.asarray(1 - (left * right).sum(axis=1) / np.maximum(norms, 1e-7))
    difference = left - right
    if name == "manhattan":
        return np.asarray(np.abs(difference).sum(axis=1))
    squared = np.asarray((difference**2).sum(axis=1))
    return squared if name == "squared_euclidean" else np.sqrt(squared)


def _best_threshold(score: NDArray[np.float64], same: NDArray[np.bool_]) -> tuple[float, float]:
    """The cut with the best balanced accuracy in either direction, and that accuracy."""
    if not np.isfinite(score).all() or np.ptp(score) == 0:
        return 0.5, 0.5
    cuts = np.unique(np.quantile(score, np.linspace(0, 1, 201)))
    below = np.array([[np.mean(score[same] < c), np.mean(score[~same] < c)] for c in cuts])
    gain = np.abs(below[:, 0] - below[:, 1])
    best = int(np.argmax(gain))
    return float(cuts[best]), float(0.5 + gain[best] / 2)


def _rounded(threshold: float) -> float:
    """Three significant digits, as a person writes it down."""
    return float(f"{threshold:.3g}")
