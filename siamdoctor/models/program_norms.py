"""The BatchNorms of a tower in a SavedModel's program, by what they read and the statistics that they use."""

from __future__ import annotations

from siamdoctor.models.graph import Tensor
from siamdoctor.models.program_graph import ProgramGraph
from siamdoctor.models.program_parts import Norm


def norms_between(read: ProgramGraph, begin: Tensor, end: Tensor) -> tuple[Norm, ...] | None:
    """The BatchNorms on the way, in order of computation; None where the parts of one are not all known."""
    graph = read.graph
    found: list[Norm] = []
    for number in sorted(graph.ancestors((end,), frozenset({begin}))):
        call = graph.calls[number]
        if graph.layers[call.layer].class_name != "BatchNormalization":
            continue
        owned = read.variables[call.layer]
        named = {read.stored[v].leaf: read.arguments[v] for v in owned if v in read.arguments}
        if len(call.tensors()) != 1 or not {"moving_mean", "moving_variance"} <= named.keys():
            return None
        reads = read.tensors[call.tensors()[0]]
        found.append(Norm(reads=reads, mean=named["moving_mean"], variance=named["moving_variance"]))
    return tuple(found)
