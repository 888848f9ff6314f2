"""Files of Keras 2: layer settings that Keras 3 no longer takes, and TensorFlow calls kept as layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.config import mapping, sequence, text
from siamdoctor.models.graph import Argument, is_operation
from siamdoctor.models.known_classes import INNER, LAYERS, MODELS, OPERATIONS
from siamdoctor.results import Json

# Settings that were dropped; none of them changes what a trained layer computes.
DROPPED = frozenset(
    {"batch_input_shape", "time_major", "implementation", "input_length", "experimental_autocast", "fused"}
    | {"virtual_batch_size", "adjustment", "input_dtype", "batch_size", "optional"}
)
# And those that only layers of some names have lost.
DROPPED_BY_NAME: dict[str, frozenset[str]] = {
    "Depthwise": frozenset({"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"}),
    "Separable": frozenset({"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"}),
    "Conv1DTranspose": frozenset({"groups"}),
    "Conv2DTranspose": frozenset({"groups"}),
    "Conv3DTranspose": frozenset({"groups"}),
    "SpatialDropout": frozenset({"trainable", "noise_shape"}),
    "Discretization": frozenset({"trainable"}),
    "Random": frozenset({"rng_type"}),
    "MultiHeadAttention": frozenset({"query_shape", "key_shape", "value_shape", "softmax_robust_masking"}),
}
DIRECT = {
    "subtract": "Subtract", "sub": "Subtract", "abs": "Absolute", "square": "Square", "maximum": "Maximum",
    "minimum": "Minimum", "sqrt": "Sqrt", "truediv": "TrueDivide", "divide": "TrueDivide", "multiply": "Multiply",
    "mul": "Multiply", "add": "Add", "negative": "Negative", "neg": "Negative", "exp": "Exp", "pow": "Power",
    "log": "Log", "log1p": "Log1p", "rsqrt": "Rsqrt", "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu",
    "bias_add": "Add", "sign": "Sign", "not_equal": "NotEqual", "matmul": "Matmul", "reciprocal": "Reciprocal",
}  # fmt: skip
REDUCING = {
    "reduce_sum": "Sum", "reduce_mean": "Mean", "reduce_max": "Max", "reduce_min": "Min", "reduce_prod": "Prod",
    "norm": "Norm",
}  # fmt: skip
# Those with an axis, and its default.
WITH_AXIS: dict[str, tuple[str, int | None]] = {
    "l2_normalize": ("UnitNormalization", -1), "concat": ("Concatenate", 0), "stack": ("Stack", 0),
    "expand_dims": ("ExpandDims", None), "squeeze": ("Squeeze", None),
}  # fmt: skip

# Those whose further arguments are settings now, under other names.
WITH_SETTINGS: dict[str, tuple[str, dict[str, str]]] = {
    "cast": ("Cast", {"dtype": "dtype"}),
    "transpose": ("Transpose", {"perm": "axes"}),
    "clip_by_value": ("Clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "softmax": ("Softmax", {"axis": "axis"}),
}


def without_bare_lists(value: Json) -> Json:
    """A saved model with `{"class_name": "Sequential", "config": [...]}`, as until Keras 2.2, written as of today."""
    if isinstance(value, list):
        return [without_bare_lists(item) for item in value]
    if not isinstance(value, dict):
        return value
    new = {key: without_bare_lists(item) for key, item in value.items()}
    if value.get("class_name") == "Sequential" and isinstance(new.get("config"), list):
        name = value.get("name") or "sequential"
        new["config"] = {"name": name, "layers": new["config"]}
    return new


def modern_config(class_name: str, config: Mapping[str, Json]) -> dict[str, Json]:
    """A layer's settings as Keras 3 wants them; settings of Keras 3 pass unchanged."""
    new = {key: _modern(value) for key, value in config.items() if key not in DROPPED}
    if class_name == "InputLayer":
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        new = {"name": config.get("name"), "batch_shape": shape, "dtype": _dtype(config.get("dtype"))}
    lost = [names for start, names in DROPPED_BY_NAME.items() if class_name.startswith(start)]
    new = {key: value for key, value in new.items() if not any(key in names for names in lost)}
    if class_name == "GRU" and "reset_after" not in new:
        new["reset_after"] = False  # as it was before there was a choice; later versions always say
    axis = sequence(new.get("axis"))
    if class_name == "BatchNormalization" and len(axis) == 1:
        new["axis"] = axis[0]
    if "alpha" in new and class_name == "LeakyReLU":
        new["negative_slope"] = new.pop("alpha")
    if isinstance(new.get("dtype"), dict):
        new["dtype"] = _dtype(new["dtype"])
    return new


