"""What a lambda or a class of the user's own does, by the names in its code or its own name."""

from __future__ import annotations

import base64
import marshal
import struct
import sys

import pytest
from bytecode_of_pythons import OTHER_PYTHONS
from graph_pieces import lambda_layer, layer, packed
from hypothesis import given, settings
from hypothesis import strategies as st
from siamdoctor.models.bytecode import mentions
from siamdoctor.models.clues import guess

# Sources as in public code, with what a reader should take them for.
LAMBDAS = {
    "lambda t: K.abs(t[0] - t[1])": "absolute_difference",
    "lambda t: abs(t[0] - t[1])": "absolute_difference",
    "lambda t: K.sqrt(K.sum(K.square(t[0] - t[1]), axis=1, keepdims=True))": "euclidean",
    "lambda t: tf.math.sqrt(tf.maximum(tf.reduce_sum(tf.pow(t[0] - t[1], 2), 1), 1e-7))": "euclidean",
    "lambda t: tf.norm(t[0] - t[1], axis=1)": "euclidean",
    "lambda t: K.sum(K.square(t[0] - t[1]), axis=-1)": "squared_euclidean",
    "lambda t: K.square(t[0] - t[1])": "squared_difference",
    "lambda t: K.sum(K.abs(t[0] - t[1]), axis=1)": "manhattan",
    "lambda t: K.mean(K.abs(t[0] - t[1]), axis=1)": "mean_absolute",
    "lambda t: K.exp(-K.sum(K.abs(t[0] - t[1]), axis=1, keepdims=True))": "exp_manhattan",
    "lambda t: K.sum(K.l2_normalize(t[0], 1) * K.l2_normalize(t[1], 1), 1)": "cosine_similarity",
    "lambda t: K.batch_dot(t[0], t[1], axes=1)": "dot",
    "lambda t: K.l2_normalize(t, axis=1)": "l2_normalize",
    "lambda t: K.sum(t[0] * t[1], 1) / (tf.norm(t[0], axis=1) * tf.norm(t[1], axis=1))": "cosine_similarity",
    "lambda t: t[0] ** 2 - t[1]": None,
    "lambda t: (t[0] - t[1]) ** 3": None,
    "lambda t: K.abs(t[0] - t[1]) * 3": None,
    "lambda t: K.sqrt(K.sum((t[0] - t[1]) ** 2, 1) + 1e-9)": "euclidean",
    "lambda t: t / tf.norm(t, axis=1, keepdims=True)": "l2_normalize",
    "lambda t: K.sum(t[0] * t[1], axis=1)": "dot",
    "lambda t: -K.sum(t[0] * t[1], axis=1)": None,
    "lambda t: t[0] - t[1]": "difference",
    "lambda t: t[0] * t[1]": "product",
    "lambda t: (t[0] - t[1]) ** 2": "squared_difference",
    "lambda t: K.sum((t[0] - t[1]) ** 2, 1)": "squared_euclidean",
    "lambda t: 1 - t": "one_minus",
    "lambda t: -t": "negative",
    "lambda t: t / 255.0": "rescale:1/255.0",
    "lambda t: t * 0.5": "rescale:0.5",
    "lambda t: t - 1": None,
    "lambda t: t / 127.5 - 1": None,
    "lambda t: t[0] + t[1]": None,
    "lambda t: t": None,
}


@pytest.mark.parametrize("source", LAMBDAS)
def test_lambda_is_recognised_by_the_names_it_calls(source):
    code = marshal.dumps(eval(source, {}).__code__)  # noqa: S307  (a literal of this file)
    found = guess(lambda_layer(code), scalar=None)
    assert (found and found.kind) == LAMBDAS[source]
    assert found is None or found.by == "bytecode names"


@pytest.mark.parametrize("version", OTHER_PYTHONS)
def test_code_of_every_python_is_understood(version):
    kinds = []
    for text in OTHER_PYTHONS[version]:
        found = guess(lambda_layer(base64.b64decode(text)), scalar=None)
        kinds.append(found and found.kind)
    assert kinds == ["difference", "squared_euclidean", "one_minus"]


@pytest.mark.parametrize("version", OTHER_PYTHONS)
def test_which_sides_code_reads_is_known_up_to_python_3_12(version):
    sides = (0, 1) if version != "3.13" else ()
    assert [mentions(text).subscripts for text in OTHER_PYTHONS[version]] == [sides, sides, ()]


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("lambda t: t[0] - t[0]", (0, 0)),
        ("lambda t: abs(t[1] - t[1])", (1, 1)),
        ("lambda t: t[1] - t[0]", (1, 0)),
        ("lambda t: t[0] - t", ()),
        ("lambda t: t[0] - t[-1]", (0, -1)),
        ("lambda t, s=2: t[0] * s - t[0]", (0, 0)),
        ("lambda t: sum(t)", ()),
    ],
)
def test_code_that_does_anything_else_with_its_argument_reads_no_one_side(source, read):
    code = marshal.dumps(eval(source).__code__)  # noqa: S307  (the sources above)
    assert mentions(packed(code)).subscripts == (read if sys.version_info < (3, 13) else ())


@pytest.mark.parametrize("kind", [b"z", b"Z", b"\xfa", b"\xda"])
def test_names_are_found_in_short_strings_of_every_python(kind):
    assert mentions(packed(b"\xe3\x01" + kind + b"\x0asquare_sum" + b"N")).names == {"square_sum"}


@pytest.mark.parametrize("kind", [b"a", b"A", b"u", b"t", b"\xe1", b"\xf5", b"\xf4"])
def test_names_are_found_in_long_strings_of_every_python(kind):
    code = b"\xe3\x01" + kind + struct.pack("<I", 3) + b"abs" + b"N"
    assert "abs" in mentions(packed(code)).names


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_may_pose_as_code(code):
    found = mentions(packed(code))
    assert all(isinstance(name, str) for name in found.names)
    assert guess(lambda_layer(code), scalar=None) is None or found.names or found.operators


@pytest.mark.parametrize(
    ("class_name", "scalar", "kind"),
    [
        ("L1Dist", False, "absolute_difference"),
        ("L1Dist", True, "manhattan"),
        ("EuclideanDistance", True, "euclidean"),
        ("EuclideanDistanceLayer", None, "euclidean"),
        ("SquaredEuclidean", True, "squared_euclidean"),
        ("CosineSimilarity", True, "cosine_similarity"),
        ("CosineDistance", None, "cosine_distance"),
        ("ManhattanDistance", True, "manhattan"),
        ("AbsDiff", None, "absolute_difference"),
        ("DistanceLayer", True, "euclidean"),
        ("DistanceLayer", None, None),
        ("L2Normalize", None, "l2_normalize"),
        ("Attention", None, None),
    ],
)
def test_class_is_recognised_by_its_name(class_name, scalar, kind):
    found = guess(layer(class_name, is_operation=False), scalar=scalar)
    assert (found and found.kind) == kind
