"""Loss, metrics and optimizer as a saved model remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.config import mapping, number, short_name, text
from siamdoctor.models.known_classes import LOSSES
from siamdoctor.results import Json

ACCURACY = frozenset({"accuracy", "acc"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What was passed to `compile`. A margin kept in a closure is stored nowhere.

    accuracy_may_be_own: `accuracy` is stored as a word that stands for Keras' own and for a user's function alike.
    """

    loss: str | None
    from_logits: bool
    metrics: tuple[str, ...]
    optimizer: str | None
    learning_rate: float | None
    accuracy_may_be_own: bool


def read_compiled(saved: Mapping[str, Json], *, functions_by_name: bool = False) -> Compiled:
    """Read a `compile_config` (`.keras`) or `training_config` (HDF5, SavedModel).

    Args:
        saved: the configuration.
        functions_by_name: whether it stores a function as its bare name, as a `training_config` does.
    """
    loss = _first(saved.get("loss"))
    stored = [*_stored(saved.get("metrics")), *_stored(saved.get("weighted_metrics"))]
    own_loss = short_name(loss) not in LOSSES | {None}
    optimizer = saved.get("optimizer") or saved.get("optimizer_config")
    settings = mapping(mapping(optimizer).get("config"))
    rate = settings.get("learning_rate", settings.get("lr"))
    return Compiled(
        loss=short_name(loss),
        from_logits=mapping(mapping(loss).get("config")).get("from_logits") is True,
        metrics=tuple(dict.fromkeys(name for metric in stored if (name := _metric_name(metric)) is not None)),
        optimizer=short_name(optimizer),
        learning_rate=number(rate)
        if number(rate) is not None
        else number(mapping(mapping(rate).get("config")).get("initial_learning_rate")),
        accuracy_may_be_own=functions_by_name and own_loss and any(metric in ACCURACY for metric in _words(stored)),
    )


def _first(value: Json) -> Json:
    """The loss itself where there is one per output."""
    if isinstance(value, list):
        return next((_first(item) for item in value if item is not None), None)
    saved = mapping(value)
    if saved and "class_name" not in saved:
        return next((_first(item) for item in saved.values() if item is not None), None)
    return value


def _stored(value: Json) -> list[Json]:
    """The metrics, however they are nested by output."""
    if isinstance(value, list):
        return [metric for item in value for metric in _stored(item)]
    saved = mapping(value)
    if saved and "class_name" not in saved:
        return [metric for item in saved.values() for metric in _stored(item)]
    return [value]


def _words(stored: list[Json]) -> list[str]:
    return [metric for metric in stored if isinstance(metric, str)]


def _metric_name(metric: Json) -> str | None:
    """Name of one metric; of a user's function called like one of Keras', that it is the user's."""
    saved = mapping(metric)
    own = text(mapping(saved.get("config")).get("name")) if saved else None
    name = short_name(metric)
    own_function = saved.get("class_name") == "function" and text(saved.get("module")) == "builtins"
    registered = isinstance(metric, str) and ">" in metric and name in ACCURACY
    if own_function or registered or _wraps_own_accuracy(saved):
        return f"{own or name} (custom function)"  # a user's own `accuracy` is not Keras' accuracy
    return own or name if name and name != "function" else name


def _wraps_own_accuracy(saved: Mapping[str, Json]) -> bool:
    """Whether Keras 2 wrapped a user's function `accuracy`: of its own it wraps `binary_accuracy` and the like."""
    wrapped = short_name(mapping(saved.get("config")).get("fn"))
    return saved.get("class_name") == "MeanMetricWrapper" and wrapped in ACCURACY
