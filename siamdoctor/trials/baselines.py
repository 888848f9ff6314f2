"""What the data give away without this model's training: the yardsticks that an embedding has to beat.

Raw inputs compared as they are, the same encoder with fresh weights, and a linear discriminant on the
embeddings. They are functions and not trials: none of them is a remedy, so none may count as attainable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.errors import Unavailable
from siamdoctor.results import Interval, Measurement
from siamdoctor.stats.geometry import Metric, pair_distance
from siamdoctor.stats.resampling import accuracy_interval
from siamdoctor.stats.roc import auc, cross_fitted

if TYPE_CHECKING:
    from siamdoctor.case import Case

WIDEST = 64  # principal components that the discriminant sees; more than identities' samples could fill
WORD_BINS = 1024  # words that are told apart where texts are compared by the words they share
LONGEST = 65_536  # values of one input; beyond it comparing raw inputs takes longer than it tells
METRICS: tuple[Metric, ...] = ("euclidean", "cosine")
BEATEN_BY = 0.02  # an AUC has to lie this much above a yardstick to be better than it

SAME = 1e-6  # spread over size from which embeddings are one point in float32


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one yardstick reaches on the drawn pairs: AUC of "near = same", and accuracy cross-fitted."""

    name: str
    auc: float
    accuracy: Interval


_KEPT: WeakKeyDictionary[Case, dict[str, Baseline]] = WeakKeyDictionary()


def raw_inputs(case: Case) -> Baseline:
    """Inputs compared as they are, by Euclidean or cosine distance, whichever separates better; texts by their words.

    Taking the better of two favours the yardstick by far less than `BEATEN_BY`.
    """
    if "raw" not in _kept(case):
        flat = np.asarray(case.pixels, dtype=np.float32).reshape(len(case.pixels), -1)
        if case.samples.kind == "tokens":
            flat = _words_counted(flat)
        if flat.shape[1] > LONGEST:
            raise Unavailable(f"inputs of {flat.shape[1]} values are too long to compare as they are")
        both = [_measured(case, f"raw inputs, {metric}", flat, metric) for metric in METRICS]
        _kept(case)["raw"] = max(both, key=lambda b: b.auc)
    return _kept(case)["raw"]


def fresh_encoder(case: Case) -> Baseline:
    """The same encoder with weights fresh from its initialisers, by the better of the two metrics."""
    if "fresh" not in _kept(case):
        embeddings = case.untrained.embeddings
        both = [_measured(case, f"the encoder with fresh weights, {m}", embeddings, m) for m in METRICS]
        _kept(case)["fresh"] = max(both, key=lambda b: b.auc)
    return _kept(case)["fresh"]


def shrinkage(case: Case) -> float:
    """Median distance of different pairs over the same by the untrained network; 1 where that is zero."""
    now, before = (view.metric_distance("euclidean")[~case.pairs.same] for view in (case.deployed, case.untrained))
    usual = float(np.median(before))
    return float(np.median(now)) / usual if usual > 0 else 1.0


def _words_counted(tokens: FloatArray) -> FloatArray:
    """(n, 1024) how often each word occurs, 0 left out, numbers that are equal modulo 1024 taken for one word."""
    counts = np.zeros((len(tokens), WORD_BINS), dtype=np.float32)
    for column in tokens.T.astype(np.int64):
        counts[np.arange(len(tokens)), column % WORD_BINS] += column != 0
    return counts


def without_training(case: Case) -> float:
    """The AUC that takes no training: of raw inputs or of the encoder with fresh weights, whichever tells more."""
    try:
        return max(raw_inputs(case).auc, fresh_encoder(case).auc)
    except Unavailable:
        return fresh_encoder(case).auc


def own_embedding(case: Case) -> Baseline:
    """The model's embedding, measured in the same way as the yardsticks: the better of the two metrics."""
    if "own" not in _kept(case):
        both = [_measured(case, f"this model, {m}", case.embeddings, m) for m in METRICS]
        _kept(case)["own"] = max(both, key=lambda b: b.auc)
    return _kept(case)["own"]


