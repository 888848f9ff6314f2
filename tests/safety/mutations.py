"""Ways to spoil a file that leave enough of it whole to get past the first check.

Flipped bytes seldom reach further than a checksum. So a container is opened, something inside it is spoilt by
what it is (JSON, HDF5, protocol buffer, array, table), and the container is closed again; or the container
itself is made to lie.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from spoilt_hdf5 import spoil_hdf5
from spoilt_json import spoil_json_text
from spoilt_zip import spoil_zip

Rng = np.random.Generator
STRUCTURED = 0.8  # of all mutations; the rest are raw bytes
TOKENS = (
    *("nan", "inf", "-1", "1e999", "0x41", "9" * 400, "", '"', "'", "\0", "\n", "\r", ",", ";", "\t", ":", "{", "["),
    *("&a", "*a", "!!python/object/apply:os.system [true]", "!!binary x", "!!int x", "!!float .", "<<: *a", "- ", "? "),
    *("../../etc/passwd", "/dev/zero", "https://x.org/a.png", "\ufeff", "\u202e", "é", "🙂", "true"),
    *("null", "~", "label", "left", "!!timestamp 0"),
)  # fmt: skip


def mutate(seed: Path, target: Path, rng: Rng) -> None:
    """Write a spoilt copy of a seed, which may be a folder, of which then one or two files are spoilt."""
    if not seed.is_dir():
        target.write_bytes(spoilt(seed.read_bytes(), seed.name, rng))
        return
    shutil.copytree(seed, target, dirs_exist_ok=True)
    files = sorted(p for p in target.rglob("*") if p.is_file() and p.stat().st_size)
    for file in rng.permutation(np.array(files, dtype=object))[: int(rng.integers(1, 3))]:
        if rng.random() < 0.05 and file.exists():
            file.unlink()
        elif file.exists():
            file.write_bytes(spoilt(file.read_bytes(), file.name, rng))


def spoilt(content: bytes, name: str, rng: Rng) -> bytes:
    """The content, spoilt by what it is."""
    if rng.random() > STRUCTURED:
        return spoil_bytes(content, rng)
    return _way_for(content, name)(content, rng)


def _way_for(content: bytes, name: str) -> Callable[[bytes, Rng], bytes]:
    """How to spoil a file of this kind, known by its first bytes, else by its name."""
    beginnings: dict[bytes, Callable[[bytes, Rng], bytes]] = {
        b"PK\x03\x04": lambda data, rng: spoil_zip(data, rng, inside=spoilt),
        b"\x89HDF": spoil_hdf5,
        b"\x93NUMPY": spoil_npy,
    }
    endings: dict[str, Callable[[bytes, Rng], bytes]] = {
        "keras_metadata.pb": spoil_metadata,
        ".json": spoil_json_text,
        **dict.fromkeys((".csv", ".txt", ".yaml"), spoil_text),
    }
    by_content = next((way for start, way in beginnings.items() if content.startswith(start)), None)
    return by_content or next((way for end, way in endings.items() if name.endswith(end)), spoil_bytes)


def spoil_bytes(content: bytes, rng: Rng) -> bytes:
    """Flip, cut, repeat, blank or exchange bytes somewhere."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 6))):
        if not data:
            return bytes(rng.integers(0, 256, 9, dtype=np.uint8))
        start = int(rng.integers(len(data)))
        stop = min(len(data), start + int(rng.choice([1, 2, 4, 8, 64, 600])))
        way = int(rng.integers(6))
        if way == 0:
            data[start] ^= 1 << int(rng.integers(8))
        elif way == 1:
            data[start:stop] = rng.integers(0, 256, stop - start, dtype=np.uint8).tobytes()
        elif way == 2:
            data[start:stop] = bytes([int(rng.choice([0, 1, 127, 128, 255]))]) * (stop - start)
        elif way == 3:
            data[start:start] = data[start:stop] * int(rng.integers(1, 4))
        elif way == 4:
            del data[start : stop if rng.random() < 0.8 else len(data)]
        else:
            number = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)[int(rng.integers(7))]
            data[start : start + 8] = struct.pack("<Q", number)
    return bytes(data)


