"""Giving the head a name: what turns two embeddings into the output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siamdoctor.models.blueprint import HeadKind
from siamdoctor.models.graph import Graph
from siamdoctor.models.probe import Array, follow
from siamdoctor.models.weights import LayerVariables

PROBES, PROBE_SIZE = 64, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """kind: of the whole head. merge: how the two sides meet. higher_is_same: direction of the output."""

    kind: HeadKind
    merge: str | None
    higher_is_same: bool | None


def recognise(graph: Graph, variables: LayerVariables, *, unit_norm: bool) -> Recognised:
    """Name a head by what it answers to random embeddings.

    Args:
        graph: the head, with known operations standing in for Lambdas.
        variables: stored weights by layer.
        unit_norm: whether the encoder gives vectors of length 1, in which case a dot product is a cosine.
    """
    left, right = probes(PROBE_SIZE, unit_norm=unit_norm)
    values = follow(graph, (left, right))
    trained = [n for n, call in enumerate(graph.calls) if call.layer in variables]
    if trained:
        merged = [t for t in graph.calls[trained[0]].tensors() if t in values]
        merge = _name(values[merged[0]], left, right) if len(merged) == 1 else None
        return Recognised(kind="learned", merge=merge, higher_is_same=None)
    output = values.get(graph.outputs[0])
    if output is None:  # something unknown stands in between; say at least how the sides meet
        names = (_name(values[t], left, right) for t in sorted(values, key=lambda t: t.call, reverse=True))
        return Recognised(kind="unknown", merge=next((n for n in names if n), None), higher_is_same=None)
    return measure(output, left, right)


def probes(size: int, *, unit_norm: bool) -> tuple[Array, Array]:
    """Random embeddings for both sides; every fourth pair is close to one another."""
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, PROBES, size))
    right[::4] = left[::4] + 0.01 * rng.normal(size=right[::4].shape)
    if unit_norm:
        left = left / np.linalg.norm(left, axis=1, keepdims=True)
        right = right / np.linalg.norm(right, axis=1, keepdims=True)
    return left, right


def _distances(left: Array, right: Array) -> dict[str, Array]:
    """The known comparisons, one number per pair."""
    difference = left - right
    cosine = np.sum(left * right, axis=1) / (np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1))
    manhattan = np.sum(np.abs(difference), axis=1)
    return {
        "euclidean": np.linalg.norm(difference, axis=1),
        "squared_euclidean": np.sum(difference**2, axis=1),
        "manhattan": manhattan,
        "cosine_similarity": cosine,
        "cosine_distance": 1 - cosine,
        "exp_manhattan": np.exp(-manhattan),
        "dot": np.sum(left * right, axis=1),
    }


def _name(value: Array, left: Array, right: Array) -> str | None:
    """Which comparison an intermediate value is."""
    elementwise = {
        "absolute_difference": np.abs(left - right),
        "difference": left - right,
        "squared_difference": (left - right) ** 2,
        "product": left * right,
        "concatenate": np.concatenate([left, right], axis=1),
    }
    for name, known in elementwise.items():
        if value.shape == known.shape and np.allclose(value, known, atol=1e-3):
            return name
    if value.size == len(left):
        for name, known in _distances(left, right).items():
            if np.allclose(value.ravel(), known, atol=1e-3):
                return name
    return None


def measure(output: Array, left: Array, right: Array) -> Recognised:
    """Name the output of a head without weights: exactly, or else as something that rises or falls with it."""
    if output.size != len(left) or not np.all(np.isfinite(output)):
        return Recognised(kind="unknown", merge=_name(output, left, right), higher_is_same=None)
    flat = output.ravel()
    known = _distances(left, right)
    similar = ("cosine_similarity", "exp_manhattan", "dot")
    for name, reference in known.items():
        if np.allclose(flat, reference, atol=1e-3):
            return Recognised(kind=_kind(name), merge=name, higher_is_same=name in similar)
    for name in ("euclidean", "manhattan", "cosine_similarity", "dot"):
        order = _rank_correlation(flat, known[name])
        if abs(order) > 0.9999:  # noqa: PLR2004  (the same order, up to ties from rounding)
            rising = order > 0
            opposite = {"cosine_similarity": "cosine_distance", "manhattan": "exp_manhattan"}.get(name, "unknown")
            return Recognised(
                kind=_kind(name if rising else opposite),
                merge=name,
                higher_is_same=rising == (name in similar),
            )
    return Recognised(kind="unknown", merge=None, higher_is_same=None)


def _rank_correlation(one: Array, other: Array) -> float:
    """Spearman's correlation, 0 where one side is constant; scipy's would take a second to import."""
    first, second = (ranks - ranks.mean() for ranks in (_ranks(one), _ranks(other)))
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / length if length else 0.0


def _ranks(values: Array) -> Array:
    """Ranks from 1; what is tied shares the mean of its ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def _kind(name: str) -> HeadKind:
    """A comparison's name as the kind of a head; elementwise ones are no heads."""
    kinds: dict[str, HeadKind] = {
        "euclidean": "euclidean",
        "squared_euclidean": "squared_euclidean",
        "manhattan": "manhattan",
        "cosine_similarity": "cosine_similarity",
        "cosine_distance": "cosine_distance",
        "exp_manhattan": "exp_manhattan",
        "dot": "dot",
    }
    return kinds.get(name, "unknown")
