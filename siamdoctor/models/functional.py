"""The nodes of one saved Functional model: which call reads which, and in what order they can be made."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import mapping, sequence, text
from siamdoctor.models.graph import is_operation
from siamdoctor.models.nodes import Reference, SavedCall, ports, read_saved_call, references
from siamdoctor.results import Json

Key = tuple[str, int]  # a layer's name and the number of one of its calls


def is_model(entry: Mapping[str, Json]) -> bool:
    """Whether a saved entry is a model whose layers are written down, whatever its class is called."""
    return isinstance(mapping(entry.get("config")).get("layers"), list)


def saved_name(entry: Mapping[str, Json]) -> str:
    """A layer's name, which stands in its config, beside it, or in both places."""
    return text(entry.get("name")) or text(mapping(entry.get("config")).get("name")) or "unnamed"


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
        slots[saved_name(entry)] = f"{kind}_{seen[kind]}" if seen[kind] else kind
        seen[kind] += 1
    return slots


class Functional:
    """A saved Functional model, taken apart into calls that refer to each other by layer name and number.

    Attributes:
        entries: the saved layers by name.
        slots: their groups in a Keras 3 weight file.
        nodes: every call with its arguments as saved.
        inputs: names of the input layers, in order.
        outputs: the model's outputs as references.
    """

    def __init__(self, config: Mapping[str, Json]) -> None:
        """Read the configuration of the model.

        Raises:
            UnreadableModel: it names inputs that it does not have.
        """
        saved = sequence(config.get("layers"))
        self.entries = {saved_name(mapping(item)): mapping(item) for item in saved}
        if len(self.entries) < len(saved):
            twice = Counter(saved_name(mapping(item)) for item in saved).most_common(1)[0][0]
            raise UnreadableModel(f"The model has several layers of one name. Received: {twice!r}")
        self.slots = slots_of(saved, skip_inputs=False)
        names = frozenset(self.entries)
        self.nodes: dict[Key, SavedCall] = {
            (name, number): read_saved_call(node, names) for name, number, node in self._saved_nodes()
        }
        self.inputs = list(dict.fromkeys(port.layer for port in ports(config.get("input_layers"))))
        self.outputs = ports(config.get("output_layers"))
        missing = [name for name in self.inputs if name not in self.entries]
        if missing or not self.inputs:
            raise UnreadableModel(f"The model names inputs that it does not have. Received: {missing}")
        self._shifts = self._own_nodes()

    def _saved_nodes(self) -> Iterator[tuple[str, int, Json]]:
        for name, entry in self.entries.items():
            for number, node in enumerate(sequence(entry.get("inbound_nodes"))):
                yield name, number, node

    def _own_nodes(self) -> dict[str, int]:
        """Which nested models count their own node as number 0, so that references to them start at 1.

        Keras 2 does so everywhere, Keras 3 not in arguments (but in `output_layers`, see `output_keys`). A
        reference past the last node gives it away, and in a Keras 2 file that none is to node 0.
        """
        legacy = any(isinstance(node, list) for _, _, node in self._saved_nodes())
        counts = Counter(name for name, _ in self.nodes)
        used: dict[str, list[int]] = {}
        named = list(self.outputs) if legacy else []
        for found in [*named, *(r for call in self.nodes.values() for r in references([*call.args, call.kwargs]))]:
            used.setdefault(found.layer, []).append(found.node)
        return {
            name: 1
            for name, numbers in used.items()
            if is_model(self.entries.get(name, {})) and (max(numbers) >= counts[name] or (legacy and min(numbers) > 0))
        }

    def key(self, found: Reference) -> Key:
        """The call that a reference means."""
        return found.layer, found.node - self._shifts.get(found.layer, 0)

    def output_keys(self, port: Reference) -> list[Key]:
        """The calls that an output may mean: here Keras 3 counts a nested Functional's own node as well.

        Raises:
            UnreadableModel: there is no such layer.
        """
        entry = self.entries.get(port.layer)
        if entry is None:
            raise UnreadableModel(f"The model names an output that it does not have. Received: {port.layer!r}")
        counted = is_model(entry) and "output_layers" in mapping(entry.get("config"))
        shift = max(self._shifts.get(port.layer, 0), int(counted))
        return [(port.layer, port.node - shift), (port.layer, port.node)]

    def order(self) -> list[Key]:
        """The calls in an order in which each comes after what it reads (Kahn 1962); loops are left out."""
        needs: dict[Key, set[Key]] = {}
        readers: dict[Key, list[Key]] = {}
        given = {(name, 0) for name in self.inputs}
        for key, call in self.nodes.items():
            needs[key] = {self.key(r) for r in references([*call.args, call.kwargs])} - given
            for source in needs[key]:
                readers.setdefault(source, []).append(key)
        ready = deque(key for key, missing in needs.items() if not missing)
        order: list[Key] = []
        while ready:
            key = ready.popleft()
            order.append(key)
            for reader in readers.get(key, []):
                needs[reader].discard(key)
                if not needs[reader]:
                    ready.append(reader)
        return order
