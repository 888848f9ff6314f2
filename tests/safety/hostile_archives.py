"""Model files whose archive is damaged, lies or unpacks to far too much, and files of no known kind."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from model_pieces import Make, archive, content, dense, dense_weights, functional, given, hdf5, member


def truncated(path: Path) -> None:
    archive(functional(given(), dense()))(path)
    path.write_bytes(path.read_bytes()[:-200])


def encrypted(path: Path) -> None:
    archive(functional(given(), dense()))(path)
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    data[start + 8] |= 1
    path.write_bytes(bytes(data))


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


# Each file with a word of the message that a reader must give.
ARCHIVES: dict[str, tuple[Make, str]] = {
    "empty file": (content(b""), "encoder.keras"),
    "text": (content(b"hello"), "neither"),
    "pickle": (content(b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins"), "neither"),
    "truncated archive": (truncated, "cut short"),
    "archive without a configuration": (lambda p: zipfile.ZipFile(p, "w").writestr("x", "y"), "config.json"),
    "member above the archive": (member("../evil"), "outside"),
    "member with an absolute name": (member("/etc/evil"), "outside"),
    "member with a drive": (member("C:evil"), "outside"),
    "encrypted archive": (encrypted, "encrypted"),
    "padded configuration": (archive(b" " * (90 << 20) + b"{}"), "unpacks"),
    "directory that disagrees with the header": (lying_name, "damaged"),
    "file that is mostly a hole": (mostly_a_hole, "hole"),
    "forty thousand members": (many_members, "more members"),
    "member that is longer than it says": (lying_size, "damaged|not as long"),
    "member with a wrong checksum": (lying_checksum, "damaged"),
    "member of an unknown packing": (unknown_packing, "damaged"),
    "member of another packing": (wrong_packing, "damaged"),
    "weights of zeros": (weights_of_zeros, "unpacks"),
    "Git LFS pointer": (content(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), "git lfs pull"),
}
