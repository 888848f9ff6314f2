"""The call graph of a saved model, with nested models dissolved into their layers.

A saved twin is one nested encoder with two inbound nodes, or, in flat models, every shared layer has two.
Dissolving nested models makes both look alike: a list of calls, where a shared layer is called twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from siamdoctor.models.config import mapping, text
from siamdoctor.models.known_classes import LAYERS, OPERATIONS
from siamdoctor.results import Json

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One output of one call: `Graph.calls[call]`, output number `index`."""

    call: int
    index: int = 0

    def moved(self, calls: Mapping[int, int]) -> Tensor:
        """The same output after the calls were renumbered."""
        return Tensor(calls[self.call], self.index)


# What a layer is called with: tensors, constants, and lists and mappings of both.
Argument = None | bool | int | float | str | Tensor | list["Argument"] | dict[str, "Argument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer or raw operation, with its saved configuration.

    name: unique in the graph. path: names of the enclosing models and its own name, as saved. slots: the
    same path as group names of a Keras 3 weight file (snake_case class and a number). is_operation: a raw
    `keras.ops` operation, which has no variables. is_supplied: the user's code, named with
    --custom-objects, has this class.
    """

    name: str
    class_name: str
    module: str | None
    registered_name: str | None
    config: Mapping[str, Json]
    path: tuple[str, ...]
    slots: tuple[str, ...]
    is_operation: bool
    is_supplied: bool = False

    @property
    def is_input(self) -> bool:
        """Whether this stands for an input of the model."""
        return self.class_name == "InputLayer"

    @property
    def is_foreign(self) -> bool:
        """Whether the class comes from the user's code, even where it is named like one of Keras'.

        Keras writes a registered name without a module for those; HDF5 files have neither, so there the
        class name is all that is known.
        """
        if self.module is None:
            return self.registered_name is not None
        known_as = (None, self.class_name, f"keras>{self.class_name}")
        root = self.module.partition(".")[0]
        return self.registered_name not in known_as or root not in ("keras", "tf_keras", "tensorflow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One application of a layer."""

    layer: str
    args: tuple[Argument, ...] = ()
    kwargs: Mapping[str, Argument] | None = None

    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors that the call reads, in order, repetitions included."""
        return tuple(tensors_in([*self.args, *(self.kwargs or {}).values()]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Calls in an order in which each comes after what it reads.

    inputs and outputs are tensors; shapes holds what the file recorded of tensors' shapes, batch axis
    included, and is not to be trusted.
    """

    layers: Mapping[str, Layer]
    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    shapes: Mapping[Tensor, Shape]

    def layer_of(self, tensor: Tensor) -> Layer:
        """The layer whose call made the tensor."""
        return self.layers[self.calls[tensor.call].layer]

    def ancestors(self, ends: tuple[Tensor, ...], stop: frozenset[Tensor] = frozenset()) -> frozenset[int]:
        """Numbers of the calls that `ends` depend on, going no further up than the tensors of `stop`."""
        found: set[int] = set()
        stack = [t for t in ends if t not in stop]
        while stack:
            number = stack.pop().call
            if number not in found:
                found.add(number)
                stack.extend(t for t in self.calls[number].tensors() if t not in stop)
        return frozenset(found)

    def used_layers(self, calls: frozenset[int]) -> tuple[Layer, ...]:
        """The layers of some calls, each once, in order of computation, inputs left out."""
        names = dict.fromkeys(self.calls[number].layer for number in sorted(calls))
        return tuple(self.layers[name] for name in names if not self.layers[name].is_input)


def tensors_in(arguments: list[Argument]) -> Iterator[Tensor]:
    """The tensors inside nested arguments, in order."""
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        elif isinstance(argument, list):
            yield from tensors_in(argument)
        elif isinstance(argument, dict):
            yield from tensors_in(list(argument.values()))


def replace_tensors(argument: Argument, new: Mapping[Tensor, Tensor]) -> Argument:
    """The same argument with tensors exchanged; those not in `new` stay."""
    if isinstance(argument, Tensor):
        return new.get(argument, argument)
    if isinstance(argument, list):
        return [replace_tensors(a, new) for a in argument]
    if isinstance(argument, dict):
        return {k: replace_tensors(a, new) for k, a in argument.items()}
    return argument


def renumber(call: Call, calls: Mapping[int, int]) -> Call:
    """The same call in a graph whose calls were renumbered."""
    new = {t: t.moved(calls) for t in call.tensors()}
    return Call(
        layer=call.layer,
        args=tuple(replace_tensors(a, new) for a in call.args),
        kwargs={k: replace_tensors(a, new) for k, a in (call.kwargs or {}).items()},
    )


def is_operation(entry: Mapping[str, Json]) -> bool:
    """Whether a saved layer entry is a raw operation: those lack `dtype` and `trainable` in their config.

    That, and not the name, tells the operation `Subtract` from the layer `Subtract`.
    """
    module = text(entry.get("module")) or ""
    if module.startswith(("keras.src.ops", "keras.ops")):
        return True
    config = mapping(entry.get("config"))
    class_name = text(entry.get("class_name"))
    casts = class_name in OPERATIONS and class_name not in LAYERS  # such as `Cast`, whose dtype is an argument
    bare = ("dtype" not in config or casts) and "trainable" not in config and "batch_input_shape" not in config
    named = "name" in config  # Keras 2 wrote nothing at all for a layer or model of the user's own
    return bare and named and not module and class_name != "InputLayer" and "layers" not in config
