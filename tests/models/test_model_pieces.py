"""The reader's parts on small inputs of their own."""

from __future__ import annotations

import base64
import marshal
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siamdoctor.models.bytecode import mentions
from siamdoctor.models.clues import guess
from siamdoctor.models.compiled import read_compiled
from siamdoctor.models.config import depth, short_name
from siamdoctor.models.functional import slots_of, snake_case
from siamdoctor.models.graph import Call, Graph, Layer, Tensor
from siamdoctor.models.heads import recognise
from siamdoctor.models.legacy import modern_config, modern_operation
from siamdoctor.models.protobuf import Malformed, fields, read_varint
from siamdoctor.models.rebuild import seeded
from siamdoctor.models.tracing import gates_of
from siamdoctor.models.weight_index import align


def layer(class_name, name="layer", **config):
    is_operation = config.pop("is_operation", True)
    return Layer(
        name=name,
        class_name=class_name,
        module="keras.src.ops.numpy" if is_operation else "keras.layers",
        registered_name=None,
        config={"name": name, **config},
        path=(name,),
        slots=("",),
        is_operation=is_operation,
    )


def graph(*steps):
    """A head of two inputs; each step is a layer and what it is called with, 0 and 1 being the inputs."""
    layers = {f"in{n}": layer("InputLayer", f"in{n}") for n in (0, 1)}
    calls = [Call(layer="in0"), Call(layer="in1")]
    for number, (made, *args) in enumerate(steps):
        named = f"step{number}"
        layers[named] = replace(made, name=named, path=(named,))
        calls.append(Call(layer=named, args=tuple(Tensor(a) if isinstance(a, int) else a for a in args)))
    return Graph(
        layers=layers,
        calls=tuple(calls),
        inputs=(Tensor(0), Tensor(1)),
        outputs=(Tensor(len(calls) - 1),),
        shapes={},
    )


def packed(code):
    return base64.b64encode(code).decode()


