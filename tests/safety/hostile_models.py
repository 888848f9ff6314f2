"""Model files that are damaged, or made to harm whoever reads them."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from model_pieces import (
    CANARY,
    Make,
    archive,
    content,
    dense,
    dense_weights,
    functional,
    given,
    hdf5,
    member,
    node,
    other,
    tensor,
)


def truncated(path: Path) -> None:
    archive(functional(given(), dense()))(path)
    path.write_bytes(path.read_bytes()[:-200])


def damaged_weights(path: Path) -> None:
    broken = bytearray(hdf5(dense_weights))
    broken[len(broken) // 3 :] = b"\xff" * (len(broken) - len(broken) // 3)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(functional(given(), dense())))
        file.writestr("model.weights.h5", bytes(broken))


def encrypted(path: Path) -> None:
    archive(functional(given(), dense()))(path)
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    data[start + 8] |= 1
    path.write_bytes(bytes(data))


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


def mostly_a_hole(path: Path) -> None:
    with path.open("wb") as file:
        file.write(hdf5(dense_weights))
        file.truncate(3 << 30)


def many_members(path: Path) -> None:
    """Forty thousand members, of which none is large."""
    archive(functional(given(), dense()))(path)
    with zipfile.ZipFile(path, "a") as file:
        for number in range(40_000):
            file.writestr(f"assets/{number:030}", b"")


def _directory_field(path: Path, offset: int, number: int, size: int) -> None:
    """Let the first entry of an archive's directory say something else."""
    archive(functional(given(), dense()))(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + size] = struct.pack("<L", number)[:size]
    path.write_bytes(bytes(data))


def without_output(path: Path) -> None:
    """An output that no layer has; found by the fuzzer."""
    model = functional(given(), dense())
    model["config"]["output_layers"] = [0, 0, 0]
    archive(model)(path)


