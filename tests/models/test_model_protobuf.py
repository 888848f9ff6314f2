"""The reader of protocol buffers: what was written comes back, and any bytes are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from siamdoctor.models.protobuf import Malformed, fields, read_varint


@given(st.integers(0, 2**63))
def test_varints_are_read_as_written(number):
    written, rest = bytearray(), number
    while rest >= 0x80:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    assert read_varint(bytes(written), 0) == (number, len(written))


@given(st.binary(max_size=60))
def test_any_bytes_are_fields_or_malformed(data):
    try:
        found = list(fields(data))
    except Malformed:
        return
    assert all(isinstance(value, int | bytes) for _, value in found)
