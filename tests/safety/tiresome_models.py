"""Model files that are no more than very large, or very winding."""

from __future__ import annotations

import json
from collections.abc import Callable

import h5py
import numpy as np
from model_pieces import Make, archive, chain, given, other, tensor


def long_twin(length: int, *, doubling: bool = False) -> dict:
    """A twin of as many trained layers in a flat model, whose head may double its width at each step."""
    model = chain(length, "Dense", units=4)["config"]
    for layer in model["layers"][1:]:
        first = layer["inbound_nodes"][0]
        second = json.loads(json.dumps(first).replace(", 0, 0]", ", 1, 0]").replace('["input", 1', '["second", 0'))
        layer["inbound_nodes"] = [first, second]
    other_input = json.loads(json.dumps(given()).replace('"input"', '"second"'))
    sides = [tensor("dense", 0), tensor("dense", 1)]
    head = {**other("Subtract"), "inbound_nodes": [{"args": [sides], "kwargs": {}}]}
    layers = [model["layers"][0], other_input, *model["layers"][1:], head]
    for number in range(60 if doubling else 0):
        double = {**other("Concatenate"), "inbound_nodes": [{"args": [[tensor(layers[-1]["name"])] * 2], "kwargs": {}}]}
        double["config"] = {**double["config"], "name": f"double{number}"}
        layers.append({**double, "name": f"double{number}"})
    model |= {"layers": layers, "input_layers": [["input", 0, 0], ["second", 0, 0]]}
    model["output_layers"] = [layers[-1]["name"], 0, 0]
    return {"module": "keras", "class_name": "Functional", "config": model, "registered_name": "Functional"}


def long_weights(length: int) -> Callable[[h5py.File], None]:
    def fill(file: h5py.File) -> None:
        for number in range(length + 1):
            group = f"layers/dense_{number}" if number else "layers/dense"
            file[f"{group}/vars/0"] = np.eye(4, 2 if number == length else 4, dtype=np.float32)

    return fill


# Files that are read, however tiresome they are.
TIRESOME: dict[str, Make] = {
    "thousands of layers": archive(chain(4000)),
    "a twin of a thousand trained layers": archive(long_twin(1000), long_weights(1000)),
    "a head that doubles sixty times": archive(long_twin(2, doubling=True), long_weights(2)),
}
