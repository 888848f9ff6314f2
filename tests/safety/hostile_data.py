"""Data sets, histories and settings files that are damaged, or made to harm whoever reads them.

Each is made in a folder of its own, and the maker gives back the path that a user would name.
"""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Make = Callable[[Path], Path]


class Payload:
    """What a pickle would run; it would leave a file behind."""

    def __reduce__(self) -> tuple[object, ...]:
        """Called when it is pickled, and says what to call when it is unpickled."""
        return os.mkdir, ("/tmp/siamdoctor-payload",)  # noqa: S108  (never made: a test looks for it)


def npy_header(shape: object, descr: object = "<f4") -> bytes:
    """The beginning of an .npy file that declares this; a shape may be any text."""
    shown = shape if isinstance(shape, str) else repr(shape)
    said = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shown}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said


def file(name: str, content: bytes) -> Make:
    """A file of this name and content."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def npz(packing: int = zipfile.ZIP_STORED, **members: bytes) -> Make:
    """An archive of array files, given as bytes."""

    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "data.npz", "w", packing) as archive:
            for name, content in members.items():
                archive.writestr(f"{name}.npy", content)
        return folder / "data.npz"

    return make


def saved_npz(*, compressed: bool = False, **arrays: np.ndarray) -> Make:
    """An archive that numpy wrote."""

    def make(folder: Path) -> Path:
        (np.savez_compressed if compressed else np.savez)(folder / "data.npz", **arrays)
        return folder / "data.npz"

    return make


def cut(make: Make, share: float) -> Make:
    """The first part of another file."""

    def shorter(folder: Path) -> Path:
        path = make(folder)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        return path

    return shorter


def hole(folder: Path) -> Path:
    """Three gigabytes of nothing, called an array."""
    with (folder / "x.npy").open("wb") as out:
        out.write(npy_header((750_000_000, 1)))
        out.truncate(3 << 30)
    np.save(folder / "y.npy", np.zeros(9))
    return folder


def too_many_samples(folder: Path) -> Path:
    np.save(folder / "x.npy", np.zeros((3_000_000, 1), np.uint8))
    np.save(folder / "y.npy", np.zeros(3_000_000, np.uint8))
    return folder


def many_members(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number:060}.npy", b"")
    return folder / "data.npz"


def png(width: int, height: int, body: bytes = b"\0" * 99) -> bytes:
    """A picture that declares a size, whatever it holds."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def pictures(content: bytes, suffix: str = "png") -> Make:
    """Two classes of pictures, all with this content."""

    def make(folder: Path) -> Path:
        for number in range(8):
            (folder / "data" / f"class{number // 4}").mkdir(parents=True, exist_ok=True)
            (folder / "data" / f"class{number // 4}" / f"{number}.{suffix}").write_bytes(content)
        return folder / "data"

    return make


def pipes(folder: Path) -> Path:
    """Class folders in which named pipes are called pictures; opening one would wait for ever."""
    for number in range(4):
        (folder / "data" / f"class{number // 2}").mkdir(parents=True, exist_ok=True)
        os.mkfifo(folder / "data" / f"class{number // 2}" / f"{number}.png")
    return folder / "data"


def links(folder: Path) -> Path:
    """Class folders that hold each other."""
    for name in ("a", "b"):
        (folder / "data" / name).mkdir(parents=True)
    (folder / "data" / "a" / "b").symlink_to(folder / "data" / "b")
    (folder / "data" / "b" / "a").symlink_to(folder / "data" / "a")
    (folder / "data" / "a" / "self.png").symlink_to(folder / "data" / "a" / "self.png")
    return folder / "data"


def pixels(suffix: str) -> bytes:
    """A small picture in some format."""
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)).save(out, suffix)
    return out.getvalue()


