"""Spoiling JSON: values of other kinds, lost keys, deep nesting, and graphs that do not add up."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

Rng = np.random.Generator
Place = tuple[dict | list, str | int]
STRANGE: tuple[object, ...] = (
    None, True, False, 0, -1, 1, 3, 10**6, 10**12, -(10**30), 10**310, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "x", "../../etc", "Lambda", "InputLayer", "Dense", "Functional", "Sequential", "os", "system", "float32",
    "__lambda__", "__tensor__", "\ud800", "a/b", "é" * 9, "x" * 20_000, [], {}, [[]], [None], [0, 0, 0],
    ["input", 0, 0], ["input", -1, 10**9], [None, 1], [1, 2, 3, 4], [[1, [2]], {"a": 1}],
    {"class_name": "Lambda", "config": {}},
    {"class_name": "__tuple__", "items": [1, 2]}, {"class_name": "__keras_tensor__", "config": {}}, {"config": None},
    {"class_name": "__lambda__", "config": {"code": "4wAAAAA="}}, {"class_name": None, "config": {"layers": []}},
    {"class_name": "function", "config": "relu"}, {"module": "keras.layers", "class_name": 3, "config": "x"},
)  # fmt: skip
KEYS = ("name", "config", "layers", "class_name", "module", "inbound_nodes", "input_layers", "output_layers", "axis")


def spoil_json_text(content: bytes, rng: Rng) -> bytes:
    """JSON text, one to five of whose values were spoilt."""
    try:
        value = json.loads(content)
        text = json.dumps(spoil_json(value, rng))
    except (ValueError, RecursionError):
        return content[::-1]
    if rng.random() < 0.02:
        text = text.replace("{", "{" * 300, 1)
    return text.encode("utf-8", "surrogatepass")


def spoil_json(value: object, rng: Rng) -> object:
    """A copy, one to five of whose values were spoilt."""
    root: list[object] = [copy.deepcopy(value)]
    for _ in range(int(rng.integers(1, 6))):
        places = list(_places(root))
        with suppress(RecursionError):  # nested deeper than what is copied here can be
            _spoil(places, places[int(rng.integers(len(places)))], rng)
    return root[0]


def _spoil(places: list[Place], place: Place, rng: Rng) -> None:
    """Spoil one value."""
    holder, key = place
    other_holder, other_key = places[int(rng.integers(len(places)))]
    other = copy.deepcopy(other_holder[other_key])  # type: ignore[index]
    way = int(rng.integers(10))
    if way < 3:
        holder[key] = copy.deepcopy(STRANGE[int(rng.integers(len(STRANGE)))])  # type: ignore[index]
    elif way == 3 and isinstance(holder, dict):
        del holder[key]
    elif way == 3 and isinstance(holder, list) and len(places) > 1 and holder is not places[0][0]:
        del holder[key]  # type: ignore[arg-type]
    elif way == 4:
        _set(holder, key, other)
    elif way == 5:
        for _ in range(int(rng.choice([1, 3, 30, 150, 400]))):
            holder[key] = [holder[key]] if rng.random() < 0.5 else {"config": holder[key]}  # type: ignore[index]
    elif way == 6 and isinstance(holder, list):
        holder[key:key] = [other] * int(rng.choice([1, 2, 20]))  # type: ignore[misc]
    elif way == 7 and isinstance(holder, dict):
        holder[KEYS[int(rng.integers(len(KEYS)))]] = other
    elif way == 8:
        _miswire(places, rng)
    else:
        _set(holder, key, _nudged(holder[key], rng))  # type: ignore[index]


def _set(holder: dict | list, key: str | int, value: object) -> None:
    """Put a value in a place, unless that would make the whole hold itself."""
    if len(json.dumps(value)) < 200_000:
        holder[key] = value  # type: ignore[index]


def _nudged(value: object, rng: Rng) -> object:
    """Something of the same kind."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        return value * int(rng.choice([-1, 0, 2, 1000, 10**9])) + int(rng.integers(-2, 3))
    if isinstance(value, str):
        return (
            value[: len(value) // 2] if rng.random() < 0.5 else value + str(rng.choice(["_1", "/", "\0", "..", ">x"]))
        )
    if isinstance(value, list):
        return value[::-1] if rng.random() < 0.5 else value * 2
    return dict(list(value.items())[::-1]) if isinstance(value, dict) else value


def _miswire(places: list[Place], rng: Rng) -> None:
    """Let references to layers point at other layers, and give layers each other's names: loops and loose ends."""
    names = [h[k] for h, k in places if k == "name" and isinstance(h[k], str)]  # type: ignore[index]
    wires = [h for h, k in places if k == 0 and isinstance(h, list) and len(h) in (3, 4) and h[0] in names]
    named = [h for h, k in places if k == "name" and isinstance(h, dict)]
    for _ in range(int(rng.integers(1, 4))):
        if wires and rng.random() < 0.7:
            wire = wires[int(rng.integers(len(wires)))]
            wire[int(rng.integers(3))] = [str(rng.choice(np.array(names))), 0, 1, 2, -1][int(rng.integers(5))]
        elif named:
            named[int(rng.integers(len(named)))]["name"] = str(rng.choice(np.array(names)))


def _places(root: dict | list) -> Iterator[Place]:
    """Every place in a value where something stands, the root's own first."""
    stack: list[dict | list] = [root]
    while stack:
        holder = stack.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            inner = holder[key]  # type: ignore[index]
            if isinstance(inner, dict | list):
                stack.append(inner)
