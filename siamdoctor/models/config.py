"""Narrowing of untrusted JSON: what is not of the wanted kind becomes empty instead of raising."""

from __future__ import annotations

from collections.abc import Iterator

from siamdoctor.results import Json

MAX_DEPTH = 200


def mapping(value: Json) -> dict[str, Json]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Json) -> list[Json]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Json) -> str | None:
    """The value if it is a string, else None."""
    return value if isinstance(value, str) else None


def integer(value: Json) -> int | None:
    """The value if it is a whole number (true and false are not), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Json) -> float | None:
    """The value if it is a number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # JSON's whole numbers have no end
        return None


def shape_of(value: Json) -> tuple[int | None, ...] | None:
    """A stored shape such as `[null, 28, 28, 1]`; None where the value is no shape."""
    if not isinstance(value, list) or not all(axis is None or integer(axis) is not None for axis in value):
        return None
    return tuple(integer(axis) for axis in value)


def objects(value: Json) -> Iterator[dict[str, Json]]:
    """Every JSON object inside the value, the value itself first, without recursion."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def depth(value: Json) -> int:
    """How deep the value nests; more than `MAX_DEPTH` is reported as `MAX_DEPTH + 1`."""
    level, deepest = [value], 0
    while level and deepest <= MAX_DEPTH:
        below: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level, deepest = below, deepest + 1
    return deepest


def short_name(config: Json) -> str | None:
    """The name of a serialised class or function, however it was written down, without its package.

    Keras stores `"relu"`, `"Custom>Adam"`, `{"class_name": "GlorotUniform", ...}` or
    `{"class_name": "function", "config": "contrastive_loss", ...}`.
    """
    saved = mapping(config)
    name = config if isinstance(config, str) else text(saved.get("class_name"))
    if name == "function":
        name = text(saved.get("config")) or text(saved.get("registered_name"))
    return None if name is None else name.rpartition(">")[2]
