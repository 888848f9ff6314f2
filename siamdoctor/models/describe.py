"""Layers, encoder and head as a person would describe them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from siamdoctor.models.batch_axis import batch_axes
from siamdoctor.models.blueprint import Encoder, Head, LayerNote
from siamdoctor.models.config import integer, mapping, number, sequence, short_name, text
from siamdoctor.models.extract import extract
from siamdoctor.models.graph import Argument, Graph, Layer, Shape, Tensor
from siamdoctor.models.heads import recognise
from siamdoctor.models.probe import follow
from siamdoctor.models.standins import Standin
from siamdoctor.models.weights import LayerVariables
from siamdoctor.models.widths import width
from siamdoctor.results import Json

ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "PReLU": "prelu",
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Relu": "relu",
    "Relu6": "relu6",
    "Gelu": "gelu",
    "Silu": "silu",
    "LeakyRelu": "leaky_relu",
}
PIXELS = 16.0  # a constant beyond this has to do with values of 0 to 255
SCALING: dict[str, Callable[[float], bool]] = {
    "TrueDivide": lambda by: by >= PIXELS,
    "Divide": lambda by: by >= PIXELS,
    "Multiply": lambda by: 0 < by <= 1 / PIXELS,
    "Subtract": lambda by: by >= PIXELS,
    "Add": lambda by: by >= PIXELS,
}
MAX_LISTED = 8  # longer settings are no line of a description
SETTINGS = (
    "momentum", "epsilon", "rate", "axis", "scale", "offset", "use_bias", "center", "kernel_size", "strides",
    "pool_size", "padding", "negative_slope", "alpha", "normalize", "axes", "mask_zero", "factor", "seed",
)  # fmt: skip


def note(layer: Layer) -> LayerNote:
    """One layer's line in a description."""
    config = layer.config
    units = next((u for key in ("units", "filters", "output_dim") if (u := integer(config.get(key)))), None)
    inner = mapping(mapping(config.get("layer")).get("config"))
    return LayerNote(
        name=layer.name,
        class_name=layer.class_name,
        units=units if units is not None else integer(inner.get("units")),
        activation=activation_of(layer),
        trainable=config.get("trainable") is not False,
        settings=tuple((key, _printed(config[key])) for key in SETTINGS if _is_plain(config.get(key))),
    )


def activation_of(layer: Layer) -> str | None:
    """Name of a layer's activation, whether it is a setting or the layer itself; None where it has none."""
    if layer.class_name in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[layer.class_name]
    if "activation" not in layer.config:
        return None
    return (short_name(layer.config["activation"]) or "linear").lower()


def _is_plain(value: Json) -> bool:
    """Whether a setting can be printed in a line."""
    if isinstance(value, list):
        return len(value) <= MAX_LISTED and all(isinstance(item, bool | int | float | str) for item in value)
    return isinstance(value, bool | int | float | str)


