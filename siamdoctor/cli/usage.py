"""What is wrong with a command line, in one sentence: the words that this program uses for every other mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

# typer carries its parser within itself and names this much of it: the class that every usage error derives from.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

_INVALID = re.compile(
    r"Invalid value for '(?P<option>[^']+)'(?: / '(?P<short>-[^']+)')?: (?P<why>.*)",
    re.DOTALL,
)
_WANTED = (
    (r"Input should be greater than or equal to (\d+)", r"a whole number of at least \1"),
    (r"Input should be greater than or equal to (.*)", r"a finite number of at least \1"),
    (r"Input should be a valid integer.*", "a whole number"),
    (r"Input should be a (?:valid|finite) number.*", "a finite number"),
    (r"Value error, .* is not one of (.*?)\.?", r"one of \1"),
)


def sentence(error: Exception, words: Sequence[str]) -> str:
    """The mistake, what was received, and where to read on.

    Args:
        error: what typer raised: a `UsageError`.
        words: the command line without the program's name.
    """
    told = getattr(error, "format_message", error.__str__)().strip().rstrip(".")
    found = _INVALID.fullmatch(told)
    if found is not None:
        told = _refusal(found["option"], found["short"], " ".join(found["why"].split()), words)
    place = getattr(getattr(error, "ctx", None), "command_path", "siamdoctor")
    return f"{told}. `{place} --help` lists what there is."


def _refusal(option: str, short: str | None, why: str, words: Sequence[str]) -> str:
    """What an option must be, and the value that it got, where that can be told from the words."""
    for pattern, wanted in _WANTED:
        found = re.fullmatch(pattern, why, re.DOTALL)
        if found is not None:
            why = f"must be {found.expand(wanted)}"
            break
    else:
        why = f"is not right: {why}"
    received = _received(option, short, words)
    return f"{option} {why}" + (f". Received: {option} {received}" if received is not None else "")


def _received(option: str, short: str | None, words: Sequence[str]) -> str | None:
    """The last value that stands behind an option."""
    names, value = {option, short}, None
    for at, word in enumerate(words):
        name, given, rest = word.partition("=")
        if name in names and given:
            value = rest
        elif word in names and at + 1 < len(words):
            value = words[at + 1]
        elif short is not None and not word.startswith("--") and word.startswith(short) and word != short:
            value = word.removeprefix(short)
    return value
