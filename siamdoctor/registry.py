"""What a check is, and where checks are found: every module below `siamdoctor.checks`, with no list to keep."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from siamdoctor.manual_pages import known_as

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.results import Evidence

Run = Callable[["Case"], "Evidence"]


class Impact(IntEnum):
    """How much of the missing accuracy a fault can claim while no remedy was measured."""

    MINOR = 1
    MAJOR = 2
    FATAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question about one fault. `explains` names the causes that are mere symptoms of this one."""

    code: str
    id: str
    title: str
    page: str
    family: str
    impact: Impact
    explains: frozenset[str]
    run: Run


_DECORATED: dict[str, Check] = {}


def check(code: str, *, impact: Impact = Impact.MAJOR, explains: Iterable[str] = ()) -> Callable[[Run], Run]:
    """Register a function as the check of the cause that its name spells.

    The id is the function's name with hyphens, the title the docstring's first line, and the whole
    docstring is the manual page.

    Raises:
        ValueError: the function has no docstring, or its id or code is another check's.
    """

    def register(run: Run) -> Run:
        page = inspect.getdoc(run)
        if not page:
            raise ValueError(f"A check's docstring is its manual page; write one. Received: check={run.__name__}")
        made = Check(
            code=code,
            id=run.__name__.replace("_", "-"),
            title=page.partition("\n")[0].rstrip("."),
            page=page,
            family=run.__module__.rpartition(".")[0].rpartition(".")[2],
            impact=impact,
            explains=frozenset(explains),
            run=run,
        )
        _demand_own_name(made)
        _DECORATED[made.id] = made
        return run

    return register


def _demand_own_name(made: Check) -> None:
    """Refuse a second check of the same id or code, unless it is the same module read again."""
    for other in _DECORATED.values():
        if (made.id == other.id or made.code == other.code) and made.run.__module__ != other.run.__module__:
            raise ValueError(
                f"Two checks share an id or code: {other.run.__module__} has {other.id} ({other.code}). "
                f"Received: {made.run.__module__} with {made.id} ({made.code})"
            )


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check of the package, by code. Importing the modules is what registers them."""
    from siamdoctor import checks  # noqa: PLC0415  (checks import this module)

    home = checks.__name__ + "."
    for module in pkgutil.walk_packages(checks.__path__, home, onerror=_fail):
        if not module.ispkg:
            import_module(module.name)
    ours = [c for c in _DECORATED.values() if c.run.__module__.startswith(home)]
    return tuple(sorted(ours, key=lambda c: c.code))


def _fail(package: str) -> None:
    """Stop at a package that cannot be imported, which walking would leave out without a word."""
    raise ImportError(f"The checks in {package} cannot be imported.")


def find(word: str) -> Check:
    """The check with this id or code; `BadSettings` names the nearest known one."""
    known = {name: c for c in all_checks() for name in (c.id, c.code)}
    return known[known_as(word, known)]


def select(chosen: Iterable[str] = (), ignored: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks to run: those chosen (all, where none is named) less those ignored."""
    wanted = {find(word).id for word in chosen}
    unwanted = {find(word).id for word in ignored}
    return tuple(c for c in all_checks() if (not wanted or c.id in wanted) and c.id not in unwanted)
