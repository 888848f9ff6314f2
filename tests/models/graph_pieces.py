"""Layers and heads of a few steps, written down as the reader takes them in."""

from __future__ import annotations

import base64
from dataclasses import replace

from siamdoctor.models.graph import Call, Graph, Layer, Tensor


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
