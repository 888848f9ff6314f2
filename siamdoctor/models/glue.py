"""Layers that no file holds: they join and cut tensors where a graph is put together anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from siamdoctor.models.graph import Argument, Layer, Shape
from siamdoctor.results import Json


def input_layer(name: str, shape: Shape, dtype: str) -> Layer:
    """An input of this shape, batch axis included."""
    return _layer("InputLayer", name, {"batch_shape": list(shape), "dtype": dtype})


def side_layer(name: str, taken: Mapping[str, Layer]) -> Layer:
    """`x[...]`, under a name that is free; what to take is an argument of its call."""
    return replace(_layer("GetItem", _free(name, taken), {}), module="keras.src.ops.numpy", is_operation=True)


def stacking_layer(name: str, taken: Mapping[str, Layer]) -> Layer:
    """Several tensors as one, along a new first axis after the batch."""
    return replace(_layer("Stack", _free(name, taken), {"axis": 1}), module="keras.src.ops.numpy", is_operation=True)


def reshaping_layer(name: str, shape: Shape) -> Layer:
    """Whatever it is given in this shape, batch axis included."""
    return _layer("Reshape", name, {"target_shape": list(shape[1:]), "dtype": "float32"})


def identity_layer(name: str, taken: Mapping[str, Layer]) -> Layer:
    """A layer that passes on what it is given."""
    return _layer("Identity", _free(name, taken), {"dtype": "float32"})


def whole_slice(start: int | None = None, stop: int | None = None) -> Argument:
    """`start:stop` as Keras writes it down."""
    bounds: dict[str, Argument] = {"start": start, "stop": stop, "step": None}
    return {"class_name": "__slice__", "config": bounds}


def _free(name: str, taken: Mapping[str, Layer]) -> str:
    """The name, with underscores appended until no layer has it."""
    while name in taken:
        name += "_"
    return name


def _layer(class_name: str, name: str, config: dict[str, Json]) -> Layer:
    """A layer of Keras that was not in the file."""
    return Layer(
        name=name,
        class_name=class_name,
        module="keras.layers",
        registered_name=None,
        config={"name": name, **config},
        path=(name,),
        slots=("",),
        is_operation=False,
    )
