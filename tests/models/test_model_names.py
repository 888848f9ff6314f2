"""Names of layers, classes and weights, as Keras makes them and as files bring them."""

from __future__ import annotations

import pytest
from siamdoctor.models.config import short_name
from siamdoctor.models.functional import slots_of, snake_case
from siamdoctor.models.weight_index import align


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


def test_names_lose_their_package():
    assert short_name("Custom>Adam") == "Adam"
    assert short_name({"class_name": "function", "config": "loss", "registered_name": "x>loss"}) == "loss"
    assert short_name(None) is None
