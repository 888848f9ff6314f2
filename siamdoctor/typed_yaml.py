"""From a YAML file to a frozen dataclass: every key must be one of its fields, every value of the field's type.

It knows nothing of what the fields mean. Where a value is null, the field keeps its default, as if the key
had been left out; that is how a section whose lines are all commented out reads.

Marks that a field's metadata may carry:
    hidden: no key of the file.
    as_written: kept as plain JSON values, whatever they are.
    code: names a file, relative to the YAML file, or else a module.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

from siamdoctor.errors import BadSettings

FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")  # package.module:function stands for a path here and there
_NUMBER = re.compile(r"[-+.\w]+(/[-+.\w]+)?")
_NEARBY = 0.15  # head start of a key of the same section over one of another, when the nearest is named
_LINE = 80


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[object]]]


_D = TypeVar("_D", bound=_Dataclass)


def read_yaml_as(kind: type[_D], path: Path, *, over: _D | None = None) -> _D:
    """Read a file as one dataclass; relative paths in it are relative to the file.

    Args:
        kind: the dataclass of the whole file.
        path: the file.
        over: values of an earlier file, which hold wherever this one says nothing.

    Raises:
        BadSettings: the file cannot be read, is not YAML, or holds an unknown key, a key twice, or a value of
            the wrong kind. The message names the place, what was received, and the nearest known key.
    """
    from siamdoctor.yaml_file import load_yaml  # noqa: PLC0415  (PyYAML: a run without a settings file does without)

    content = load_yaml(path)
    return _Reading(path=path, root=kind).mapping(kind, {} if content is None else content, "", over)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One file being read. root: the dataclass of the whole file, in which the nearest known key is sought."""

    path: Path
    root: type[_Dataclass]

    def mapping(self, kind: type[_D], content: object, where: str, over: _D | None = None) -> _D:
        """One dataclass from one YAML mapping that stands at `where`, over earlier values where there are any."""
        if not isinstance(content, Mapping):
            raise self._refusal(where or "The file", "a mapping", content)
        hints, known = get_type_hints(kind), _fields(kind)
        values: dict[str, object] = {}
        for key, value in content.items():
            place = _inside(where, str(key))
            if key not in known:
                nearest = self._nearest(str(key), kind, where)
                raise BadSettings(f"Unknown key {place!r} in {self.path}. Did you mean {nearest!r}?")
            if value is not None:
                values[key] = self._field(known[key], hints[key], value, place, getattr(over, str(key), None))
        for name, needed in known.items():
            if over is None and name not in values and needed.default is needed.default_factory is dataclasses.MISSING:
                raise BadSettings(f"{_inside(where, name)} is missing in {self.path}.")
        try:
            return kind(**values) if over is None else dataclasses.replace(over, **values)
        except BadSettings as error:
            raise BadSettings(f"{error} (in {self.path})") from error

    def _field(
        self, field: dataclasses.Field[object], hint: object, value: object, place: str, before: object
    ) -> object:
        """The value of one field, as its marks and its type demand; a section goes over the one `before`."""
        if "as_written" in field.metadata:
            return self._plain(value, place)
        if _is_dataclass(hint):
            return self.mapping(hint, value, place, before if isinstance(before, hint) else None)
        found = self._value(hint, value, place)
        if "code" in field.metadata and isinstance(found, str) and (self.path.parent / found).exists():
            return str(self.path.parent / found)
        return found

    def _value(self, hint: object, value: object, place: str) -> object:
        """One YAML value as the type its field declares."""
        options = get_args(hint) if get_origin(hint) in {typing.Union, types.UnionType} else (hint,)
        option = next(o for o in options if o is not types.NoneType)
        if _is_dataclass(option):
            return self.mapping(option, value, place)
        if get_origin(option) is tuple:
            listed = value if isinstance(value, list) else [value]
            return tuple(self._value(get_args(option)[0], v, f"{place}[{i}]") for i, v in enumerate(listed))
        if option is Path:
            return self._path(value, place)
        found = _scalar(option, value)
        if found is None:
            raise self._refusal(place, _words(option), value)
        return found

    def _path(self, value: object, place: str) -> Path:
        """A path relative to the file; a function (module:name) in its place is kept as it is."""
        if not isinstance(value, str) or not value or "\0" in value:
            raise self._refusal(place, "a path", value)
        if "://" in value:
            raise BadSettings(f"Only local files are read. Received: {place}={value!r} in {self.path}")
        if FUNCTION.fullmatch(value):
            return Path(value)
        try:
            return self.path.parent / Path(value).expanduser()
        except RuntimeError as error:  # the home of a user who is not known
            raise self._refusal(place, "a path", value) from error

    def _plain(self, value: object, place: str) -> object:
        """Mappings, lists, text and numbers, without the dates, sets and cycles that YAML allows as well."""
        try:
            return json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise self._refusal(place, "made of mappings, lists, text and numbers", value) from error

    def _refusal(self, place: str, wanted: str, value: object) -> BadSettings:
        text = repr(value)
        shown = text if len(text) <= _LINE else text[: _LINE - 3] + "..."
        return BadSettings(f"{place} in {self.path} must be {wanted}. Received: {shown}")

    def _nearest(self, key: str, kind: type[_Dataclass], where: str) -> str:
        """The place of the known key that looks most like this one, rather in the same section."""
        here = {_inside(where, name) for name in _fields(kind)}
        places = sorted(here | set(_places(self.root, "")))

        def likeness(place: str) -> float:
            name = place.rpartition(".")[2]
            return SequenceMatcher(None, key.lower(), name).ratio() + _NEARBY * (place in here)

        return max(places, key=likeness)


def _fields(kind: type[_Dataclass]) -> dict[str, dataclasses.Field[object]]:
    """The fields that are keys of the file, by name."""
    return {f.name: f for f in dataclasses.fields(kind) if "hidden" not in f.metadata}


def _places(kind: type[_Dataclass], where: str) -> Iterator[str]:
    """Every key of a dataclass and of the dataclasses in it, with the sections that lead to it."""
    hints = get_type_hints(kind)
    for name in _fields(kind):
        yield _inside(where, name)
        if _is_dataclass(hints[name]):
            yield from _places(hints[name], _inside(where, name))


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _is_dataclass(option: object) -> TypeGuard[type[_Dataclass]]:
    return isinstance(option, type) and dataclasses.is_dataclass(option)


def _scalar(option: object, value: object) -> object | None:
    """The value as a number, text, truth value or mapping of texts, or None where it does not fit."""
    if get_origin(option) is Literal:
        return next((a for a in get_args(option) if a == value and type(a) is type(value)), None)
    if option is float:
        return _number(value)
    if option is str:
        return str(value) if isinstance(value, str) or hasattr(value, "isoformat") else None  # an unquoted date
    if option in {int, bool}:
        return value if type(value) is option else None
    fits = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
    return {str(k): v for k, v in value.items()} if fits and isinstance(value, Mapping) else None


def _number(value: object) -> float | None:
    """A finite number, also as YAML 1.1 does not see it: 1e-3 and 1/255."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not _NUMBER.fullmatch(str(value)):
        return None
    try:
        above, _, below = str(value).partition("/")
        number = float(above) / float(below or 1)
    except (ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None


def _words(option: object) -> str:
    """A type in words a person understands."""
    if get_origin(option) is Literal:
        return "one of " + ", ".join(str(a) for a in get_args(option))
    names: dict[object, str] = {float: "a finite number", int: "a whole number", str: "text", bool: "true or false"}
    return names.get(option, "a mapping of texts")