def lambda_layer(code):
    function = {"class_name": "__lambda__", "config": {"code": packed(code)}}
    return layer("Lambda", is_operation=False, function=function)


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
# What CPython 3.6 to 3.13 made of `lambda t: t[0] - t[1]`, `lambda t: K.sum((t[0] - t[1]) ** 2, 1)` and
# `lambda t: 1 - t`.
OTHER_PYTHONS: dict[str, list[str]] = {
    "3.6": [
        (
            "4wEAAAAAAAAAAQAAAAMAAABDAAAAcxAAAAB8AGQBGQB8AGQCGQAYAFMAKQNO6QAAAADpAQAAAKkAKQHaAXRyAwAAAHIDAAAA2gF4"
            "2gg8bGFtYmRhPgEAAABzAAAAAA=="
        ),
        (
            "4wEAAAAAAAAAAQAAAAQAAABDAAAAcxwAAAB0AGoBfABkARkAfABkAhkAGABkAxMAZAKDAlMAKQRO6QAAAADpAQAAAOkCAAAAKQLa"
            "AUvaA3N1bSkB2gF0qQByBwAAANoBeNoIPGxhbWJkYT4BAAAAcwAAAAA="
        ),
        (
            "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAABkAXwAGABTACkCTukBAAAAqQApAdoBdHICAAAAcgIAAADaAXjaCDxsYW1iZGE+AQAA"
            "AHMAAAAA"
        ),
    ],
    "3.7": [
        (
            "4wEAAAAAAAAAAQAAAAMAAABDAAAAcxAAAAB8AGQBGQB8AGQCGQAYAFMAKQNO6QAAAADpAQAAAKkAKQHaAXRyAwAAAHIDAAAA2gF4"
            "2gg8bGFtYmRhPgEAAADzAAAAAA=="
        ),
        (
            "4wEAAAAAAAAAAQAAAAUAAABDAAAAcxwAAAB0AKABfABkARkAfABkAhkAGABkAxMAZAKhAlMAKQRO6QAAAADpAQAAAOkCAAAAKQLa"
            "AUvaA3N1bSkB2gF0qQByBwAAANoBeNoIPGxhbWJkYT4BAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwgAAABkAXwAGABTACkCTukBAAAAqQApAdoBdHICAAAAcgIAAADaAXjaCDxsYW1iZGE+AQAA"
            "APMAAAAA"
        ),
    ],
    "3.8": [
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMQAAAAfABkARkAfABkAhkAGABTACkDTukAAAAA6QEAAACpACkB2gF0cgMAAAByAwAA"
            "ANoBeNoIPGxhbWJkYT4BAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAAFAAAAQwAAAHMcAAAAdACgAXwAZAEZAHwAZAIZABgAZAMTAGQCoQJTACkETukAAAAA6QEAAADpAgAA"
            "ACkC2gFL2gNzdW0pAdoBdKkAcgcAAADaAXjaCDxsYW1iZGE+AQAAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAZAF8ABgAUwApAk7pAQAAAKkAKQHaAXRyAgAAAHICAAAA2gF42gg8bGFtYmRh"
            "PgEAAADzAAAAAA=="
        ),
    ],
    "3.9": [
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMQAAAAfABkARkAfABkAhkAGABTACkDTukAAAAA6QEAAACpACkB2gF0cgMAAAByAwAA"
            "ANoBeNoIPGxhbWJkYT4BAAAA8wAAAAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAAFAAAAQwAAAHMcAAAAdACgAXwAZAEZAHwAZAIZABgAZAMTAGQCoQJTACkETukAAAAA6QEAAADpAgAA"
            "ACkC2gFL2gNzdW0pAdoBdKkAcgcAAADaAXjaCDxsYW1iZGE+AQAAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAZAF8ABgAUwApAk7pAQAAAKkAKQHaAXRyAgAAAHICAAAA2gF42gg8bGFtYmRh"
            "PgEAAADzAAAAAA=="
        ),
    ],
    "3.10": [
        (
            "4wEAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMQAAAAfABkARkAfABkAhkAGABTACkDTukAAAAA6QEAAACpACkB2gF0cgMAAAByAwAA"
            "ANoBeNoIPGxhbWJkYT4BAAAAcwIAAAAQAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAAFAAAAQwAAAHMcAAAAdACgAXwAZAEZAHwAZAIZABgAZAMTAGQCoQJTACkETukAAAAA6QEAAADpAgAA"
            "ACkC2gFL2gNzdW0pAdoBdKkAcgcAAADaAXjaCDxsYW1iZGE+AQAAAHMCAAAAHAA="
        ),
        (
            "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAZAF8ABgAUwApAk7pAQAAAKkAKQHaAXRyAgAAAHICAAAA2gF42gg8bGFtYmRh"
            "PgEAAABzAgAAAAgA"
        ),
    ],
    "3.11": [
        (
            "4wEAAAAAAAAAAAAAAAMAAAADAAAA8yQAAACXAHwAZAEZAAAAAAAAAAAAfABkAhkAAAAAAAAAAAB6CgAAUwApA07pAAAAAOkBAAAA"
            "qQApAdoBdHMBAAAAINoBePoIPGxhbWJkYT5yBwAAAAEAAABzEgAAAIAAiCGIQYwkkBGQMZQUiSuAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAUAAAADAAAA81wAAACXAHQAAAAAAAAAAAAAAKABAAAAAAAAAAAAAAAAAAAAAAAAAAB8AGQBGQAAAAAAAAAA"
            "AHwAZAIZAAAAAAAAAAAAegoAAGQDeggAAGQCpgIAAKsCAAAAAAAAAABTACkETukAAAAA6QEAAADpAgAAACkC2gFL2gNzdW0pAdoB"
            "dHMBAAAAINoBePoIPGxhbWJkYT5yCQAAAAEAAABzJQAAAIAAjSGPJYolkBGQMZQUmAGYIZwEkRugEdEQIqBB0Qom1AomgADzAAAA"
            "AA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAGQBfAB6CgAAUwApAk7pAQAAAKkAKQHaAXRzAQAAACDaAXj6CDxsYW1iZGE+cgYA"
            "AAABAAAAcwoAAACAAIghiGGJJYAA8wAAAAA="
        ),
    ],
    "3.12": [
        (
            "4wEAAAAAAAAAAAAAAAMAAAADAAAA8xgAAACXAHwAZAEZAAAAfABkAhkAAAB6CgAAUwApA07pAAAAAOkBAAAAqQApAdoBdHMBAAAA"
            "INoBePoIPGxhbWJkYT5yBwAAAAEAAABzEgAAAIAAiCGIQYkkkBGQMZEUiSuAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAUAAAADAAAA80YAAACXAHQAAAAAAAAAAABqAwAAAAAAAAAAAAAAAAAAAAAAAHwAZAEZAAAAfABkAhkAAAB6"
            "CgAAZAN6CAAAZAKrAgAAAAAAAFMAKQRO6QAAAADpAQAAAOkCAAAAKQLaAUvaA3N1bSkB2gF0cwEAAAAg2gF4+gg8bGFtYmRhPnIJ"
            "AAAAAQAAAHMiAAAAgACMIY8liSWQEZAxkRSYAZghmQSRG6AR0RAioEHTCiaAAPMAAAAA"
        ),
        (
            "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACXAGQBfAB6CgAAUwApAk7pAQAAAKkAKQHaAXRzAQAAACDaAXj6CDxsYW1iZGE+cgYA"
            "AAABAAAAcwoAAACAAIghiGGJJYAA8wAAAAA="
        ),
    ],
    "3.13": [
        (
            "4wEAAAAAAAAAAAAAAAMAAAADAAAA8xgAAACVAFUAUwEFAAAAVQBTAgUAAAAtCgAAJAApA07pAAAAAOkBAAAAqQApAdoBdHMBAAAA"
            "INoBeNoIPGxhbWJkYT5yBwAAAAEAAABzEAAAAIAAiCGIQYkkkBGQMZEUiivzAAAAAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAUAAAADAAAA80YAAACVAFsAAAAAAAAAAABSAwAAAAAAAAAAAAAAAAAAAAAAAFUAUwEFAAAAVQBTAgUAAAAt"
            "CgAAUwMtCAAAUwI1AgAAAAAAACQAKQRO6QAAAADpAQAAAOkCAAAAKQLaAUvaA3N1bSkB2gF0cwEAAAAg2gF42gg8bGFtYmRhPnIJ"
            "AAAAAQAAAHMgAAAAgACMIY8liSWQEZAxkRSYAZghmQSRG6AR0RAioEHUCibzAAAAAA=="
        ),
        (
            "4wEAAAAAAAAAAAAAAAIAAAADAAAA8wwAAACVAFMBVQAtCgAAJAApAk7pAQAAAKkAKQHaAXRzAQAAACDaAXjaCDxsYW1iZGE+cgYA"
            "AAABAAAAcwgAAACAAIghiGGKJfMAAAAA"
        ),
    ],
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


