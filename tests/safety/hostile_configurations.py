"""Model files whose configuration is no JSON, no model, or a model without an end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from model_pieces import Make, archive, dense, functional, given, node, other, tensor


def without_output(path: Path) -> None:
    """An output that no layer has; found by the fuzzer."""
    model = functional(given(), dense())
    model["config"]["output_layers"] = [0, 0, 0]
    archive(model)(path)


def nested_copies(depth: int) -> dict:
    """A model that calls a model twice that calls a model twice ... without a single layer."""
    inner = functional(given(), output="input", name="m0")
    for level in range(1, depth):
        name = f"m{level - 1}"
        calls = [{"args": [tensor("input")], "kwargs": {}}, {"args": [tensor(name)], "kwargs": {}}]
        inner = functional(given(), {**inner, "name": name, "inbound_nodes": calls}, name=f"m{level}")
    return inner


def _noise(length: int) -> str:
    """Text that packing does not shrink to nothing."""
    return np.random.default_rng(0).bytes(length // 2).hex()


LOOP = functional(given(), {**dense(), "inbound_nodes": [node("dense")]})

# Each file with a word of the message that a reader must give.
CONFIGURATIONS: dict[str, tuple[Make, str]] = {
    "output that no layer has": (without_output, "no output|output"),
    "deep nesting": (archive(b"[" * 100_000), "JSON"),
    "nesting that Python can parse": (archive(b'{"config": ' + b"[" * 500 + b"]" * 500 + b"}"), "deeper"),
    "endless number": (archive(b'{"config": ' + b"9" * 5000 + b"}"), "JSON"),
    "no UTF-8": (archive(b'{"config": "\xff\xfe"}'), "JSON"),
    "configuration of a list": (archive(b"[1, 2]"), "saving it failed|weights only"),
    "layers that are no mappings": (archive({"config": {"layers": [1, None, "x"], "output_layers": []}}), "one name"),
    "configuration of twenty megabytes": (archive(json.dumps({"a": _noise(17_500_000)}).encode()), "unpacks|MiB"),
    "two layers of one name": (
        archive(functional(given(), dense(), {**other("Flatten"), "name": "input"})),
        "one name",
    ),
    "input that is another layer": (archive(functional(given(), dense(), first="dense")), "no input layer"),
    "loop": (archive(LOOP), "loops"),
    "reference to a layer that is not there": (
        archive(functional(given(), {**dense(), "inbound_nodes": [node("ghost")]})),
        "loops or loose ends",
    ),
    "models nested too deep": (archive(nested_copies(60)), "nested"),
    "models that double at each level": (archive(nested_copies(25)), "nested|wide"),
    "class of its own": (archive({"module": None, "class_name": "Mine", "config": {}}), "encoder.keras"),
}
