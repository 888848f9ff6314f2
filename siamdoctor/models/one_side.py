"""A Lambda on two embeddings whose code reads one of them twice, as `lambda t: abs(t[0] - t[0])` does."""

from __future__ import annotations

from siamdoctor.models.bytecode import mentions
from siamdoctor.models.clues import codes, is_lambda
from siamdoctor.models.graph import Graph

SIDES = 2


def side_read_twice(head: Graph) -> int | None:
    """Number of the side that the comparison reads, where it is a Lambda that reads one alone; else None.

    Its code is looked at, not run.
    """
    for call in head.calls:
        layer = head.layers[call.layer]
        given = call.args[0] if call.args else None
        if not is_lambda(layer) or given != list(head.inputs) or len(head.inputs) != SIDES:
            continue
        for code in codes(layer.config.get("function")):
            read = mentions(code).subscripts
            if len(read) >= SIDES and set(read) in ({0}, {1}):
                return read[0]
    return None
