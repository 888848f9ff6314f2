"""What marshalled Python code mentions: names, operators and numbers, found without unmarshalling it.

Unmarshalling bytes of a stranger, or of another Python version, can crash the process. But strings and
numbers lie in them as they are, and instructions have been two bytes each since Python 3.6.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

# Strings in marshalled code: short (one length byte) or long (four), with or without the reference flag.
SHORT = re.compile(rb"[zZ\xfa\xda]([\x01-\xff])", re.DOTALL)
LONG = re.compile(rb"[aAuts\xe1\xc1\xf5\xf4\xf3]([\x01-\xff])\x00\x00\x00", re.DOTALL)
IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]*\Z")
# The instructions follow five or six numbers of four bytes each, depending on the version.
STARTS = (21, 25)
SIZES: Mapping[str, int] = {"N": 0, "T": 0, "F": 0, "i": 4, "g": 8, "r": 4}  # of constants, by their letter
OLD_OPERATORS: Mapping[int, str] = {  # until Python 3.10 each operator had an instruction of its own
    11: "negative",
    16: "matmul",
    19: "power",
    20: "multiply",
    23: "add",
    24: "subtract",
    27: "divide",
}
NEW_OPERATORS: Mapping[int, str] = {  # since 3.11 it is the argument of BINARY_OP
    0: "add",
    4: "matmul",
    5: "multiply",
    8: "power",
    10: "subtract",
    11: "divide",
}
LOADS_OF_CONSTANTS = (100, 83)  # until and since Python 3.13
LOAD_LOCAL, SUBSCRIPT = 124, 25  # until Python 3.12
RESUME_311, BINARY_OP_311, NEGATIVE_311 = 151, 122, 11
RESUME_313, BINARY_OP_313, NEGATIVE_313 = 149, 45, 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """What code mentions.

    names: identifiers in lower case. operators: in the order of the code. numbers: its constants.
    number_first: the code begins with a constant, as `1 - x` does. complete: all constants are numbers, or None.
    subscripts: the numbers in `x[0]`, `x[1]` ... of the code's first argument; none where it is used in any other way.
    """

    names: frozenset[str] = frozenset()
    operators: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    number_first: bool = False
    complete: bool = False
    subscripts: tuple[int, ...] = ()


def mentions(text: str) -> Mentions:
    """What base64 text of marshalled code mentions; nothing where it is no such text."""
    try:
        content = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return Mentions()
    begin, end = _instructions(content)
    code = content[begin:end]
    constants, complete = _constants(content, end)
    return Mentions(
        names=_names(content),
        operators=_operators(code),
        numbers=tuple(number for number in constants if number is not None),
        number_first=_first(code) in LOADS_OF_CONSTANTS,
        complete=complete,
        subscripts=_subscripts(code, constants),
    )


def _names(content: bytes) -> frozenset[str]:
    """Every string that could be an identifier."""
    found: set[str] = set()
    for pattern in (SHORT, LONG):
        for match in pattern.finditer(content):
            word = content[match.end() : match.end() + match.group(1)[0]]
            if IDENTIFIER.match(word):
                found.add(word.decode("ascii").lower())
    return frozenset(found)


def _instructions(content: bytes) -> tuple[int, int]:
    """Where the instructions of the outermost function begin and end; (0, 0) where they are not found."""
    for start in STARTS:
        head = content[start : start + 5]
        if len(head) == 5 and head[0] & 0x7F == ord("s"):  # noqa: PLR2004  (type and length of a byte string)
            return start + 5, start + 5 + struct.unpack("<I", head[1:])[0]
    return 0, 0


def _first(code: bytes) -> int:
    """The first instruction that does something."""
    return next((word for word in code[:8:2] if word not in (RESUME_311, RESUME_313)), 0)


def _operators(code: bytes) -> tuple[str, ...]:
    """Arithmetic operators in order; none where the version of the code is not known."""
    words = [(code[i], code[i + 1]) for i in range(0, len(code) - 1, 2)]
    begins = [operation for operation, _ in words[:3]]
    if RESUME_311 in begins:
        binary, negative = BINARY_OP_311, NEGATIVE_311
    elif begins[:1] == [RESUME_313]:
        binary, negative = BINARY_OP_313, NEGATIVE_313
    elif begins[:1] and begins[0] in (100, 116, 124, 136):  # loads of a constant, a global, a local or a closure
        return tuple(OLD_OPERATORS[operation] for operation, _ in words if operation in OLD_OPERATORS)
    else:
        return ()
    found: list[str] = []
    for operation, argument in words:
        if operation == negative:
            found.append("negative")
        elif operation == binary and argument in NEW_OPERATORS:
            found.append(NEW_OPERATORS[argument])
    return tuple(found)


def _subscripts(code: bytes, constants: tuple[float | None, ...]) -> tuple[int, ...]:
    """Numbers by which the first argument is subscripted, if that is all that is done with it (until Python 3.12)."""
    words = [(code[i], code[i + 1]) for i in range(0, len(code) - 1, 2)]
    if any(operation == RESUME_313 for operation, _ in words[:1]):
        return ()
    found: list[int] = []
    for place, word in enumerate(words):
        if word != (LOAD_LOCAL, 0):
            continue
        (load, number), (subscript, _) = (*words[place + 1 : place + 3], (0, 0), (0, 0))[:2]
        value = constants[number] if number < len(constants) else None
        if load != LOADS_OF_CONSTANTS[0] or subscript != SUBSCRIPT or value is None or value != int(value):
            return ()
        found.append(int(value))
    return tuple(found)


def _constants(content: bytes, position: int) -> tuple[tuple[float | None, ...], bool]:
    """The constants, a tuple after the instructions, up to the first object; and whether there is none.

    What is no number is None, as the missing docstring is with which they begin.
    """
    if position == 0 or content[position : position + 1] not in (b")", b"\xa9"):
        return (), False
    count, position = content[position + 1] if position + 1 < len(content) else 0, position + 2
    found: list[float | None] = []
    for _ in range(count):
        kind = content[position] & 0x7F if position < len(content) else 0
        size = SIZES.get(chr(kind))
        value = content[position + 1 : position + 1 + (size or 0)]
        if size is None or len(value) < size:
            return tuple(found), False
        if kind == ord("i"):
            found.append(float(struct.unpack("<i", value)[0]))
        elif kind == ord("g"):
            found.append(float(struct.unpack("<d", value)[0]))
        else:
            found.append(None)
        position += 1 + size
    return tuple(found), True
