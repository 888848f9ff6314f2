"""What may be handed to Keras for loading: an allowlist of classes, and a budget of sizes.

Keras' own safe mode is a denylist. Here nothing passes that is not named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from siamdoctor.models.config import integer, mapping, objects, sequence, text
from siamdoctor.models.graph import Argument, Graph, Layer
from siamdoctor.models.known_classes import ACTIVATIONS, CONSTANTS, INNER, LAYERS, MODELS, OPERATIONS
from siamdoctor.models.weights import LayerVariables
from siamdoctor.results import Json

PATH_LIKE = ("vocabulary", "filepath", "weights", "vocabulary_dtype")
MAX_FREE_SIZE = 4096  # larger whole numbers must be a dimension of a stored weight
MAX_INPUT = 1 << 27  # numbers of one sample: half a gigabyte
HUGE = 10**300  # no float is much larger
LONGEST_NAME = 80
NOT_A_SIZE = frozenset({"seed", "input_length", "max_value", "shared_object_id", "vocabulary_size", "value"})


def allowed(layer: Layer) -> bool:
    """Whether Keras may be asked to make this layer."""
    if layer.is_supplied:
        return True
    if layer.is_operation:
        return layer.class_name in OPERATIONS
    return layer.class_name in LAYERS and not layer.is_foreign


def refusals(graph: Graph, variables: LayerVariables, supplied: frozenset[str]) -> list[str]:
    """Why a part of a model must not be loaded; empty where it may.

    Args:
        graph: the part.
        variables: stored weights by layer.
        supplied: names of classes and functions that the user's own code provides.
    """
    sizes = {axis for stored in variables.values() for v in stored for axis in v.array.shape}
    sizes |= {axis // gates for axis in sizes for gates in (3, 4)}  # GRU and LSTM kernels
    found: list[str] = []
    for layer in graph.layers.values():
        if not allowed(layer):
            found.append(f"layer {layer.name!r} {_why_not(layer)}")
        elif not layer.is_supplied:
            reasons = [*_inner_refusals(layer.config, supplied), *_sizes(layer, sizes)]
            found.extend(f"layer {layer.name!r} {reason}" for reason in reasons)
    for call in graph.calls:
        arguments: list[Argument] = [*call.args, *(call.kwargs or {}).values()]
        found.extend(f"layer {call.layer!r} is called with {name!r}" for name in _foreign_arguments(arguments))
    return list(dict.fromkeys(found))


def _why_not(layer: Layer) -> str:
    """What is wrong with a layer that is not allowed."""
    if layer.class_name == "Lambda":
        return "is a Lambda: it holds code, which is not run"
    if layer.class_name in LAYERS or layer.class_name in OPERATIONS:
        return f"is of a class that is only named like Keras' {layer.class_name!r}"
    return f"is of the class {layer.class_name!r}, which is not on the list of known ones"


def _foreign_arguments(arguments: list[Argument]) -> Iterator[str]:
    """Objects among the arguments of a call that are more than constants; Keras would make them as well."""
    for argument in arguments:
        if isinstance(argument, dict):
            name = argument.get("class_name")
            if name is not None and not (isinstance(name, str) and name in CONSTANTS):
                yield str(name)[:LONGEST_NAME]
            yield from _foreign_arguments(list(argument.values()))
        elif isinstance(argument, list):
            yield from _foreign_arguments(argument)


def _inner_refusals(config: Mapping[str, Json], supplied: frozenset[str]) -> Iterator[str]:
    """Objects inside a layer's config: initialisers, activations, wrapped layers and the like."""
    for key in PATH_LIKE:
        if config.get(key) not in (None, "imagenet") and not isinstance(config.get(key), bool | int | float):
            yield f"names a file or a vocabulary ({key})"
    for item in objects(dict(config)):
        name = text(item.get("class_name"))
        if name is not None and not _known(name, item, supplied):
            yield f"contains {name!r}, which is not on the list of known parts"
        for key in ("activation", "recurrent_activation"):
            activation = text(item.get(key))
            if activation is not None and activation not in ACTIVATIONS | supplied:
                yield f"uses the activation {activation!r}, which Keras does not define"


def _known(name: str, item: Mapping[str, Json], supplied: frozenset[str]) -> bool:
    """Whether a serialised object inside a config is a harmless part of Keras, or the user's own."""
    if name == "function":
        return text(item.get("config")) in ACTIVATIONS | supplied
    if name in CONSTANTS or name in supplied or name == "__keras_tensor__":
        return True
    if name in OPERATIONS and item.get("module") == OPERATIONS[name]:
        return True
    return any(name in names for names in INNER.values()) and text(item.get("registered_name")) in (None, name)


def _sizes(layer: Layer, known: set[int]) -> Iterator[str]:
    """Whole numbers that would make Keras allocate much more than the file stores."""
    if layer.is_input:
        shape = sequence(layer.config.get("batch_shape")) or sequence(layer.config.get("batch_input_shape"))
        numbers = math.prod(abs(axis) for part in shape[1:] if (axis := integer(part)))
        if numbers > MAX_INPUT:
            yield f"takes {numbers:.0e} numbers of one sample" if numbers < HUGE else "takes more than memory holds"
    for key, value in layer.config.items():
        if key in NOT_A_SIZE:
            continue
        for size in _integers(value):
            if abs(size) > MAX_FREE_SIZE and size not in known:
                yield f"declares {key}={size}, which no stored weight confirms"


def _integers(value: Json) -> Iterator[int]:
    """The whole numbers in a config value, initialisers and other objects left out."""
    if (number := integer(value)) is not None:
        yield number
    for item in sequence(value):
        yield from _integers(item)
    inner = mapping(value)
    if "layers" in inner or text(inner.get("class_name")) in LAYERS | MODELS:
        for key, item in mapping(inner.get("config")).items():
            if key not in NOT_A_SIZE:
                yield from _integers(item)
