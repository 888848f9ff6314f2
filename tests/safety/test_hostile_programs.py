"""Programs of SavedModels that are meant to cost time or memory, or to reach further than they should."""

from __future__ import annotations

import time

import pytest
from siamdoctor.errors import UnreadableModel
from siamdoctor.models.reading import read_blueprint
from siamdoctor.settings import ModelSettings

TRUSTED = ModelSettings(trust_savedmodel=True)


def varint(number: int) -> bytes:
    digits = []
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def field(number: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def node(name: str, kind: str, *inputs: str, calls: str = "") -> bytes:
    called = field(5, field(1, "f") + field(2, field(10, field(1, calls)))) if calls else b""
    return field(1, name) + field(2, kind) + b"".join(field(3, i) for i in inputs) + called


def function(name: str, nodes: list[bytes], output: str) -> bytes:
    signature = field(1, name) + field(2, field(1, "a")) + field(3, field(1, "o"))
    return field(1, signature) + b"".join(field(3, n) for n in nodes) + field(4, field(1, "o") + field(2, output))


def program(*functions: bytes) -> bytes:
    """A SavedModel whose one signature calls the function `f0`."""
    top = field(1, node("x", "Placeholder")) + field(1, node("c", "PartitionedCall", "x", calls="f0"))
    axes = field(2, b"\x08\x03") + field(2, b"\x08\x04")
    given = field(1, field(1, "x") + field(2, field(1, "x:0") + b"\x10\x01" + field(3, axes)))
    signature = field(1, "serving_default") + field(2, given + field(2, field(1, "o") + field(2, field(1, "c:0"))))
    library = field(2, b"".join(field(1, f) for f in functions))
    return field(2, field(1, field(4, "serve")) + field(2, top + library) + field(5, signature))


HOSTILE = {
    "calls that double": (
        program(
            *(
                function(f"f{n}", [node("p", "PartitionedCall", "a", calls=f"f{n + 1}"),
                                   node("q", "PartitionedCall", "p:o:0", calls=f"f{n + 1}")], "q:o:0")
                for n in range(30)
            ),
            function("f30", [node("n", "Abs", "a")], "n:y:0"),
        ),
        "unfold",
    ),
    "a call of itself": (program(function("f0", [node("p", "PartitionedCall", "a", calls="f0")], "p:o:0")), "unfold"),
    "a circle": (
        program(function("f0", [node("n", "Add", "a", "m:z:0"), node("m", "Add", "n:z:0", "a")], "n:z:0")),
        "wait for one another",
    ),
    "a missing function": (program(), "'f0' is missing"),
    "a message of nothing but parts": (b"\x12\x00" * (4 << 20), "parts"),
    "a function of nothing but parts": (program(function("f0", [], "a") + b"\x1a\x00" * (1 << 20)), "parts"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_refused_in_no_time(name, tmp_path):
    content, words = HOSTILE[name]
    (tmp_path / "saved_model.pb").write_bytes(content)
    began = time.process_time()
    with pytest.raises(UnreadableModel, match=words):
        read_blueprint(tmp_path, TRUSTED)
    assert time.process_time() - began < 2


def test_what_reaches_beyond_the_program_is_named(tmp_path):
    """As a hint: a program can do harm without any of these."""
    nodes = [node("n", "Abs", "a"), node("w", "WriteFile", "a", "a")]
    (tmp_path / "saved_model.pb").write_bytes(program(function("f0", nodes, "n:y:0")))
    found = read_blueprint(tmp_path, ModelSettings()).program
    assert found.of_note == ("WriteFile",)
    assert dict(found.operations) == {"Abs": 1}
