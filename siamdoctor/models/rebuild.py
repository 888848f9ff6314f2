"""From a part of the call graph to a configuration that Keras 3 loads in safe mode."""

from __future__ import annotations

from collections.abc import Mapping

from siamdoctor.models.graph import Argument, Call, Graph, Layer, Shape, Tensor
from siamdoctor.models.known_classes import OPERATIONS
from siamdoctor.results import Json

# Layers that draw random numbers get a fixed seed, so that two runs of one command agree.
SEED = 1729
SEEDED = ("Dropout", "Noise", "Random")


def functional_config(graph: Graph, name: str, *, input_shapes: tuple[Shape, ...] | None = None) -> dict[str, Json]:
    """The saved form of a Functional model with the graph's calls.

    Args:
        graph: the part to rebuild; it has no nested models, so nodes are numbered from 0 throughout.
        name: name of the new model.
        input_shapes: shapes of the inputs, batch axis included, where the graph does not know them.
    """
    nodes = _node_numbers(graph)
    entries: dict[str, dict[str, Json]] = {}
    inbound: dict[str, list[Json]] = {}
    for number, call in enumerate(graph.calls):
        layer = graph.layers[call.layer]
        if call.layer not in entries:
            shape = _input_shape(graph, number, input_shapes)
            entries[call.layer] = _entry(layer, shape)
            inbound[call.layer] = []
        if not layer.is_input:
            inbound[call.layer].append(_node(graph, call, nodes))
    layers: list[Json] = [{**entry, "inbound_nodes": inbound[key]} for key, entry in entries.items()]
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "registered_name": "Functional",
        "config": {
            "name": name,
            "trainable": True,
            "layers": layers,
            "input_layers": _ports(graph, graph.inputs, nodes),
            "output_layers": _ports(graph, graph.outputs, nodes),
        },
    }


def _node_numbers(graph: Graph) -> dict[int, int]:
    """For each call, the how-manieth call of its layer it is."""
    seen: dict[str, int] = {}
    numbers: dict[int, int] = {}
    for number, call in enumerate(graph.calls):
        numbers[number] = seen.get(call.layer, 0)
        seen[call.layer] = numbers[number] + 1
    return numbers


def _input_shape(graph: Graph, number: int, given: tuple[Shape, ...] | None) -> Shape | None:
    """The given shape of an input, None for everything else."""
    tensor = Tensor(number)
    if given is None or tensor not in graph.inputs:
        return None
    return given[graph.inputs.index(tensor)]


def _entry(layer: Layer, shape: Shape | None) -> dict[str, Json]:
    """One layer with nothing of the file's bookkeeping left: no build shapes, no registered name."""
    config: dict[str, Json] = dict(layer.config)
    config["name"] = layer.name
    if shape is not None:
        config["batch_shape"] = list(shape)
    if layer.class_name.endswith(SEEDED) or layer.class_name.startswith(SEEDED):
        config["seed"] = SEED
    known = OPERATIONS[layer.class_name] if layer.is_operation else "keras.layers"
    foreign = layer.is_supplied and layer.class_name != "Lambda"
    return {
        "module": None if foreign else known,
        "class_name": layer.class_name,
        "config": config,
        "registered_name": layer.class_name if foreign else None,
        "name": layer.name,
    }


def _node(graph: Graph, call: Call, nodes: Mapping[int, int]) -> Json:
    """One call in the form of Keras 3."""
    kwargs: Json = {key: _saved(graph, value, nodes) for key, value in (call.kwargs or {}).items()}
    return {"args": [_saved(graph, arg, nodes) for arg in call.args], "kwargs": kwargs}


def _saved(graph: Graph, argument: Argument, nodes: Mapping[int, int]) -> Json:
    """An argument with its tensors as Keras writes them; their shape is replaced on loading."""
    if isinstance(argument, Tensor):
        history = _port(graph, argument, nodes)
        shape = list(graph.shapes.get(argument, (None,)))
        config: dict[str, Json] = {"shape": list[Json](shape), "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(argument, list):
        return [_saved(graph, item, nodes) for item in argument]
    if isinstance(argument, dict):
        return {key: _saved(graph, item, nodes) for key, item in argument.items()}
    return argument


def _ports(graph: Graph, tensors: tuple[Tensor, ...], nodes: Mapping[int, int]) -> list[Json]:
    """Inputs or outputs; a single one stands alone, since Keras takes a list of one for a list."""
    listed: list[Json] = [_port(graph, t, nodes) for t in tensors]
    return listed if len(tensors) != 1 else _port(graph, tensors[0], nodes)


def _port(graph: Graph, tensor: Tensor, nodes: Mapping[int, int]) -> list[Json]:
    """A tensor as layer name, node number and output number."""
    return [graph.calls[tensor.call].layer, nodes[tensor.call], tensor.index]


def seeded(config: Json, seed: int) -> Json:
    """The same configuration with every initialiser and random layer drawing from `seed`."""
    counter = 0

    def visit(value: Json) -> Json:
        nonlocal counter
        if isinstance(value, list):
            return [visit(item) for item in value]
        if not isinstance(value, dict):
            return value
        copy = {key: visit(item) for key, item in value.items()}
        if "seed" in copy and not isinstance(copy["seed"], dict):
            counter += 1
            copy["seed"] = (seed * 1_000_003 + counter) % (2**31 - 1)
        return copy

    return visit(config)