def spoil_text(content: bytes, rng: Rng) -> bytes:
    """Exchange words, repeat and mix up lines of a table or of YAML."""
    lines = content.decode("utf-8", "replace").split("\n")
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(lines)))
        token = str(rng.choice(np.array(TOKENS, dtype=object)))
        way = int(rng.integers(6))
        if way == 0:
            lines[at] = token
        elif way == 1:
            cells = lines[at].split(" " if " " in lines[at] else ",")
            cells[int(rng.integers(len(cells)))] = token
            lines[at] = (" " if " " in lines[at] else ",").join(cells)
        elif way == 2:
            lines[at:at] = [lines[int(rng.integers(len(lines)))]] * int(rng.choice([1, 2, 50]))
        elif way == 3:
            lines[at] = lines[at] * int(rng.choice([2, 30]))
        elif way == 4:
            lines[at] = lines[at][: int(rng.integers(len(lines[at]) + 1))] + token
        else:
            rng.shuffle(lines)
    text = "\n".join(lines)
    coding = str(rng.choice(["utf-8"] * 8 + ["utf-16", "latin-1"]))
    return text.encode(coding, "replace")


def spoil_npy(content: bytes, rng: Rng) -> bytes:
    """Let an array's header declare something else than the file holds."""
    end = content.find(b"\n")
    if end < 0:
        return spoil_bytes(content, rng)
    said = content[10:end].decode("latin-1")
    old, new = (str(word) for word in rng.choice(np.array(HEADERS, dtype=object)))
    found = said.find(old)
    if found >= 0:
        stop = said.index(")", found) + 1 if old == "(" else found + len(old)
        said = said[:found] + new + said[stop:]
    elif rng.random() < 0.5:
        said = new
    header = said.encode("latin-1", "replace")
    start = bytes([int(rng.choice([1, 1, 1, 2, 3, 9])), 0])
    length = struct.pack("<H" if start[0] == 1 else "<I", min(len(header) + 1, 65535))
    return b"\x93NUMPY" + start + length + header + b"\n" + content[end + 1 :]


HEADERS = (
    ("(", "(12, 10000000000)"), ("(", "(-3, 4)"), ("(", "()"), ("(", "(0,)"), ("(", "(True, 72)"), ("(", "(1.5,)"),
    ("(", "(" + "1, " * 60 + ")"), ("(", "(9223372036854775807, 2)"), ("(", "('a',)"), ("(", "((2, 6), 72)"),
    ("'|u1'", "'|O'"), ("'|u1'", "'<M8[s]'"), ("'|u1'", "'<U18'"), ("'|u1'", "'|V1'"), ("'|u1'", "'|S0'"),
    ("'|u1'", "[('a', '|u1')]"), ("'|u1'", "[('a', '|O')]"), ("'|u1'", "'<c8'"), ("'<f8'", "'|O'"),
    ("'<i8'", "'<m8[D]'"),
    ("'|u1'", "'?'"), ("'<f4'", "'<f2'"), ("False", "True"), ("False", "1"), ("False", "None"), ("False", "[]*9"),
    ("descr", "desc"), ("{", "{" * 90), ("{", "__import__('os').getpid()"), ("}", ""), ("'", '"'),
    ("}", ", 'extra': 1}"),
    ("{", "{'a': " * 30), ("(", "(99999999999999999999999999,)"),
)  # fmt: skip


def spoil_metadata(content: bytes, rng: Rng) -> bytes:
    """Spoil the JSON text inside `keras_metadata.pb` and write the message around it anew."""
    nodes: list[bytes] = []
    for node in _fields(content):
        parts = _fields(node[1]) if node[0] == 1 else []
        whole = b"".join(
            _field(number, spoil_json_text(value, rng) if number == 5 and rng.random() < 0.5 else value)
            for number, value in parts
        )
        nodes.append(_field(1, whole) if parts else _field(*node))
    return b"".join(nodes)


def _fields(message: bytes) -> list[tuple[int, bytes]]:
    """Fields of a message that TensorFlow wrote; numbers are kept as the bytes that encode them."""
    found, place = [], 0
    while place < len(message):
        number, kind = message[place] >> 3, message[place] & 7
        value, end = _varint(message, place + 1)
        if kind == 2:
            found.append((number, message[end : end + value]))
            place = end + value
        else:
            found.append((-message[place], message[place + 1 : end]))
            place = end
    return found


def _field(number: int, value: bytes) -> bytes:
    if number < 0:
        return bytes([-number]) + value
    length, left = bytearray(), len(value)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    return bytes([number << 3 | 2, *length, left]) + value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (message[place] & 127) << shift
        place, shift = place + 1, shift + 7
        if message[place - 1] < 128:
            return value, place
