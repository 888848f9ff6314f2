"""The manual pages of all causes, read from the checks' source without importing it.

A check imports numpy, and through the case whatever it is judged with. Looking up a page needs none of
it: the code stands in the decorator, id and text are the function's name and docstring.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from siamdoctor.errors import BadSettings

TOPICS = {"tutorial": "From 50 % to a working model, step by step"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a reader is told of a check. page: its whole docstring; title: the first line of it."""

    code: str
    id: str
    title: str
    page: str
    family: str


@cache
def entries() -> tuple[Entry, ...]:
    """Every cause that has a check, by code. Each file holds one check; those with an underscore hold none."""
    from siamdoctor import checks  # noqa: PLC0415  (the tests put another package in its place)

    files = [file for home in checks.__path__ for file in Path(home).glob("[!_]*/[!_]*.py")]
    return tuple(sorted((_read(file) for file in files), key=lambda entry: entry.code))


def find(word: str) -> Entry:
    """The cause with this id or code; `BadSettings` names the nearest known one."""
    wanted = known_as(word, [name for entry in entries() for name in (entry.id, entry.code)])
    return next(entry for entry in entries() if wanted in (entry.id, entry.code))


def topic(word: str) -> str | None:
    """The page of this name that is about no single cause, its first line the title; None where there is none."""
    if word.strip().lower() not in TOPICS:
        return None
    return Path(__file__).with_name(f"{word.strip().lower()}.md").read_text(encoding="utf-8")


def known_as(word: str, names: Iterable[str]) -> str:
    """The name that a word spells, in whatever case.

    Args:
        word: what somebody wrote.
        names: ids and codes.

    Raises:
        BadSettings: there is no such name; the message has the nearest id.
    """
    known, key = tuple(names), word.strip()
    for candidate in (key, key.lower(), key.upper()):
        if candidate in known:
            return candidate
    ids = [name for name in known if name.islower()]
    near = difflib.get_close_matches(key.lower(), ids, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise BadSettings(
        f"There is no cause of this name. Received: cause={word!r}.{hint} `siamdoctor explain` lists them all."
    )


def _read(file: Path) -> Entry:
    """The decorator and the docstring of a check; what it does below them is not looked at.

    Raises:
        ValueError: the file does not begin a check in the way that all do.
    """
    source = file.read_text(encoding="utf-8")
    try:
        begin = source.index("\n@check(")
        end = source.index('"""', source.index('"""', begin) + 3) + 3
        (function,) = ast.parse(source[begin:end]).body
        assert isinstance(function, ast.FunctionDef)
        (decorator,) = function.decorator_list
        assert isinstance(decorator, ast.Call)
        code = ast.literal_eval(decorator.args[0])
    except (ValueError, SyntaxError, AssertionError, IndexError) as error:
        raise ValueError(f"No check with a docstring stands in this file. Received: {file.name}") from error
    page = inspect.cleandoc(ast.get_docstring(function, clean=False) or "")
    return Entry(
        code=code,
        id=function.name.replace("_", "-"),
        title=page.partition("\n")[0].rstrip("."),
        page=page,
        family=file.parent.name,
    )