@pytest.mark.parametrize(
    ("wanted", "stored", "found"),
    [
        (["a", "b"], ["b", "a"], {"a": "a", "b": "b"}),
        (["dense", "dense_1"], ["dense_8", "dense_7"], {"dense": "dense_7", "dense_1": "dense_8"}),
        (["conv", "dense"], ["conv_3", "dense_5"], {"conv": "conv_3", "dense": "dense_5"}),
        (["functional", "dense"], ["model_1", "dense_2"], {"functional": "model_1", "dense": "dense_2"}),
        (["a", "b"], ["x"], {}),
    ],
)
def test_names_are_aligned(wanted, stored, found):
    assert align(wanted, stored) == found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("BatchNormalization", "batch_normalization"),
        ("Conv2D", "conv2d"),
        ("ReLU", "re_lu"),
        ("L2", "l2"),
        ("MultiHeadAttention", "multi_head_attention"),
        ("LSTM", "lstm"),
        ("PReLU", "p_re_lu"),
    ],
)
def test_snake_case_is_that_of_keras(name, wanted):
    from siamdoctor.models.runtime import import_keras  # noqa: PLC0415  (after the environment is set)

    import_keras()
    from keras.src.utils.naming import to_snake_case  # noqa: PLC0415  (after the environment is set)

    assert snake_case(name) == wanted == to_snake_case(name)


def test_operations_take_no_number_among_layers():
    entries = [
        {"class_name": "Dense", "module": "keras.layers", "config": {"name": "a", "dtype": "float32"}},
        {"class_name": "Subtract", "module": "keras.src.ops.numpy", "config": {"name": "s"}},
        {"class_name": "Subtract", "module": "keras.layers", "config": {"name": "t", "trainable": True}},
        {"class_name": "Dense", "module": "keras.layers", "config": {"name": "b", "dtype": "float32"}},
    ]
    assert slots_of(entries, skip_inputs=False) == {"a": "dense", "t": "subtract", "b": "dense_1"}