ZEROS = zlib.compress(bytes(1 << 20), 9)
Y = np.repeat([0, 1], 6)
X = np.random.default_rng(0).random((12, 4)).astype(np.float32)
OBJECTS = np.array([Payload()] * 12, dtype=object)
NO_TEXT = np.repeat(np.array([0x41, 0x7FFFFFFF], np.uint32), 6).view("<U1")  # beyond the last character there is
LIST = "left,right,label\n"

DATA: dict[str, tuple[Make, str]] = {
    "empty npz": (file("data.npz", b""), "damaged"),
    "npz cut short": (cut(saved_npz(x=X, y=Y), 0.6), "damaged"),
    "pickled objects": (saved_npz(x=OBJECTS, y=Y), "objects"),
    "labels of characters that do not exist": (saved_npz(x=X, y=NO_TEXT), "do not exist"),
    "pickled labels": (saved_npz(x=X, y=OBJECTS), "objects"),
    "pickle": (file("data.pkl", pickle.dumps(Payload())), "[Pp]ickle"),
    "pickle under another name": (file("data.csv", pickle.dumps(Payload())), "[Pp]ickle"),
    "torch pickle": (file("data.pt", b"PK\x03\x04rest"), "Archives|[Pp]ickle"),
    "array that declares 240 GB": (npz(x=npy_header((10**10, 6)) + bytes(99), y=npy_header((4,)) + bytes(16)), "size"),
    "packed array that declares 240 GB": (
        npz(zipfile.ZIP_DEFLATED, x=npy_header((10**10, 6)) + bytes(99), y=npy_header((4,)) + bytes(16)),
        "size",
    ),
    "array of zeros that unpacks to 360 MB": (
        npz(
            zipfile.ZIP_DEFLATED, x=npy_header((100, 1_000_000)) + bytes(400_000_000), y=npy_header((100,)) + bytes(400)
        ),
        "unpack",
    ),
    "array of negative length": (npz(x=npy_header((-3, -4)) + bytes(48), y=npy_header((4,)) + bytes(16)), "damaged"),
    "header without an end": (npz(x=npy_header("(") + bytes(48), y=npy_header((4,)) + bytes(16)), "damaged"),
    "header that is code": (
        file("x.npy", b"\x93NUMPY\x01\x00\x28\x00__import__('os').mkdir('/tmp/siamdoctor')"),
        "damaged|samples",
    ),
    "header that nests": (npz(x=npy_header("(" * 300 + ")" * 300), y=npy_header((4,)) + bytes(16)), "damaged"),
    "scalars": (saved_npz(x=np.float32(3), y=np.int64(1)), "first axis"),
    "dates": (saved_npz(x=X.astype("M8[s]"), y=Y), "not numbers"),
    "records": (saved_npz(x=np.zeros(12, "f4,i4"), y=Y), "not numbers|first axis"),
    "nothing but NaN": (saved_npz(x=np.full((12, 4), np.nan), y=Y), "NaN"),
    "file that is mostly a hole": (hole, "hole"),
    "three million samples": (too_many_samples, "samples are not read"),
    "thirty thousand arrays": (many_members, "more members"),
    "labels of another length": (saved_npz(x=X, y=Y[:-1]), "differ"),
    "one class": (saved_npz(x=X, y=Y * 0), "two classes"),
    "bomb of pixels": (pictures(png(60_000, 60_000)), "megapixels"),
    "pictures cut short": (pictures(pixels("png")[:150]), "truncated|damaged"),
    "PostScript called PNG": (pictures(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "known kind"),
    "SVG called PNG": (
        pictures(b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://x.org/a'/></svg>"),
        "kind",
    ),
    "text called PNG": (pictures(b"hello"), "known kind"),
    "empty pictures": (pictures(b""), "kind|damaged"),
    "named pipes": (pipes, "not a file"),
    "links in a circle": (links, "."),
    "empty folder": (lambda folder: folder, "."),
    "empty list": (file("pairs.csv", b""), "empty"),
    "list of NULs": (file("pairs.csv", LIST.encode() + b"\0\0,\0,1\n"), "."),
    "list in UTF-16": (file("pairs.csv", LIST.encode("utf-16")), "UTF-8"),
    "list of remote files": (file("pairs.csv", LIST.encode() + b"https://x.org/a.png,b.png,1\n"), "local"),
    "list of files that do not exist": (file("pairs.csv", LIST.encode() + b"a.png,b.png,1\nc.png,d.png,0\n"), "exist"),
    "list of long names": (file("pairs.csv", LIST.encode() + b"a" * 5000 + b".png,b.png,1\n"), "exist|long"),
    "list with rows cut short": (file("pairs.csv", LIST.encode() + b"a.png,b.png\n"), "short"),
    "list of one endless line": (file("pairs.csv", b"," * 30_000_000), "line"),
    "list of empty lines": (file("pairs.csv", b"\n" * 30_000_000), "lines"),
    "LFW list without pictures": (file("pairs.txt", b"1\nAnn\t1\t2\nAnn\t1\tBob\t1\n"), "not found"),
    "LFW list of endless numbers": (file("pairs.txt", b"1\nAnn\t" + b"9" * 5000 + b"\t2\nAnn\t1\tBob\t1\n"), "."),
    "archive of pictures": (lambda folder: npz(a=b"x")(folder).rename(folder / "data.zip"), "Unpack"),
    "unknown kind": (file("data.bin", b"\x00\x01\x02"), "kind"),
}


def nest(levels: int) -> bytes:
    """YAML in which each line names the one before ten times (the billion laughs)."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


def merges(levels: int) -> bytes:
    """The same with merge keys, which PyYAML writes out while it reads."""
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, levels)]
    return "\n".join(lines).encode()


SETTINGS: dict[str, tuple[bytes, str]] = {
    "tag that makes an object": (b"model: !!python/object/apply:os.system ['true']", "YAML"),
    "tag that names a function": (b"model: !!python/name:os.system", "YAML"),
    "billion laughs": (nest(12), "aliases"),
    "billion laughs as augmentation": (b"training:\n  augmentation: " + b"&a " + b"[1]\n" + nest(9), "aliases"),
    "merges that grow": (merges(10), "aliases"),
    "value that holds itself": (b"training: {augmentation: &a [*a]}", "mappings"),
    "deep nesting": (b"a: " + b"[" * 5000, "YAML"),
    "endless number": (b"seed: " + b"9" * 5000, "."),
    "no UTF-8": (b"model: \xff\xfe", "UTF-8"),
    "ten megabytes": (b"# x\n" * 2_500_000, "KB"),
    "remote model": (b"model: {path: 'https://x.org/model.keras'}", "local"),
    "key twice": (b"seed: 1\nseed: 2", "twice"),
}
HISTORIES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("history.csv", b"", "no epoch"),
    "pickle": ("history.json", pickle.dumps(Payload()), "pickled"),
    "pickled numpy": ("history.npy", npy_header((1,), "|O") + pickle.dumps([1]), "pickled"),
    "deep JSON": ("history.json", b"[" * 100_000, "JSON"),
    "JSON of endless numbers": ("history.json", b'{"loss": [' + b"9" * 5000 + b"]}", "JSON"),
    "forty megabytes of numbers": ("history.json", b"[" + b"1," * 20_000_000 + b"1]", "larger"),
    "binary": ("history.csv", b"\xff\xfe\x00\x01", "neither"),
    "event file cut short": ("events.out.tfevents.1", struct.pack("<QI", 16, 0) + b"\x1a\x0dbrain.Event:2", "no epoch"),
    "event file of lying lengths": (
        "events.out.tfevents.1",
        struct.pack("<QI", 16, 0) + b"\x1a\x0dbrain.Event:2" + b"\0" * 5 + struct.pack("<QI", 2**63, 0) + b"x" * 40,
        "no epoch",
    ),
}
