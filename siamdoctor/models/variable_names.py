"""What the names of a program's variables say of the layers that they belong to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from siamdoctor.models.program import Node, Shape, shape_of
from siamdoctor.models.protobuf import messages
from siamdoctor.results import Json

CONVOLUTIONS = {"Conv2D": "Conv2D", "Conv3D": "Conv3D", "DepthwiseConv2dNative": "DepthwiseConv2D"}
PRODUCTS = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"})
LOOKUPS = frozenset({"Gather", "GatherV2", "GatherNd", "ResourceGather"})
CONV1D_AXES = 3
LINEAR: dict[str, Json] = {"activation": "linear"}  # what bends it is an operation of its own
# What Keras starts a variable of this name with, unless it is told otherwise.
USUAL_START = {"bias": "Zeros", "beta": "Zeros", "gamma": "Ones", "kernel": "GlorotUniform"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A variable. home: the layer's name, empty where it has none; leaf: the variable's own name in it."""

    home: str
    leaf: str
    shape: Shape | None


def stored_variable(node: Node) -> Stored:
    """A variable by the name of the node that stands for it, such as `encoder/dense/kernel_1`."""
    *before, leaf = [part for part in node.name.split("/") if part]
    home = "/".join(part for part in before if not part.endswith("_cell"))
    shape = shape_of(b"".join(messages(node.attribute("shape"), 7)[:1]))
    return Stored(home=home, leaf=re.sub(r"_\d+$", "", leaf) or leaf, shape=shape)


def config_of(kinds: Sequence[str], variables: Sequence[Stored]) -> tuple[str, dict[str, Json]]:
    """Class and size of a layer, from its operations and variables."""
    leaves = {variable.leaf: variable.shape for variable in variables}
    home = variables[0].home.lower() if variables else ""
    if "recurrent_kernel" in leaves or "While" in kinds or "StatelessWhile" in kinds:
        shape = leaves.get("recurrent_kernel")
        name = next((c for c in ("LSTM", "GRU") if c.lower() in home), "SimpleRNN")
        return name, {"units": shape[0]} if shape else {}
    if leaves.keys() & {"moving_variance", "moving_mean"} or any(k.startswith("FusedBatchNorm") for k in kinds):
        return "BatchNormalization", {}
    widest = max((v.shape for v in variables if v.shape), key=len, default=())
    for kind in kinds:
        if kind in CONVOLUTIONS:
            name = "Conv1D" if len(widest) == CONV1D_AXES else CONVOLUTIONS[kind]
            filters: dict[str, Json] = (
                {} if name.startswith("Depthwise") else {"filters": widest[-1] if widest else None}
            )
            return name, {**filters, **LINEAR, "kernel_size": list[Json](widest[:-2])}
        if kind in PRODUCTS:
            return "Dense", {**LINEAR, "units": widest[-1]} if widest else {**LINEAR}
        if kind in LOOKUPS:
            return "Embedding", {"output_dim": widest[-1]} if widest else {}
    return ("LayerNormalization" if leaves.keys() & {"gamma", "beta"} else kinds[0]), {}
