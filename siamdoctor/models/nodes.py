"""The two ways in which Keras writes down what a layer was called with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from siamdoctor.models.config import integer, mapping, sequence, shape_of, text
from siamdoctor.models.graph import Argument, Shape, Tensor
from siamdoctor.results import Json


@dataclass(frozen=True, slots=True)
class Reference:
    """A tensor as saved: output `index` of the `node`-th call of the layer of that name, in one model."""

    layer: str
    node: int
    index: int
    shape: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCall:
    """Arguments of one saved call, in which `reference` finds the tensors."""

    args: list[Json]
    kwargs: dict[str, Json]


def read_saved_call(node: Json, names: frozenset[str]) -> SavedCall:
    """One entry of `inbound_nodes`, from Keras 3 (a mapping) or Keras 2 (a list per tensor).

    Keras 2 lists may hide further tensors in their keyword arguments, as `["layer", 0, 0]`; only a list
    that starts with a known layer name is taken for one.
    """
    if isinstance(node, dict):
        return SavedCall(args=sequence(node.get("args")), kwargs=mapping(node.get("kwargs")))
    items = sequence(node)
    if items and isinstance(items[0], str):  # a single tensor without the enclosing list
        items = [items]
    tensors: list[Json] = []
    kwargs: dict[str, Json] = {}
    for item in items:
        parts = sequence(item)
        tensors.append(_legacy_argument(parts[:3], names))
        if len(parts) > 3:  # noqa: PLR2004  (name, node, index, keyword arguments)
            kwargs |= {k: _legacy_argument(v, names) for k, v in mapping(parts[3]).items()}
    first: Json = tensors[0] if len(tensors) == 1 else tensors
    return SavedCall(args=[first] if tensors else [], kwargs=kwargs)


def _legacy_argument(value: Json, names: frozenset[str]) -> Json:
    """Rewrite `["layer", 0, 0]` as the mapping that Keras 3 uses; constants stay what they are."""
    parts = sequence(value)
    if len(parts) == 3 and text(parts[0]) == "_CONSTANT_VALUE":  # noqa: PLR2004  (marker, -1, value)
        return parts[2]
    is_tensor = len(parts) >= 3 and isinstance(parts[0], str) and parts[0] in names  # noqa: PLR2004  (the same)
    if is_tensor and integer(parts[1]) is not None:
        return {"class_name": "__keras_tensor__", "config": {"keras_history": parts[:3]}}
    if parts:
        return [_legacy_argument(part, names) for part in parts]
    return value


def reference(value: Json) -> Reference | None:
    """The tensor that a saved argument stands for, or None where it is a constant or a container."""
    saved = mapping(value)
    if saved.get("class_name") != "__keras_tensor__":
        return None
    config = mapping(saved.get("config"))
    parts = sequence(config.get("keras_history"))
    if len(parts) != 3:  # noqa: PLR2004  (layer, node, output)
        return None
    name, node, index = text(parts[0]), integer(parts[1]), integer(parts[2])
    if name is None or node is None or index is None:
        return None
    return Reference(name, node, index, shape_of(config.get("shape")))


def references(value: Json) -> Iterator[Reference]:
    """All tensors inside a saved argument, in order."""
    found = reference(value)
    if found is not None:
        yield found
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)


def resolve(value: Json, lookup: Callable[[Reference], Tensor]) -> Argument:
    """The saved argument with every reference replaced by the tensor of the dissolved graph."""
    found = reference(value)
    if found is not None:
        return lookup(found)
    if isinstance(value, list):
        return [resolve(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, lookup) for key, item in value.items()}
    return value


def ports(value: Json) -> list[Reference]:
    """The tensors that `input_layers` or `output_layers` name: one, a list, or a mapping of them."""
    parts = sequence(value)
    if len(parts) == 3 and isinstance(parts[0], str):  # noqa: PLR2004  (layer, node, output)
        node, index = integer(parts[1]), integer(parts[2])
        return [] if node is None or index is None else [Reference(parts[0], node, index)]
    inner: list[Json] = list(value.values()) if isinstance(value, Mapping) else parts
    return [port for item in inner for port in ports(item)]
