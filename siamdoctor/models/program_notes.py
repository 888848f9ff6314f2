"""A program's layers as a person would list them: what shuffles shapes is left out, what belongs together is one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from siamdoctor.models.blueprint import LayerNote
from siamdoctor.models.describe import ACTIVATION_LAYERS, note
from siamdoctor.models.graph import Graph, Layer
from siamdoctor.models.known_classes import LAYERS
from siamdoctor.models.program_graph import SIZES

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})
PLUMBING = frozenset(
    f"""
    {SIZES} Cast ExpandDims Squeeze Fill GetItem Less NotEqual Pad PadV2 Pack SelectV2 Slice Split StridedSlice
    TensorListFromTensor TensorListReserve TensorListStack Transpose ZerosLike
    """.split()
)
UNNAMED = ("PartitionedCall", "functional", "sequential", "model")
CLASSES = {name.lower(): name for name in LAYERS}


def notes_of(graph: Graph, weighted: Collection[str]) -> tuple[LayerNote, ...]:
    """The layers of an encoder or a head in order of computation."""
    used = graph.used_layers(graph.ancestors(graph.outputs))
    learned = {_scope(layer) for layer in used if layer.name in weighted}
    loops = {_scope(layer) for layer in used if layer.name in weighted and layer.class_name in RECURRENT}
    notes: dict[str, LayerNote] = {}
    for layer in used:
        if layer.name in weighted:
            title = layer.path[-1]
            notes.setdefault(title, replace(note(layer), name=title))
        elif layer.class_name in PLUMBING or _scope(layer) in loops:
            continue
        elif layer.class_name in ACTIVATION_LAYERS and notes and _is_straight(notes[next(reversed(notes))]):
            last = next(reversed(notes))
            notes[last] = replace(notes[last], activation=ACTIVATION_LAYERS[layer.class_name])
        elif (whole := _layer_of(layer)) is not None:
            name, class_name = whole
            if _scope(layer) not in learned:
                told = note(layer) if layer.class_name == class_name else LayerNote(name=name, class_name=class_name)
                notes[name] = replace(told, name=name)
        else:
            notes[layer.name] = replace(note(layer), name=layer.path[-1])
    return tuple(notes.values())


def _is_straight(before: LayerNote) -> bool:
    """Whether a layer's activation is still to come."""
    return before.activation == "linear"


def _layer_of(layer: Layer) -> tuple[str, str] | None:
    """Name and class of the layer without weights that an operation is part of, as its scope tells."""
    name = re.sub(r"_\d+$", "", layer.path[-2]) if len(layer.path) > 1 else ""
    class_name = CLASSES.get(re.sub(r"_\d+$", "", name).replace("_", ""))
    return None if class_name is None else (name, class_name)


def _scope(layer: Layer) -> tuple[str, ...]:
    """The scope of a layer or operation, without the cell of a recurrent layer."""
    return tuple(part for part in layer.path[:-1] if "_cell" not in part)


def name_of(graph: Graph, weighted: Collection[str]) -> str:
    """What an encoder is called: as the innermost scope that holds all of its layers with weights, if there is one."""
    paths = [layer.path[:-2] for layer in graph.layers.values() if layer.name in weighted]
    shared = [parts[0] for parts in zip(*paths, strict=False) if len(set(parts)) == 1]
    scope = re.sub(r"_\d+$", "", shared[-1]) if shared else ""
    return scope if len(paths) > 1 and scope and not scope.endswith(UNNAMED) else "encoder"