def _dtype(value: Json) -> Json:
    """A data type or policy by its name."""
    name = mapping(mapping(value).get("config")).get("name")
    return name if name is not None else value if isinstance(value, str) else "float32"


def _modern(value: Json) -> Json:
    """An object inside settings with the module that Keras 3 looks it up in."""
    if isinstance(value, list):
        return [_modern(item) for item in value]
    if not isinstance(value, dict):
        return value
    name = text(value.get("class_name"))
    module = next((m for m, names in INNER.items() if name in names), None)
    if name is None or module is None or "config" not in value or is_operation(value):
        return {key: _modern(item) for key, item in value.items()}
    inner = mapping(value.get("config"))
    config: Json = modern_config(name, inner) if name in LAYERS | MODELS else inner
    beside: dict[str, Json] = {
        key: value[key] for key in ("name", "inbound_nodes") if key in value
    }  # of a layer inside a model
    return {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": value.get("registered_name"),
        **beside,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A TensorFlow call as the Keras 3 operation or layer that does the same."""

    class_name: str
    module: str
    config: dict[str, Json]
    args: tuple[Argument, ...]
    is_operation: bool = True


def modern_operation(
    name: str, config: Mapping[str, Json], args: list[Argument], kwargs: Mapping[str, Argument]
) -> Operation | None:
    """Translate a `TFOpLambda` or `SlicingOpLambda`; None where there is no known counterpart.

    Args:
        name: the layer's name.
        config: its settings, which name the function ("math.reduce_sum").
        args: what it was called with; Keras 2 keeps the first argument here.
        kwargs: and the others here.
    """
    function = (text(config.get("function")) or "").rpartition(".")[2]
    base: dict[str, Json] = {"name": name}
    axis = _plain(kwargs.get("axis"))
    if function in DIRECT:
        second = [_constant(kwargs[key]) for key in ("y", "b", "bias") if kwargs.get(key) is not None]
        return _operation(DIRECT[function], base, (*args, *second[:1]))
    if function in REDUCING:
        settings = base | {"axis": axis, "keepdims": kwargs.get("keepdims") is True}
        return _operation(REDUCING[function], settings, tuple(args))
    if function in WITH_AXIS:
        title, default = WITH_AXIS[function]
        return _operation(title, base | {"axis": default if axis is None else axis}, tuple(args))
    if function in WITH_SETTINGS:
        title, renamed = WITH_SETTINGS[function]
        settings = base | {new: _plain(kwargs[old]) for old, new in renamed.items() if kwargs.get(old) is not None}
        return _operation(title, settings, tuple(args))
    if function == "getitem":
        return _operation("GetItem", base, (*args, _key(kwargs.get("slice_spec"))))
    return None


def _operation(class_name: str, config: dict[str, Json], args: tuple[Argument, ...]) -> Operation:
    """A known operation, or a layer where Keras 3 has only that."""
    raw = class_name in OPERATIONS
    return Operation(
        class_name=class_name,
        module=OPERATIONS[class_name] if raw else "keras.layers",
        config=config if raw else config | {"dtype": "float32"},
        args=args,
        is_operation=raw,
    )


def _plain(argument: Argument) -> Json:
    """A constant argument as JSON."""
    if isinstance(argument, bool | int | float | str):
        return argument
    if isinstance(argument, list):
        return [_plain(item) for item in argument]
    return None


def _constant(argument: Argument) -> Argument:
    """A list of numbers as the tensor that Keras 3 wants in its place."""
    plain = _plain(argument)
    if isinstance(argument, list) and isinstance(plain, list) and all(isinstance(p, int | float) for p in plain):
        return {"class_name": "__tensor__", "config": {"value": argument, "dtype": "float32"}}
    return argument


def _key(spec: Argument) -> Argument:
    """The index expression of `x[:, 0]` in the form of Keras 3."""
    if isinstance(spec, list):
        return [_key(item) for item in spec]
    if isinstance(spec, dict):
        if spec.get("class_name") == "__ellipsis__":
            return {"class_name": "__ellipsis__", "config": {}}
        if "start" in spec:
            bounds: dict[str, Argument] = {k: spec.get(k) for k in ("start", "stop", "step")}
            return {"class_name": "__slice__", "config": bounds}
    return spec if isinstance(spec, int) else None
