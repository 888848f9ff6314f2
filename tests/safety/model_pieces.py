"""Model files made by hand, piece by piece, without Keras."""

from __future__ import annotations

import atexit
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

# A file that hostile ones point at; whoever follows them opens it, which can be seen. Each process has its own, since
# tests run side by side.
CANARY = Path(tempfile.gettempdir()) / f"siamdoctor-canary-{os.getpid()}"
atexit.register(CANARY.unlink, missing_ok=True)
Make = Callable[[Path], None]


def dense(units: object = 2, *, after: str = "input", **extra: object) -> dict:
    return {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"name": "dense", "trainable": True, "dtype": "float32", "units": units, **extra},
        "registered_name": None,
        "name": "dense",
        "inbound_nodes": [node(after)],
    }


def node(*names: str) -> dict:
    return {"args": [tensor(name) for name in names], "kwargs": {}}


def tensor(name: str, number: int = 0, index: int = 0) -> dict:
    config = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, number, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def given(shape: tuple = (None, 4)) -> dict:
    config = {"name": "input", "batch_shape": list(shape), "dtype": "float32"}
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": config,
        "name": "input",
        "inbound_nodes": [],
    }


def functional(*layers: dict, output: str | None = None, name: str = "model", first: str = "input") -> dict:
    config = {
        "name": name,
        "trainable": True,
        "layers": list(layers),
        "input_layers": [first, 0, 0],
        "output_layers": [output or layers[-1]["name"], 0, 0],
    }
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": "Functional"}


def other(class_name: str, **config: object) -> dict:
    settings = {"name": "odd", "trainable": True, "dtype": "float32", **config}
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": settings,
        "registered_name": None,
        "name": "odd",
        "inbound_nodes": [node("input")],
    }


def chain(length: int, class_name: str = "Identity", **settings: object) -> dict:
    """A row of layers without weights, with a trained one at its end."""
    row = [given()]
    for number in range(length):
        before = row[-1]["name"]
        layer = other(class_name, **settings)
        layer["config"]["name"] = layer["name"] = f"layer{number}"
        row.append({**layer, "inbound_nodes": [node(before)]})
    return functional(*row, dense(after=row[-1]["name"]))


def dense_weights(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = np.zeros((4, 2), np.float32)
    file["layers/dense/vars/1"] = np.zeros(2, np.float32)


def hdf5(fill: Callable[[h5py.File], None]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def archive(config: object, fill: Callable[[h5py.File], None] = dense_weights) -> Make:
    text = config if isinstance(config, bytes) else json.dumps(config).encode()

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("config.json", text)
            file.writestr("metadata.json", '{"keras_version": "3.15.1"}')
            file.writestr("model.weights.h5", hdf5(fill))

    return make


def member(name: str) -> Make:
    def make(path: Path) -> None:
        archive(functional(given(), dense()))(path)
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(name, b"x")

    return make


def content(data: bytes) -> Make:
    return lambda path: path.write_bytes(data) and None
