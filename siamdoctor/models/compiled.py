"""Loss, metrics and optimizer as a saved model remembers them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siamdoctor.models.config import mapping, number, short_name, text
from siamdoctor.results import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What was passed to `compile`. A margin kept in a closure is stored nowhere."""

    loss: str | None
    from_logits: bool
    metrics: tuple[str, ...]
    optimizer: str | None
    learning_rate: float | None


def read_compiled(saved: Mapping[str, Json]) -> Compiled:
    """Read a `compile_config` (`.keras`) or `training_config` (`.h5`)."""
    loss = _first(saved.get("loss"))
    optimizer = saved.get("optimizer") or saved.get("optimizer_config")
    settings = mapping(mapping(optimizer).get("config"))
    rate = settings.get("learning_rate", settings.get("lr"))
    return Compiled(
        loss=short_name(loss),
        from_logits=mapping(mapping(loss).get("config")).get("from_logits") is True,
        metrics=tuple(dict.fromkeys([*_names(saved.get("metrics")), *_names(saved.get("weighted_metrics"))])),
        optimizer=short_name(optimizer),
        learning_rate=number(rate)
        if number(rate) is not None
        else number(mapping(mapping(rate).get("config")).get("initial_learning_rate")),
    )


def _first(value: Json) -> Json:
    """The loss itself where there is one per output."""
    if isinstance(value, list):
        return next((_first(item) for item in value if item is not None), None)
    saved = mapping(value)
    if saved and "class_name" not in saved:
        return next((_first(item) for item in saved.values() if item is not None), None)
    return value


def _names(value: Json) -> list[str]:
    """Names of metrics, however they are nested by output."""
    if isinstance(value, list):
        return [name for item in value for name in _names(item)]
    saved = mapping(value)
    if saved and "class_name" not in saved:
        return [name for item in saved.values() for name in _names(item)]
    own = text(mapping(saved.get("config")).get("name")) if saved else None
    name = short_name(value)
    own_function = saved.get("class_name") == "function" and text(saved.get("module")) == "builtins"
    if own_function or _wraps_own_accuracy(saved):
        return [f"{own or name} (custom function)"]  # a user's own `accuracy` is not Keras' accuracy
    return [own or name] if name and name != "function" else [] if name is None else [name]


def _wraps_own_accuracy(saved: Mapping[str, Json]) -> bool:
    """Whether Keras 2 wrapped a user's function `accuracy`: of its own it wraps `binary_accuracy` and the like."""
    wrapped = short_name(mapping(saved.get("config")).get("fn"))
    return saved.get("class_name") == "MeanMetricWrapper" and wrapped in ("accuracy", "acc")
