"""Settings and calls of Keras 2, translated for today's Keras."""

from __future__ import annotations

import pytest
from siamdoctor.models.compiled import read_compiled
from siamdoctor.models.graph import Tensor
from siamdoctor.models.legacy import modern_config, modern_operation


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


@pytest.mark.parametrize(
    ("wrapped", "name"), [("accuracy", "accuracy (custom function)"), ("binary_accuracy", "accuracy")]
)
def test_accuracy_of_the_users_own_is_told_from_keras_in_a_file_of_keras_2(wrapped, name):
    metric = {"class_name": "MeanMetricWrapper", "config": {"name": "accuracy", "dtype": "float32", "fn": wrapped}}
    assert read_compiled({"loss": "contrastive_loss", "metrics": [[metric]]}).metrics == (name,)
