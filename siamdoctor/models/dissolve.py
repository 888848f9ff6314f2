"""From a saved configuration to a `Graph`: nested models are replaced by the calls inside them."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import mapping, sequence, shape_of, text
from siamdoctor.models.graph import Argument, Call, Graph, Layer, Shape, Tensor, is_operation, tensors_in
from siamdoctor.models.legacy import modern_config, modern_operation
from siamdoctor.models.nodes import (
    Reference,
    SavedCall,
    ports,
    read_saved_call,
    references,
    resolve,
)
from siamdoctor.results import Json

MAX_CALLS = 20_000  # a ResNet152 twin has about a thousand
MAX_NESTING = 30
MAX_MODELS = 2_000  # each call of a nested model counts


def read_graph(model: Mapping[str, Json]) -> Graph:
    """The call graph of a saved Functional or Sequential model.

    Raises:
        UnreadableModel: the configuration is no such model, or its graph has loops or loose ends.
    """
    builder = _Builder()
    config = mapping(model.get("config"))
    if not is_model(model):
        raise UnreadableModel(
            f"The file describes no layers, only a class of its own. Received: class_name={model.get('class_name')!r}"
        )
    outputs = builder.model(config, (), (), feeds=None)
    return Graph(
        layers=builder.layers,
        calls=tuple(builder.calls),
        inputs=tuple(builder.inputs),
        outputs=tuple(outputs),
        shapes=builder.shapes,
    )


def is_model(entry: Mapping[str, Json]) -> bool:
    """Whether a saved entry is a model whose layers are written down, whatever its class is called."""
    return isinstance(mapping(entry.get("config")).get("layers"), list)


def snake_case(class_name: str) -> str:
    """The group name that Keras 3 gives a class in a weight file: `BatchNormalization` to `batch_normalization`."""
    name = re.sub(r"\W+", "", class_name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def slots_of(layers: list[Json], *, skip_inputs: bool) -> dict[str, str]:
    """Weight-file group of each layer of one model, by layer name.

    Keras numbers classes in `model.layers` order; raw operations take no number, and a Sequential model
    does not count its input.
    """
    seen: Counter[str] = Counter()
    slots: dict[str, str] = {}
    for item in layers:
        entry = mapping(item)
        class_name = text(entry.get("class_name")) or ""
        if is_operation(entry) or (skip_inputs and class_name == "InputLayer"):
            continue
        kind = snake_case(class_name)
        slots[_name(entry)] = f"{kind}_{seen[kind]}" if seen[kind] else kind
        seen[kind] += 1
    return slots


def _name(entry: Mapping[str, Json]) -> str:
    """A layer's name, which stands in its config, beside it, or in both places."""
    return text(entry.get("name")) or text(mapping(entry.get("config")).get("name")) or "unnamed"


