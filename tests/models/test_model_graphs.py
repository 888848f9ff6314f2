"""Small graphs: what their head is, where all ways meet, and what a probe computes."""

from __future__ import annotations

import numpy as np
import pytest
from graph_pieces import graph, layer
from siamdoctor.models.graph import Tensor
from siamdoctor.models.heads import recognise
from siamdoctor.models.tracing import gates_of

SUBTRACT, SQUARE, ABSOLUTE = layer("Subtract"), layer("Square"), layer("Absolute")
SUM, SQRT = layer("Sum", axis=-1, keepdims=True), layer("Sqrt")
COSINE = layer("Dot", is_operation=False, axes=1, normalize=True)


@pytest.mark.parametrize(
    ("steps", "kind", "higher"),
    [
        ([(SUBTRACT, 0, 1), (SQUARE, 2), (SUM, 3), (SQRT, 4)], "euclidean", False),
        ([(SUBTRACT, 1, 0), (layer("Power"), 2, 2.0), (SUM, 3), (SQRT, 4)], "euclidean", False),
        ([(SUBTRACT, 0, 1), (layer("Multiply"), 2, 2), (SUM, 3)], "squared_euclidean", False),
        ([(SUBTRACT, 0, 1), (layer("Norm", axis=1), 2)], "euclidean", False),
        ([(SUBTRACT, 0, 1), (ABSOLUTE, 2), (SUM, 3)], "manhattan", False),
        ([(SUBTRACT, 0, 1), (ABSOLUTE, 2), (layer("Mean", axis=-1), 3)], "manhattan", False),
        ([(COSINE, [Tensor(0), Tensor(1)])], "cosine_similarity", True),
        ([(COSINE, [Tensor(0), Tensor(1)]), (layer("Negative"), 2)], "cosine_distance", False),
        ([(COSINE, [Tensor(0), Tensor(1)]), (layer("Sigmoid"), 2)], "cosine_similarity", True),
        ([(layer("Multiply"), 0, 1), (SUM, 2)], "dot", True),
        (
            [(SUBTRACT, 0, 1), (SQUARE, 2), (SUM, 3), (layer("Add"), 4, 1.0), (layer("Reciprocal"), 5)],
            "unknown",
            True,
        ),
        ([(layer("Maximum"), 0, 1), (SUM, 2)], "unknown", None),
        ([(SUBTRACT, 0, 1)], "unknown", None),
    ],
)
def test_head_is_named_by_what_it_answers(steps, kind, higher):
    found = recognise(graph(*steps), {}, unit_norm=False)
    assert (found.kind, found.higher_is_same) == (kind, higher)


def test_dot_of_unit_vectors_is_a_cosine():
    assert recognise(graph((layer("Multiply"), 0, 1), (SUM, 2)), {}, unit_norm=True).kind == "cosine_similarity"


def test_gates_are_where_all_ways_meet():
    """0 -> 2 -> (3, 4) -> 5 -> 6; the side branch from 2 to 6 makes 2 the last gate but one."""
    diamond = graph((SQUARE, 0), (SQUARE, 2), (SQRT, 2), (layer("Add"), 3, 4), (layer("Add"), 5, 2))
    assert gates_of(diamond, Tensor(0), frozenset({Tensor(6)})) == [Tensor(6), Tensor(2), Tensor(0)]
    assert gates_of(diamond, Tensor(0), frozenset({Tensor(3), Tensor(5)})) == [Tensor(2), Tensor(0)]


def test_probe_agrees_with_keras_on_every_operation():
    from siamdoctor.models.runtime import import_keras  # noqa: PLC0415  (after the environment is set)

    import_keras()
    from keras.src.ops import nn, numpy  # noqa: PLC0415  (after the environment is set)
    from siamdoctor.models.probe import BINARY, REDUCING, UNARY, follow  # noqa: PLC0415  (after the environment is set)

    rng = np.random.default_rng(0)
    left, right = rng.uniform(0.5, 2, (2, 4, 3)).astype(np.float32)
    for name in UNARY:
        made = getattr(numpy, name, None) or getattr(nn, name, None)
        if made is not None:
            got = follow(graph((layer(name), 0)), (left, right))[Tensor(2)]
            np.testing.assert_allclose(got, made()(left), rtol=1e-5, err_msg=name)
    for name in BINARY:
        got = follow(graph((layer(name), 0, 1)), (left, right))[Tensor(2)]
        np.testing.assert_allclose(got, getattr(numpy, name)()(left, right), rtol=1e-5, err_msg=name)
    for name in set(REDUCING) - {"Norm"}:
        got = follow(graph((layer(name, axis=-1, keepdims=True), 0)), (left, right))[Tensor(2)]
        wanted = getattr(numpy, name)(axis=-1, keepdims=True)(left)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, err_msg=name)