def lying_name(path: Path) -> None:
    """Directory and header disagree on how long the first name is; zipfile's message then quotes the whole file."""
    archive(functional(given(), dense()))(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x03\x04") + 26
    data[at : at + 2] = struct.pack("<H", 60_000)
    path.write_bytes(bytes(data) + b" " * 70_000)


def lying_size(path: Path) -> None:
    _directory_field(path, 24, 5, 4)


def lying_checksum(path: Path) -> None:
    _directory_field(path, 16, 12345, 4)


def unknown_packing(path: Path) -> None:
    _directory_field(path, 10, 99, 2)


def wrong_packing(path: Path) -> None:
    _directory_field(path, 10, 14, 2)


def weights_of_zeros(path: Path) -> None:
    """A bomb of a ratio that small members are allowed: 400 MB out of six."""
    pattern = np.random.default_rng(0).integers(0, 256, 1 << 12, dtype=np.uint8).tobytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", json.dumps(functional(given(), dense())))
        with file.open("model.weights.h5", "w") as stream:
            for _ in range(400):
                stream.write((pattern + bytes((1 << 18) - (1 << 12))) * 4)


def nested_copies(depth: int) -> dict:
    """A model that calls a model twice that calls a model twice ... without a single layer."""
    inner = functional(given(), output="input", name="m0")
    for level in range(1, depth):
        name = f"m{level - 1}"
        calls = [{"args": [tensor("input")], "kwargs": {}}, {"args": [tensor(name)], "kwargs": {}}]
        inner = functional(given(), {**inner, "name": name, "inbound_nodes": calls}, name=f"m{level}")
    return inner


def chain(length: int, class_name: str = "Identity", **settings: object) -> dict:
    """A row of layers without weights, with a trained one at its end."""
    row = [given()]
    for number in range(length):
        before = row[-1]["name"]
        layer = other(class_name, **settings)
        layer["config"]["name"] = layer["name"] = f"layer{number}"
        row.append({**layer, "inbound_nodes": [node(before)]})
    return functional(*row, dense(after=row[-1]["name"]))


def lookup(after: str) -> dict:
    """A layer that would read its words from a file, behind another one, where it is not the model's beginning."""
    return {**other("StringLookup", vocabulary=str(CANARY)), "inbound_nodes": [node(after)]}


def _noise(length: int) -> str:
    """Text that packing does not shrink to nothing."""
    return np.random.default_rng(0).bytes(length // 2).hex()


LOOP = functional(given(), {**dense(), "inbound_nodes": [node("dense")]})
STRANGE = {"class_name": {"a": 1}, "config": {}}
STRANGE_ARGUMENT = {
    **dense(),
    "inbound_nodes": [
        {"args": [tensor("input")], "kwargs": {"mask": {"class_name": "__lambda__", "config": {"code": "x"}}}}
    ],
}

# Each file with a word of the message that a reader must give.
REFUSED_ON_READING: dict[str, tuple[Make, str]] = {
    "empty file": (content(b""), "encoder.keras"),
    "text": (content(b"hello"), "neither"),
    "pickle": (content(b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins"), "neither"),
    "HDF5 without anything in it": (content(hdf5(lambda _: None)), "saving it failed"),
    "HDF5 with weights alone": (content(hdf5(dense_weights)), "--architecture"),
    "truncated archive": (truncated, "cut short"),
    "damaged weights": (damaged_weights, "damaged"),
    "archive without a configuration": (lambda p: zipfile.ZipFile(p, "w").writestr("x", "y"), "config.json"),
    "member above the archive": (member("../evil"), "outside"),
    "member with an absolute name": (member("/etc/evil"), "outside"),
    "member with a drive": (member("C:evil"), "outside"),
    "encrypted archive": (encrypted, "encrypted"),
    "padded configuration": (archive(b" " * (90 << 20) + b"{}"), "unpacks"),
    "output that no layer has": (without_output, "no output|output"),
    "directory that disagrees with the header": (lying_name, "damaged"),
    "deep nesting": (archive(b"[" * 100_000), "JSON"),
    "nesting that Python can parse": (archive(b'{"config": ' + b"[" * 500 + b"]" * 500 + b"}"), "deeper"),
    "endless number": (archive(b'{"config": ' + b"9" * 5000 + b"}"), "JSON"),
    "no UTF-8": (archive(b'{"config": "\xff\xfe"}'), "JSON"),
    "configuration of a list": (archive(b"[1, 2]"), "saving it failed|weights only"),
    "layers that are no mappings": (archive({"config": {"layers": [1, None, "x"], "output_layers": []}}), "one name"),
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
    "file that is mostly a hole": (mostly_a_hole, "hole"),
    "forty thousand members": (many_members, "more members"),
    "member that is longer than it says": (lying_size, "damaged|not as long"),
    "member with a wrong checksum": (lying_checksum, "damaged"),
    "member of an unknown packing": (unknown_packing, "damaged"),
    "member of another packing": (wrong_packing, "damaged"),
    "weights of zeros": (weights_of_zeros, "unpacks"),
    "configuration of twenty megabytes": (archive(json.dumps({"a": _noise(17_500_000)}).encode()), "unpacks|MiB"),
    "Git LFS pointer": (content(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), "git lfs pull"),
    "two layers of one name": (
        archive(functional(given(), dense(), {**other("Flatten"), "name": "input"})),
        "one name",
    ),
    "input that is another layer": (archive(functional(given(), dense(), first="dense")), "no input layer"),
    "dataset of texts": (archive(functional(given(), dense()), objects_inside), "numbers"),
    "loop": (archive(LOOP), "loops"),
    "reference to a layer that is not there": (
        archive(functional(given(), {**dense(), "inbound_nodes": [node("ghost")]})),
        "loops or loose ends",
    ),
    "models nested too deep": (archive(nested_copies(60)), "nested"),
    "models that double at each level": (archive(nested_copies(25)), "nested|wide"),
    "class of its own": (archive({"module": None, "class_name": "Mine", "config": {}}), "encoder.keras"),
}
REFUSED_ON_LOADING: dict[str, tuple[Make, str]] = {
    "layer of two hundred million units": (archive(functional(given(), dense(200_000_000))), "units=200000000"),
    "input of a billion numbers": (archive(functional(given((None, 10**9)), dense())), "no stored weight"),
    "huge product of small sizes": (
        archive(functional(given((None, 4000, 4000, 500)), other("Flatten"))),
        "numbers of one sample",
    ),
    "repetition": (
        archive(functional(given(), other("RepeatVector", n=10**8))),
        "no stored weight",
    ),
    "weights that do not fit": (archive(functional(given((None, 9)), dense())), "do not fit"),
    "more weights than the layer has": (
        archive(functional(given(), dense(use_bias=False))),
        "do not fit",
    ),
    "Lambda": (archive(functional(given(), other("Lambda", function="os.system"), dense(after="odd"))), "Lambda"),
    "SavedModel inside": (archive(functional(given(), other("TFSMLayer", filepath="saved"))), "TFSMLayer"),
    "Torch module inside": (archive(functional(given(), other("TorchModuleWrapper"))), "TorchModuleWrapper"),
    "vocabulary file": (
        archive(functional(given(), chain(1)["config"]["layers"][1], lookup("layer0"), dense(after="odd"))),
        "StringLookup",
    ),
    "vocabulary in a harmless layer": (
        archive(functional(given(), other("Flatten", vocabulary=str(CANARY)))),
        "vocabulary",
    ),
    "class of another module": (archive(functional(given(), {**dense(), "module": "os"})), "Dense"),
    "registered class in disguise": (
        archive(functional(given(), {**dense(), "registered_name": "Evil>Dense"})),
        "Dense",
    ),
    "function as activation": (
        archive(
            functional(
                given(),
                dense(activation={"module": "os", "class_name": "function", "config": "system"}),
            )
        ),
        "function",
    ),
    "named function as activation": (archive(functional(given(), dense(activation="system"))), "system"),
    "foreign initialiser": (
        archive(functional(given(), dense(kernel_initializer={"module": "os", "class_name": "Popen", "config": {}}))),
        "Popen",
    ),
    "Lambda inside a wrapper": (
        archive(
            functional(
                given((None, 3, 4)),
                other("TimeDistributed", layer={"module": "keras.layers", "class_name": "Lambda", "config": {}}),
            )
        ),
        "Lambda",
    ),
    "code among the arguments": (archive(functional(given(), STRANGE_ARGUMENT)), "__lambda__"),
    "class of a strange kind among the arguments": (
        archive(
            functional(
                given(), {**dense(), "inbound_nodes": [{"args": [tensor("input")], "kwargs": {"mask": STRANGE}}]}
            )
        ),
        "called with",
    ),
    "operation that Keras does not have": (
        archive(functional(given(), {**other("Popen"), "module": "keras.src.ops.numpy"})),
        "Popen",
    ),
}


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

# Those that only Keras' own dry run of the network can tell; all others are refused before it is imported.
REFUSED_BY_KERAS = frozenset({"weights that do not fit", "more weights than the layer has"})
