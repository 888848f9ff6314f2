"""What files found in public repositories taught of lambdas that only call a function, known by its name."""

from __future__ import annotations

import base64
import marshal

import pytest
from siamdoctor.models.clues import Guess, guess
from siamdoctor.models.graph import Layer

HANDED_ON = {
    "lambda x: exponent_neg_manhattan_distance(x[0], x[1])": "exp_manhattan",
    "lambda x: self.exponent_neg_manhattan_distance(x[0], x[1])": "exp_manhattan",
    "lambda sides: euclidean_distance(sides)": "euclidean",
    "lambda x: cosine_distance(x[0], x[1])": "cosine_distance",
    "lambda x: 1 / (1 + euclidean_distance(x))": None,
    "lambda x: triplet_loss(x)": None,
    "lambda x: cosine(x[0], x[1]) if euclidean(x) else None": None,
}


@pytest.mark.parametrize("source", HANDED_ON)
def test_lambda_that_hands_its_sides_on_is_recognised_by_the_name(source):
    code = base64.b64encode(marshal.dumps(eval(source, {}).__code__)).decode()  # noqa: S307  (a literal of this file)
    function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
    layer = Layer(
        name="head",
        class_name="Lambda",
        module="keras.layers",
        registered_name=None,
        config={"function": function},
        path=("head",),
        slots=("lambda",),
        is_operation=False,
    )
    assert guess(layer, scalar=True) == (Guess(HANDED_ON[source], "function name") if HANDED_ON[source] else None)