def test_settings_of_keras_2_are_translated():
    old = {"name": "x", "batch_input_shape": [None, 7], "time_major": False, "implementation": 2, "units": 3}
    assert modern_config("LSTM", old) == {"name": "x", "units": 3}
    assert modern_config("BatchNormalization", {"axis": [3]})["axis"] == 3
    assert modern_config("LeakyReLU", {"alpha": 0.2}) == {"negative_slope": 0.2}
    assert modern_config("SpatialDropout1D", {"rate": 0.2, "trainable": True, "noise_shape": None}) == {"rate": 0.2}
    assert modern_config("Conv2DTranspose", {"groups": 1, "filters": 4}) == {"filters": 4}
    assert modern_config("RandomFlip", {"mode": "horizontal", "rng_type": "stateful"}) == {"mode": "horizontal"}
    assert modern_config("MultiHeadAttention", {"num_heads": 2, "query_shape": None}) == {"num_heads": 2}
    assert modern_config("GRU", {"units": 3})["reset_after"] is False
    kept = modern_config("DepthwiseConv2D", {"groups": 1, "filters": 4, "depth_multiplier": 1})
    assert kept == {"depth_multiplier": 1}
    inner = modern_config("Dense", {"kernel_initializer": {"class_name": "Zeros", "config": {}}})
    assert inner["kernel_initializer"]["module"] == "keras.initializers"


def test_tensorflow_calls_are_translated():
    found = modern_operation("n", {"function": "math.reduce_sum"}, [Tensor(1)], {"axis": [1], "keepdims": True})
    assert found is not None
    assert (found.class_name, found.config["axis"], found.config["keepdims"]) == ("Sum", [1], True)
    assert modern_operation("n", {"function": "io.read_file"}, [Tensor(1)], {}) is None


@pytest.mark.parametrize(
    ("function", "kwargs", "class_name", "settings"),
    [
        ("cast", {"dtype": "float32"}, "Cast", {"dtype": "float32"}),
        ("transpose", {"perm": [0, 2, 1]}, "Transpose", {"axes": [0, 2, 1]}),
        ("clip_by_value", {"clip_value_min": 0.0, "clip_value_max": 1.0}, "Clip", {"x_min": 0.0, "x_max": 1.0}),
        ("nn.softmax", {"axis": -1}, "Softmax", {"axis": -1}),
    ],
)
def test_tensorflow_calls_with_settings_become_operations_that_keras_makes(function, kwargs, class_name, settings):
    found = modern_operation("n", {"function": function}, [Tensor(1)], kwargs)
    assert found is not None
    assert (found.class_name, found.config, found.args) == (class_name, {"name": "n", **settings}, (Tensor(1),))
    from siamdoctor.models.runtime import import_keras  # noqa: PLC0415  (after the environment is set)

    import_keras()
    import keras  # noqa: PLC0415  (after the environment is set)

    made = {"module": found.module, "class_name": class_name, "config": found.config, "registered_name": class_name}
    assert keras.saving.deserialize_keras_object(made).name == "n"


def test_learning_rate_of_a_schedule_is_its_first():
    schedule = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.5}}
    saved = {"optimizer": {"class_name": "Adam", "config": {"learning_rate": schedule}}, "loss": [None, "mse"]}
    found = read_compiled(saved)
    assert (found.optimizer, found.learning_rate, found.loss) == ("Adam", 0.5, "mse")


def test_names_lose_their_package():
    assert short_name("Custom>Adam") == "Adam"
    assert short_name({"class_name": "function", "config": "loss", "registered_name": "x>loss"}) == "loss"
    assert short_name(None) is None


def test_depth_is_bounded():
    value: list = []
    for _ in range(5000):
        value = [value]
    assert depth(value) == 201
    assert depth({"a": [1]}) == 3


def test_seeds_differ_within_a_model_and_repeat_with_the_seed():
    config = [{"config": {"seed": None}}, {"config": {"seed": 3}}, {"seed": {"class_name": "SeedGenerator"}}]
    one, again, other = seeded(config, 1), seeded(config, 1), seeded(config, 2)
    assert one == again != other
    assert one[0]["config"]["seed"] != one[1]["config"]["seed"]
    assert one[2] == config[2]


@given(st.integers(0, 2**63))
def test_varints_are_read_as_written(number):
    written, rest = bytearray(), number
    while rest >= 0x80:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    assert read_varint(bytes(written), 0) == (number, len(written))


@given(st.binary(max_size=60))
def test_any_bytes_are_fields_or_malformed(data):
    try:
        found = list(fields(data))
    except Malformed:
        return
    assert all(isinstance(value, int | bytes) for _, value in found)


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