def _printed(value: Json) -> str:
    if isinstance(value, list):
        return "x".join(_printed(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def describe_encoder(graph: Graph, variables: LayerVariables) -> Encoder:
    """The encoder in words and numbers; named after the nested model that holds all its weights, if one does."""
    layers = graph.used_layers(graph.ancestors(graph.outputs))
    activation = next((a for layer in reversed(layers) if (a := activation_of(layer)) is not None), "linear")
    homes = {layer.path[0] for layer in layers if layer.name in variables and len(layer.path) > 1}
    return Encoder(
        name=homes.pop() if len(homes) == 1 else "encoder",
        input_shape=input_shape(graph, graph.inputs[0]),
        dimension=width(graph, graph.outputs[0]),
        layers=tuple(note(layer) for layer in layers),
        activation=activation,
        unit_norm=gives_unit_vectors(graph, variables),
        has_batch_norm=any(layer.class_name == "BatchNormalization" for layer in layers),
        has_rescaling=any(layer.class_name in ("Rescaling", "Normalization") for layer in layers)
        or scales_its_input(graph, variables),
    )


def scales_its_input(graph: Graph, variables: LayerVariables) -> bool:
    """Whether operations before the first layer with weights bring pixels to scale, as `preprocess_input` does.

    Arithmetic with small constants is left out: it may follow a division by 255 outside the model.
    """
    for call in graph.calls:
        if call.layer in variables:
            return False
        kind = graph.layers[call.layer].class_name
        if kind in SCALING and len(call.tensors()) == 1:
            largest = max((abs(n) for n in _numbers([*call.args, *(call.kwargs or {}).values()])), default=1.0)
            if SCALING[kind](largest):
                return True
    return False


def _numbers(arguments: Iterable[Argument]) -> Iterator[float]:
    """The constants among a call's arguments; those that Keras wrote down as tensors as well."""
    for argument in arguments:
        if isinstance(argument, list):
            yield from _numbers(argument)
        elif isinstance(argument, dict):
            yield from _numbers(argument.values())
        elif not isinstance(argument, Tensor) and (value := number(argument)) is not None:
            yield value


def input_shape(graph: Graph, tensor: Tensor) -> Shape:
    """Shape of an input without the batch axis."""
    config = graph.layer_of(tensor).config
    saved = sequence(config.get("batch_shape")) or sequence(config.get("batch_input_shape"))
    if saved:
        return tuple(integer(axis) for axis in saved[1:])
    return graph.shapes.get(tensor, (None,))[1:]


def gives_unit_vectors(graph: Graph, variables: LayerVariables) -> bool:
    """Whether the operations after the last trainable layer scale every vector to length 1."""
    trained = [n for n, call in enumerate(graph.calls) if call.layer in variables]
    if not trained or graph.outputs[0].call == trained[-1]:
        return False
    tail = extract(graph, (Tensor(trained[-1]),), graph.outputs[:1])
    if len(tail.inputs) != 1:
        return False
    rng = np.random.default_rng(0)
    result = follow(tail, (rng.normal(size=(16, 8)),)).get(tail.outputs[0])
    return result is not None and result.ndim > 1 and bool(np.allclose(np.linalg.norm(result, axis=-1), 1, atol=1e-3))


def describe_head(
    graph: Graph | None, variables: LayerVariables, standins: tuple[Standin, ...], *, unit_norm: bool, loadable: bool
) -> Head:
    """The head in words.

    Args:
        graph: the head with known operations in place of what was recognised; None in an encoder saved alone.
        variables: stored weights by layer.
        standins: what was recognised, and by what.
        unit_norm: whether embeddings have length 1.
        loadable: whether the head may be loaded.
    """
    if graph is None:
        return Head(kind="none", merge=None, units=None, activation=None, recognised_by="absent")
    layers = graph.used_layers(graph.ancestors(graph.outputs))
    notes = tuple(note(layer) for layer in layers)
    recognised = recognise(graph, variables, unit_norm=unit_norm)
    trained = [n for n in notes if n.name in variables and n.units is not None]
    last = next((n.activation for n in reversed(notes) if n.activation is not None), None)
    by = standins[0].guess.by if standins else "operations" if any(x.is_operation for x in layers) else "layers"
    learned = recognised.kind == "learned"
    return Head(
        kind=recognised.kind if loadable or learned else "unknown",
        merge=recognised.merge,
        units=trained[-1].units if trained else None,
        activation=last,
        recognised_by=by if loadable else "assumed",
        layers=notes,
        higher_is_same=recognised.higher_is_same if loadable else None,
    )


def batch_coupled(graph: Graph) -> tuple[str, ...]:
    """Layers whose result for one sample depends on the others in the batch, in inference mode.

    Those are reductions and normalisations over axis 0, or over all axes, and Lambdas on one tensor that do so.
    """
    reducing = frozenset({"Sum", "Mean", "Max", "Min", "Amax", "Amin", "Prod", "Norm", "Std", "Var", "Logsumexp"})
    spread = frozenset({"UnitNormalization", "Normalize", "Softmax", "LogSoftmax", "Cumsum"})
    found: dict[str, None] = {}
    for call in graph.calls:
        layer = graph.layers[call.layer]
        read = call.tensors()
        rank = len(graph.shapes[read[0]]) if read and read[0] in graph.shapes else None
        axes = list(_axes(layer.config.get("axis")))
        whole = layer.config.get("axis") is None and layer.is_operation
        first = any(axis == 0 or (rank is not None and axis == -rank) for axis in axes)
        named = (layer.class_name in reducing and (whole or first)) or (layer.class_name in spread and first)
        if named or (len(read) == 1 and batch_axes(layer)):
            found[layer.name] = None
    return tuple(found)


def _axes(value: Json) -> Iterator[int]:
    """The axes of a setting that is a number or a list of them."""
    if (number := integer(value)) is not None:
        yield number
    for item in sequence(value):
        yield from _axes(item)
    if text(mapping(value).get("class_name")) == "__tuple__":
        yield from _axes(mapping(value).get("items"))
