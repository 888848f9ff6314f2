"""Model files whose HDF5 part is damaged, points elsewhere, or declares far too much."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
from model_pieces import CANARY, Make, archive, content, dense, dense_weights, functional, given, hdf5


def damaged_weights(path: Path) -> None:
    broken = bytearray(hdf5(dense_weights))
    broken[len(broken) // 3 :] = b"\xff" * (len(broken) - len(broken) // 3)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(functional(given(), dense())))
        file.writestr("model.weights.h5", bytes(broken))


def external_dataset(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (4, 2), "f4", external=[(str(CANARY), 0, 32)])


def virtual_dataset(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4, 2), "f4")
    layout[:] = h5py.VirtualSource(str(CANARY), "data", (4, 2))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


def soft_link(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = h5py.SoftLink("/elsewhere")


def external_link(file: h5py.File) -> None:
    file["layers/dense/vars/0"] = h5py.ExternalLink(str(CANARY), "/data")


def empty_giant(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", (1 << 14, 1 << 15), "f4")


def many_giants(file: h5py.File) -> None:
    for number in range(300):
        file.create_dataset(f"layers/dense/vars/{number}", (4000, 4000), "f4", chunks=(1000, 1000))


def objects_inside(file: h5py.File) -> None:
    file.create_dataset("layers/dense/vars/0", data=np.array(["a", "b"], dtype=h5py.string_dtype()))


def itself_inside(file: h5py.File) -> None:
    dense_weights(file)
    file["layers/dense/again"] = file["layers"]


def packed_zeros(file: h5py.File) -> None:
    """Seventy gzipped arrays of 62 MB of zeros, each small enough to pass alone."""
    packed = zlib.compress(bytes(4 * 2000 * 8000))
    for number in range(70):
        array = file.create_dataset(
            f"layers/dense/vars/{number}", (2000, 8000), "f4", chunks=(2000, 8000), compression="gzip"
        )
        array.id.write_direct_chunk((0, 0), packed)


# Each file with a word of the message that a reader must give.
HDF5: dict[str, tuple[Make, str]] = {
    "HDF5 without anything in it": (content(hdf5(lambda _: None)), "saving it failed"),
    "HDF5 with weights alone": (content(hdf5(dense_weights)), "--architecture"),
    "damaged weights": (damaged_weights, "damaged"),
    "soft link": (archive(functional(given(), dense()), soft_link), "links"),
    "external link": (archive(functional(given(), dense()), external_link), "links"),
    "external dataset": (archive(functional(given(), dense()), external_dataset), "another file"),
    "virtual dataset": (archive(functional(given(), dense()), virtual_dataset), "another file"),
    "dataset of two gigabytes": (archive(functional(given(), dense()), empty_giant), "declares"),
    "three hundred datasets": (archive(functional(given(), dense()), many_giants), "declare"),
    "group that holds itself": (archive(functional(given(), dense()), itself_inside), "holds itself"),
    "zeros that unpack to four gigabytes": (
        lambda path: path.write_bytes(hdf5(packed_zeros)) and None,
        "declare",
    ),
    "dataset of texts": (archive(functional(given(), dense()), objects_inside), "numbers"),
}