def discriminant(case: Case) -> Baseline:
    """A linear discriminant on the embeddings, fitted on the samples of one half and scored on the other.

    Where halves are of identities, it is scored on identities that it has never seen. It says what a linear
    layer after the encoder could reach: far above the model's own distance, the embedding holds more than
    the distance shows.
    """
    if "discriminant" not in _kept(case):
        _kept(case)["discriminant"] = _discriminated(case)
    return _kept(case)["discriminant"]


def _kept(case: Case) -> dict[str, Baseline]:
    """What was computed for this case before."""
    return _KEPT.setdefault(case, {})


def _measured(case: Case, name: str, vectors: FloatArray, metric: Metric) -> Baseline:
    """A distance between vectors (n, d) of the samples, as every yardstick is measured."""
    if not np.isfinite(vectors).all():
        raise Unavailable(f"{name}: not finite")
    pairs = case.pairs
    distance = pair_distance(metric, vectors[pairs.left], vectors[pairs.right])
    return _of_distance(case, name, distance)


def _of_distance(case: Case, name: str, distance: NDArray[np.floating]) -> Baseline:
    pairs = case.pairs
    decided, _ = cross_fitted(distance, pairs.same, pairs.half)
    return Baseline(name=name, auc=auc(distance, pairs.same), accuracy=accuracy_interval(decided, case.dyads))


def _discriminated(case: Case) -> Baseline:
    """Each half's distances in the space that the other half's discriminant spans."""
    if not np.isfinite(case.embeddings).all():
        raise Unavailable("embeddings are not finite")
    pairs = case.pairs
    distance = np.empty(pairs.same.size)
    for half in (0, 1):
        fitted, scored = pairs.half == half, pairs.half != half
        seen = np.unique(np.concatenate([pairs.left[fitted], pairs.right[fitted]]))
        space = _projection(case.embeddings, case.identity, seen)
        distance[scored] = pair_distance("euclidean", space[pairs.left[scored]], space[pairs.right[scored]])
    return _of_distance(case, "a linear discriminant on the embeddings", distance)


def _projection(embeddings: FloatArray, identity: IndexArray, seen: IndexArray) -> FloatArray:
    """All embeddings (n, k) in the discriminant space fitted on the samples `seen`, shrunk by Ledoit and Wolf."""
    names, counts = np.unique(identity[seen], return_counts=True)
    repeated = seen[np.isin(identity[seen], names[counts > 1])]
    if np.unique(identity[repeated]).size < 2:  # noqa: PLR2004  (a discriminant parts two identities or more)
        raise Unavailable("too few identities have two samples for a discriminant")
    points = embeddings.astype(np.float64)
    spread, size = float(points[repeated].std(0).max()), float(np.abs(points).max())
    if spread <= SAME * size:
        raise Unavailable("all embeddings are the same, so a discriminant has nothing to part")
    points = (points - points[repeated].mean(0)) / spread
    width = min(WIDEST, points.shape[1], repeated.size - 1)
    reduced = PCA(n_components=width, random_state=0).fit(points[repeated]).transform(points)
    try:
        fitted = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(reduced[repeated], identity[repeated])
    except np.linalg.LinAlgError as error:
        raise Unavailable("the embeddings leave a discriminant no direction of its own") from error
    return np.asarray(fitted.transform(reduced), dtype=np.float32)


def learned_nothing(case: Case) -> bool:
    """Whether the model's embedding separates these pairs no better than the raw inputs do."""
    return own_embedding(case).auc < raw_inputs(case).auc + BEATEN_BY


def rows(case: Case) -> tuple[Measurement, ...]:
    """The yardsticks that can be measured, as lines of evidence."""
    found = []
    for measure, expected in (
        (own_embedding, "above the lines below"),
        (raw_inputs, "below the model"),
        (fresh_encoder, "below the model"),
    ):
        try:
            baseline = measure(case)
        except Unavailable:
            continue
        found.append(Measurement(name=f"AUC of {baseline.name}", value=baseline.auc, expected=expected))
    return tuple(found)