@dataclass(slots=True)
class _Builder:
    """Collects the calls of a model and of the models inside it."""

    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    shapes: dict[Tensor, Shape] = field(default_factory=dict)
    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    models: int = 0

    def model(
        self,
        config: Mapping[str, Json],
        path: tuple[str, ...],
        slots: tuple[str, ...],
        feeds: list[Tensor] | None,
    ) -> list[Tensor]:
        """Add one model's calls; `feeds` are what it is called on, None for the outermost."""
        self.models += 1
        if len(path) > MAX_NESTING or self.models > MAX_MODELS:
            raise UnreadableModel(
                f"Models are nested more than {MAX_NESTING} deep or {MAX_MODELS} wide. Received: {path[0]!r}"
            )
        if "output_layers" in config:
            return _Functional(self, config, path, slots).run(feeds)
        return self._sequential(config, path, slots, feeds)

    def _sequential(
        self,
        config: Mapping[str, Json],
        path: tuple[str, ...],
        slots: tuple[str, ...],
        feeds: list[Tensor] | None,
    ) -> list[Tensor]:
        """A chain. Its input is its first entry, or a shape kept beside the layers or in the first one."""
        entries = [mapping(item) for item in sequence(config.get("layers"))]
        groups = slots_of(list(entries), skip_inputs=True)
        if entries and text(entries[0].get("class_name")) == "InputLayer":
            first, entries = entries[0], entries[1:]
        else:
            first = _input_entry(config, entries)
        current = feeds if feeds is not None else [self.add_input(first, path)]
        for entry in entries:
            current = self.apply(entry, path, slots, groups, args=[_as_argument(current)], kwargs={})
        return current

    def apply(
        self,
        entry: Mapping[str, Json],
        path: tuple[str, ...],
        slots: tuple[str, ...],
        groups: Mapping[str, str],
        *,
        args: list[Argument],
        kwargs: Mapping[str, Argument],
    ) -> list[Tensor]:
        """Call one saved entry: a layer gives one call, a model those inside it."""
        own = (*path, _name(entry))
        slot = (*slots, groups.get(_name(entry), ""))
        if is_model(entry):
            feeds = list(tensors_in([*args, *kwargs.values()]))
            return self.model(mapping(entry.get("config")), own, slot, feeds)
        if len(self.calls) >= MAX_CALLS:
            raise UnreadableModel(f"The model has more than {MAX_CALLS} layer calls.")
        layer = self._layer(entry, own, slot)
        if text(entry.get("class_name")) in ("TFOpLambda", "SlicingOpLambda"):
            self._add_legacy_operation(layer, mapping(entry.get("config")), args, kwargs)
        else:
            self.calls.append(Call(layer=layer.name, args=tuple(args), kwargs=dict(kwargs)))
        return [Tensor(len(self.calls) - 1)]

    def _add_legacy_operation(
        self, layer: Layer, config: Mapping[str, Json], args: list[Argument], kwargs: Mapping[str, Argument]
    ) -> None:
        """A TensorFlow call of Keras 2, as the operation of Keras 3 where there is one."""
        modern = modern_operation(layer.name, config, args, kwargs)
        if modern is None:
            self.calls.append(Call(layer=layer.name, args=tuple(args), kwargs=dict(kwargs)))
            return
        self.layers[layer.name] = replace(
            layer,
            class_name=modern.class_name,
            module=modern.module,
            registered_name=None,
            config=modern.config,
            is_operation=modern.is_operation,
        )
        self.calls.append(Call(layer=layer.name, args=modern.args))

    def add_input(self, entry: Mapping[str, Json], path: tuple[str, ...]) -> Tensor:
        """An input of the outermost model."""
        layer = self._layer(entry, (*path, _name(entry)), ())
        self.calls.append(Call(layer=layer.name))
        tensor = Tensor(len(self.calls) - 1)
        shape = shape_of(layer.config.get("batch_shape")) or shape_of(layer.config.get("batch_input_shape"))
        if shape is not None:
            self.shapes[tensor] = shape
        self.inputs.append(tensor)
        return tensor

    def _layer(self, entry: Mapping[str, Json], path: tuple[str, ...], slots: tuple[str, ...]) -> Layer:
        """The layer of this path, made on the first call and found again on later ones."""
        if path not in self.names:
            own, whole = path[-1].replace("/", "_"), "_".join(path).replace("/", "_")  # Keras 3 takes no slashes
            name = own if own not in self.layers else whole
            while name in self.layers:
                name += "_"
            self.names[path] = name
            class_name = text(entry.get("class_name")) or ""
            self.layers[name] = Layer(
                name=name,
                class_name=class_name,
                module=text(entry.get("module")),
                registered_name=text(entry.get("registered_name")),
                config=modern_config(class_name, mapping(entry.get("config"))),
                path=path,
                slots=slots,
                is_operation=is_operation(entry),
            )
        return self.layers[self.names[path]]


def _as_argument(tensors: list[Tensor]) -> Argument:
    """What a layer of a chain is called on: one tensor, or the list a model with several outputs gives."""
    return tensors[0] if len(tensors) == 1 else list[Argument](tensors)


def _input_entry(config: Mapping[str, Json], entries: list[dict[str, Json]]) -> dict[str, Json]:
    """An input for a Sequential model that was saved without one."""
    first = mapping(entries[0].get("config")) if entries else {}
    shape = config.get("build_input_shape") or first.get("batch_input_shape") or first.get("batch_shape")
    dtype = text(first.get("dtype")) or "float32"
    inner: dict[str, Json] = {"name": "input", "batch_shape": shape, "dtype": dtype}
    return {"class_name": "InputLayer", "config": inner, "name": "input"}


