"""How many numbers a part of a model gives for one sample, as far as that can be known without running it."""

from __future__ import annotations

import math

from siamdoctor.models.config import integer, mapping
from siamdoctor.models.graph import Graph, Layer, Shape, Tensor

SHAPE_KEEPING = frozenset(
    """
    Activation ActivityRegularization Add AlphaDropout BatchNormalization Cast Divide Dropout ELU Flatten
    GaussianDropout GaussianNoise GroupNormalization Identity LayerNormalization LeakyReLU Multiply Normalize PReLU
    ReLU Relu Rescaling Reshape Sigmoid Softmax StopGradient Subtract Tanh TrueDivide UnitNormalization
    """.split()  # noqa: SIM905  (a list of thirty strings, one a line, would be no easier to read)
)


def width(graph: Graph, tensor: Tensor) -> int | None:
    """Numbers per sample of a tensor, from recorded shapes or from the layers that made it."""
    widths: dict[Tensor, int | None] = {}
    for number in sorted(graph.ancestors((tensor,))):
        made = Tensor(number)
        widths[made] = _recorded(graph.shapes.get(made)) or _made_by(graph, number, widths)
    return widths.get(Tensor(tensor.call))


def _recorded(shape: Shape | None) -> int | None:
    """Product of a recorded shape's axes, batch left out; None where one is free."""
    if shape is None or any(axis is None for axis in shape[1:]):
        return None
    return math.prod(axis for axis in shape[1:] if axis is not None)


def _made_by(graph: Graph, number: int, widths: dict[Tensor, int | None]) -> int | None:
    """What one call gives, from its layer's settings and the widths of what it reads."""
    call = graph.calls[number]
    layer = graph.layers[call.layer]
    units = _units(layer)
    if units is not None:
        return units
    read = [widths.get(Tensor(t.call)) for t in call.tensors()]
    known = [w for w in read if w is not None]
    if layer.class_name == "Concatenate" and len(known) == len(read):
        return sum(known)
    before = graph.shapes.get(call.tensors()[0]) if read else None
    if before is not None and layer.class_name.startswith("Global"):
        return before[-1]
    return read[0] if layer.class_name in SHAPE_KEEPING and read else None


def _units(layer: Layer) -> int | None:
    """Units of a layer whose whole output they are: not of one that keeps an axis of time."""
    inner = mapping(mapping(layer.config.get("layer")).get("config"))
    units = integer(layer.config.get("units")) or integer(inner.get("units"))
    if units is None or True in (layer.config.get("return_sequences"), inner.get("return_sequences")):
        return None
    both = layer.class_name == "Bidirectional" and layer.config.get("merge_mode") == "concat"
    return 2 * units if both else units
