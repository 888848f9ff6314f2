"""The configuration of a head with another last activation."""

from __future__ import annotations

from siamdoctor.errors import Unavailable
from siamdoctor.models.config import mapping, sequence
from siamdoctor.results import Json


def without_softmax(config: Json) -> Json:
    """The configuration with its last softmax turned into a sigmoid."""
    outer = dict(mapping(config))
    inner = mapping(outer.get("config"))
    entries = [dict(mapping(entry)) for entry in sequence(inner.get("layers"))]
    for entry in reversed(entries):
        settings = mapping(entry.get("config"))
        if settings.get("activation") == "softmax":
            entry["config"] = {**settings, "activation": "sigmoid"}
            break
        if entry.get("class_name") == "Softmax":
            settings = {"name": settings.get("name"), "activation": "sigmoid"}
            nodes: list[Json] = [{**mapping(n), "kwargs": {}} for n in sequence(entry.get("inbound_nodes"))]
            entry |= {"module": "keras.layers", "class_name": "Activation", "config": settings, "inbound_nodes": nodes}
            break
    else:
        raise Unavailable("the head does not end in a softmax")
    outer["config"] = {**inner, "layers": list[Json](entries)}
    return outer
