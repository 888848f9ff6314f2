"""Letting Keras make one part of a model, and giving it the stored weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.runtime.backend import silenced
from siamdoctor.models.runtime.normalizations import refresh
from siamdoctor.models.runtime.stored import StoredLayer, fill, fits, weights_of
from siamdoctor.results import Json

if TYPE_CHECKING:
    import keras

Arrays = Mapping[str, StoredLayer]
Own = Mapping[str, object]
MAX_SAMPLE_ELEMENTS = 1 << 27  # numbers one sample may become anywhere in the network: half a gigabyte


def build(config: Json, arrays: Arrays | None, path: Path, own: Own) -> keras.Model:
    """Make one part, after a dry run that allocates nothing, and give it its weights."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    try:
        with silenced():
            if arrays is not None:
                with keras.StatelessScope(initialize_variables=False):
                    plan = from_config(config, own)
                _check_shapes(plan, arrays, path)
            model = from_config(config, own)
    except UnreadableModel:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError) as error:
        raise UnreadableModel(
            f"Keras cannot rebuild this part of the model ({_reason(error)}). Received: model={path}"
        ) from error
    if arrays is not None:
        for layer in model.layers:
            if layer.name in arrays:
                fill(layer, arrays[layer.name], path)
    return model


def from_config(config: Json, own: Own) -> keras.Model:
    """Let Keras make a model, in safe mode; it empties the configuration that it is given.

    Args:
        config: saved form of the model.
        own: the user's classes by name, where an option named them.
    """
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    return keras.saving.deserialize_keras_object(deepcopy(config), custom_objects=dict(own), safe_mode=True)


def copy_with(model: keras.Model, config: Json, own: Own) -> keras.Model:
    """A model from another configuration with the weights of this one, layer by layer."""
    with silenced():
        copy = from_config(config, own)
    for layer in copy.layers:
        for variable, old in zip(weights_of(layer), weights_of(model.get_layer(layer.name)), strict=True):
            variable.assign(old.value)
    refresh(copy.layers)
    return copy


def compiled_call(model: keras.Model, *, training: bool) -> Callable[[object], object]:
    """The model as one compiled function that changes no state and is traced once for all batch sizes."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    shapes = [tf.TensorSpec((None, *t.shape[1:]), t.dtype) for t in model.inputs]

    def call(x: object) -> object:
        values = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
        outputs, _ = model.stateless_call(*values, x, training=training)
        return keras.tree.flatten(outputs)[0]

    signature = shapes[0] if len(shapes) == 1 else shapes
    # Without autograph: there is no Python control flow to translate, and it leaves files in the temporary folder.
    compiled = tf.function(call, input_signature=[signature], autograph=False)
    with silenced():
        compiled.get_concrete_function()  # traces now, so that nothing is said later
    result: Callable[[object], object] = compiled
    return result


def widest(model: keras.Model) -> int:
    """The most numbers that any layer gives for one sample; free axes count as one."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    shapes = [tensor.shape for layer in model.layers for tensor in keras.tree.flatten(layer.output)]
    return max((int(math.prod(axis or 1 for axis in shape[1:])) for shape in shapes), default=1)


def _check_shapes(plan: keras.Model, arrays: Arrays, path: Path) -> None:
    """Compare every variable with what is stored, and bound the size of what flows between the layers."""
    for layer in plan.layers:
        if not fits(layer, arrays.get(layer.name)):
            wanted = [tuple(v.shape) for v in weights_of(layer)]
            given = [a.shape for a in arrays[layer.name].arrays] if layer.name in arrays else []
            raise UnreadableModel(
                f"The stored weights of layer {layer.name!r} do not fit it: it needs {wanted}, the file has {given}. "
                f"Received: model={path}"
            )
    if widest(plan) > MAX_SAMPLE_ELEMENTS:
        raise UnreadableModel(
            f"The network would make {widest(plan):.1e} numbers of one sample, more than memory holds. Received: "
            f"model={path}"
        )


def _reason(error: Exception) -> str:
    """The line of a Keras error that says what went wrong; the first lines only say that something did."""
    text = str(error).strip()
    told = text.rpartition("Exception encountered: ")[2] if "Exception encountered: " in text else text
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    named = [line for line in lines if not line.startswith(("Exception encountered when calling", "config="))]
    return (named or lines or [type(error).__name__])[0].replace("\x1b[1m", "").replace("\x1b[0m", "")
