"""Finding the margin of a loss, wherever its author put it: attribute, config, argument, closure or global."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType

NAMES = ("margin", "_margin", "m", "alpha", "triplet_margin", "contrastive_margin", "margin_value")
DEPTH = 4  # a function in a closure in a wrapper in a Loss object


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """A margin and, in words, where it stood."""

    value: float
    place: str


def find_margin(loss: object) -> Margin | None:
    """The margin of a loss function or loss object, or None where no number has such a name.

    Args:
        loss: what `compile` was given; names of losses (strings) hold none.
    """
    return next(_margins(loss, DEPTH, set()), None)


def _margins(loss: object, depth: int, seen: set[int]) -> Iterator[Margin]:
    """Every margin that can be found, the plainest place first; what is nested comes last."""
    if loss is None or isinstance(loss, str | int | float) or depth == 0 or id(loss) in seen:
        return
    seen.add(id(loss))
    inner: list[object] = []
    if isinstance(loss, functools.partial):
        yield from _named(_bound(loss), "an argument of the partial function")
        inner.append(loss.func)
    elif isinstance(loss, MethodType):
        inner += [loss.__self__, loss.__func__]
    elif isinstance(loss, FunctionType):
        cells = _cells(loss)
        yield from _named(cells, "the closure")
        yield from _named(_defaults(loss), "the default of an argument")
        yield from _named({n: loss.__globals__.get(n) for n in loss.__code__.co_names}, "a global variable")
        inner += [value for value in (*cells.values(), getattr(loss, "__wrapped__", None)) if callable(value)]
    else:
        yield from _of_object(loss)
        inner += [value for value in _attributes(loss).values() if callable(value)]
        inner.append(getattr(type(loss), "call", None))
    for each in inner:
        yield from _margins(each, depth - 1, seen)


def _of_object(loss: object) -> Iterator[Margin]:
    """Attributes of a loss object, what its `get_config` tells, and keywords that it hands on to a function."""
    attributes = _attributes(loss)
    yield from _named(attributes, "an attribute of the loss")
    config = getattr(loss, "get_config", None)
    if callable(config):
        try:
            told = config()
        except NotImplementedError:  # Keras' own way of saying that there is none
            told = None
        if isinstance(told, Mapping):
            yield from _named(told, "the configuration of the loss")
    for value in attributes.values():
        if isinstance(value, Mapping):
            yield from _named(value, "a keyword that the loss hands on")


def _named(values: Mapping[str, object], place: str) -> Iterator[Margin]:
    """The values that are called like a margin and are a usable number."""
    by_name = {str(name).lower(): value for name, value in values.items()}
    for name in NAMES:
        number = _number(by_name.get(name))
        if number is not None:
            yield Margin(value=number, place=f"{place} ({name})")


def _number(value: object) -> float | None:
    """A finite number of 0 or more, also out of a scalar tensor or variable."""
    if isinstance(value, bool | str) or value is None or callable(value):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _cells(function: FunctionType) -> dict[str, object]:
    """The variables of a closure; one that is not filled yet is left out."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # an empty cell
            continue
    return found


def _defaults(function: FunctionType) -> dict[str, object]:
    """Arguments with a default, by name."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _bound(partial: functools.partial[object]) -> dict[str, object]:
    """Arguments that a partial function fixes, by name where the function's signature can be had."""
    try:
        bound = inspect.signature(partial.func).bind_partial(*partial.args, **partial.keywords)
    except (TypeError, ValueError):
        return dict(partial.keywords)
    return dict(bound.arguments)


def _attributes(loss: object) -> dict[str, object]:
    """What an object holds in itself."""
    return dict(getattr(loss, "__dict__", {}))