class _Functional:
    """One Functional model being dissolved: its nodes in order, each resolved to tensors of the graph."""

    def __init__(
        self, builder: _Builder, config: Mapping[str, Json], path: tuple[str, ...], slots: tuple[str, ...]
    ) -> None:
        self.builder, self.path, self.slots = builder, path, slots
        saved = sequence(config.get("layers"))
        self.entries = {_name(mapping(item)): mapping(item) for item in saved}
        self.groups = slots_of(saved, skip_inputs=False)
        names = frozenset(self.entries)
        self.legacy = any(
            isinstance(node, list) for entry in self.entries.values() for node in sequence(entry.get("inbound_nodes"))
        )
        self.nodes: dict[tuple[str, int], SavedCall] = {
            (name, number): read_saved_call(node, names)
            for name, entry in self.entries.items()
            for number, node in enumerate(sequence(entry.get("inbound_nodes")))
        }
        self.input_ports = ports(config.get("input_layers"))
        self.output_ports = ports(config.get("output_layers"))
        self.own_node = self._own_nodes()
        self.done: dict[tuple[str, int], list[Tensor]] = {}

    def _own_nodes(self) -> dict[str, int]:
        """Which nested models count their own node as number 0, so that references to them start at 1.

        Keras 2 does so everywhere, Keras 3 not in arguments (but in `output_layers`, see `_output`). A
        reference past the last node gives it away, and in a Keras 2 file that none is to node 0.
        """
        counts = Counter(name for name, _ in self.nodes)
        used: dict[str, list[int]] = {}
        for call in self.nodes.values():
            for found in references([*call.args, call.kwargs]):
                used.setdefault(found.layer, []).append(found.node)
        return {
            name: 1
            for name, numbers in used.items()
            if is_model(self.entries.get(name, {}))
            and (max(numbers) >= counts[name] or (self.legacy and min(numbers) > 0))
        }

    def run(self, feeds: list[Tensor] | None) -> list[Tensor]:
        """Add all calls in order and return the outputs."""
        self._bind_inputs(feeds)
        for key in self._order():
            self._call(key)
        return [self._output(port) for port in self.output_ports]

    def _bind_inputs(self, feeds: list[Tensor] | None) -> None:
        names = list(dict.fromkeys(port.layer for port in self.input_ports))
        missing = [name for name in names if name not in self.entries]
        if missing or not names:
            raise UnreadableModel(f"The model names inputs that it does not have. Received: {missing}")
        if feeds is not None and len(feeds) < len(names):
            raise UnreadableModel(f"A nested model is called with too few inputs. Received: {self.path[-1]!r}")
        for number, name in enumerate(names):
            tensor = self.builder.add_input(self.entries[name], self.path) if feeds is None else feeds[number]
            self.done[name, 0] = [tensor]
            inner = mapping(self.entries[name].get("config"))
            shape = shape_of(inner.get("batch_shape")) or shape_of(inner.get("batch_input_shape"))
            if shape is not None:
                self.builder.shapes.setdefault(tensor, shape)

    def _order(self) -> list[tuple[str, int]]:
        """Nodes in an order in which each comes after what it reads (Kahn 1962)."""
        needs: dict[tuple[str, int], set[tuple[str, int]]] = {}
        readers: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for key, call in self.nodes.items():
            sources = {self._key(r) for r in references([*call.args, call.kwargs])}
            needs[key] = {s for s in sources if s not in self.done}
            for source in needs[key]:
                readers.setdefault(source, []).append(key)
        ready = deque(key for key, missing in needs.items() if not missing)
        order: list[tuple[str, int]] = []
        while ready:
            key = ready.popleft()
            order.append(key)
            for reader in readers.get(key, []):
                needs[reader].discard(key)
                if not needs[reader]:
                    ready.append(reader)
        return order

    def _key(self, found: Reference) -> tuple[str, int]:
        return found.layer, found.node - self.own_node.get(found.layer, 0)

    def _call(self, key: tuple[str, int]) -> None:
        call = self.nodes[key]
        args = [resolve(arg, self._tensor) for arg in call.args]
        kwargs = {name: resolve(arg, self._tensor) for name, arg in call.kwargs.items()}
        self.done[key] = self.builder.apply(
            self.entries[key[0]], self.path, self.slots, self.groups, args=args, kwargs=kwargs
        )

    def _tensor(self, found: Reference) -> Tensor:
        tensors = self.done[self._key(found)]
        if is_model(self.entries[found.layer]):
            if not 0 <= found.index < len(tensors):
                raise UnreadableModel(f"Output {found.index} of {found.layer!r} does not exist.")
            tensor = tensors[found.index]
        else:
            tensor = Tensor(tensors[0].call, found.index)
        if found.shape is not None:
            self.builder.shapes.setdefault(tensor, found.shape)
        return tensor

    def _output(self, port: Reference) -> Tensor:
        """An output; here Keras 3 counts a nested Functional's own node, so try both numbers."""
        if port.layer not in self.entries:
            raise UnreadableModel(f"The model names an output that it does not have. Received: {port.layer!r}")
        nested = is_model(self.entries[port.layer])
        counts = "output_layers" in mapping(self.entries[port.layer].get("config"))
        shift = max(self.own_node.get(port.layer, 0), int(nested and counts))
        for node in dict.fromkeys((port.node - shift, port.node)):
            if (port.layer, node) in self.done:
                tensors = self.done[port.layer, node]
                return tensors[min(port.index, len(tensors) - 1)] if nested else Tensor(tensors[0].call, port.index)
        raise UnreadableModel(
            "The model's graph has loops or loose ends, so its output cannot be traced back to an input. "
            f"Received: output={port.layer!r}"
        )
