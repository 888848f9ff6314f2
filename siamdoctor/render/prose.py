"""Running text that checks write: paragraphs, bullets and code, and the cleaning of what users named."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

# Control characters (a file name may hold an escape sequence), marks that reverse the reading direction,
# and lone surrogates that stand for undecodable bytes.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CODE_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, a bullet point (without its dash) or lines of code (without their indent)."""

    kind: Literal["text", "bullet", "code"]
    text: str


def printable(text: str) -> str:
    r"""Text that cannot move a cursor or colour a terminal: what could is shown as \x1b."""
    return _UNPRINTABLE.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def blocks(text: str) -> tuple[Block, ...]:
    """Split text into paragraphs, bullets and code.

    Code is what stands between lines of three backticks, or is indented by four spaces or more. Lines of
    a paragraph are joined, so that a renderer can wrap them anew.
    """
    found: list[Block] = []
    lines = printable(text).replace("\t", _CODE_INDENT).splitlines()
    while lines:
        line = lines.pop(0)
        if line.lstrip().startswith("```"):
            code = _take(lines, lambda rest: not rest.lstrip().startswith("```"))
            del lines[:1]
            found.append(Block(kind="code", text=textwrap.dedent("\n".join(code)).strip("\n")))
        elif line.startswith(_CODE_INDENT) and line.strip():
            code = [line, *_take(lines, lambda rest: rest.startswith(_CODE_INDENT) or not rest.strip())]
            found.append(Block(kind="code", text=textwrap.dedent("\n".join(code)).strip("\n")))
        elif line.lstrip().startswith(("- ", "* ")):
            rest = _take(lines, lambda more: _continues(more) and more.startswith("  "))
            found.append(Block(kind="bullet", text=_joined([line.lstrip()[2:], *rest])))
        elif line.strip():
            found.append(Block(kind="text", text=_joined([line, *_take(lines, _continues)])))
    return tuple(found)


def inline_code(text: str) -> tuple[tuple[str, bool], ...]:
    """Split a line at its backticks: (piece, whether it is code). An unpaired backtick stays text."""
    pieces = re.split(r"`([^`\n]+)`", text)
    return tuple((piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece)


def _take(lines: list[str], wanted: Callable[[str], bool]) -> list[str]:
    """Remove and return the lines from the front for which `wanted` holds."""
    taken: list[str] = []
    while lines and wanted(lines[0]):
        taken.append(lines.pop(0))
    return taken


def _continues(line: str) -> bool:
    """Whether a line goes on with the paragraph before it."""
    begins_anew = line.lstrip().startswith(("- ", "* ", "```"))
    return bool(line.strip()) and not begins_anew and not line.startswith(_CODE_INDENT)


def _joined(lines: list[str]) -> str:
    """Lines as one, single spaces between."""
    return " ".join(line.strip() for line in lines)
