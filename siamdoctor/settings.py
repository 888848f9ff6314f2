"""Facts about a run that a saved model cannot hold, and settings, read from `siamdoctor.yaml`.

Every section is a frozen dataclass; the YAML keys are its field names and nothing else is accepted.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import yaml

from siamdoctor.errors import BadSettings
from siamdoctor.results import Json

LossName = Literal["contrastive", "triplet", "binary_crossentropy", "mse", "other"]
MetricName = Literal["euclidean", "squared_euclidean", "cosine", "manhattan", "dot"]
FailOn = Literal["proven", "likely", "possible", "never"]
FILE_NAME = "siamdoctor.yaml"
_T = typing.TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Where the model is, and what its file does not say.

    encoder: layer name when it cannot be found. custom_objects: module or file whose classes may be used
    (runs the user's code). replace: what stands in for a Lambda inside the encoder, by layer name.
    architecture: config.json or module:function for weights-only files.
    """

    path: Path | None = None
    encoder: str | None = None
    custom_objects: str | None = None
    architecture: str | None = None
    trust_savedmodel: bool = False
    replace: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """Where the data are and how the user's pipeline scales them before the model."""

    path: Path | None = None
    train: Path | None = None
    rescale: float | None = None
    pairs: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How the model was trained. `augmentation` is kept as declared (ImageDataGenerator keywords or layers)."""

    loss: LossName | None = None
    margin: float | None = None
    same_label: Literal[0, 1] | None = None
    history: Path | None = None
    augmentation: Json = field(default=None, metadata={"as_written": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSettings:
    """How the user turns a pair into same or different. A pair is "same" below the threshold of a distance."""

    metric: MetricName | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A cause that is known and accepted until a day (ISO date), with the reason."""

    cause: str
    reason: str
    expires: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """When a report fails a build, and what it leaves out."""

    fail_on: FailOn = "likely"
    ignore: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    suppress: tuple[Suppression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one run. `seed` and `budget` (seconds) come from the command line or the file."""

    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()
    decision: DecisionSettings = DecisionSettings()
    report: ReportSettings = ReportSettings()
    seed: int = 0
    budget: float | None = None
    thorough: bool = False
    source: Path | None = field(default=None, metadata={"hidden": True})


def find_settings_file(model: Path | None, working_directory: Path) -> Path | None:
    """The file that applies when none is named: beside the model, else in the working directory."""
    folders = ([model.parent] if model is not None else []) + [working_directory]
    return next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)


def read_settings(path: Path) -> Settings:
    """Read a settings file; relative paths in it are relative to the file.

    Raises:
        BadSettings: the file cannot be read, is not YAML, or holds an unknown key or a value of the
            wrong kind. The message names the key and the nearest known one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"The settings file cannot be read ({error.strerror}). Received: config={path}") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"The settings file is not UTF-8 text. Received: config={path}") from error
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise BadSettings(f"The settings file is not valid YAML. Received: config={path}{place}") from error
    if content is None:
        content = {}
    settings = _build(Settings, content, "", path)
    return dataclasses.replace(settings, source=path)


def _build(kind: type[_T], content: object, where: str, path: Path) -> _T:
    """Fill one dataclass from one YAML mapping, checking every key and every value."""
    if not isinstance(content, Mapping):
        raise BadSettings(f"{where or 'The file'} in {path} must be a mapping. Received: {_shown(content)}")
    fields = {f.name: f for f in dataclasses.fields(kind) if "hidden" not in f.metadata}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    values: dict[str, object] = {}
    for key, value in content.items():
        if key not in fields:
            raise BadSettings(_unknown_key(str(key), where, path))
        as_written = "as_written" in fields[key].metadata
        place = f"{where}.{key}" if where else key
        values[key] = value if as_written else _convert(hints[key], value, place, path)
    try:
        return kind(**values)
    except TypeError as error:
        raise BadSettings(f"{where} in {path} lacks a key: {error}") from error


def _unknown_key(key: str, where: str, path: Path) -> str:
    """Say which key is unknown and which known one, of any section, is nearest."""
    sections = {f.name: f for f in dataclasses.fields(Settings) if "hidden" not in f.metadata}
    hints = get_type_hints(Settings)
    places = {name: name for name in sections}
    for section in sections:
        if dataclasses.is_dataclass(hints[section]):
            places |= {f"{section}.{f.name}": f.name for f in dataclasses.fields(hints[section])}
    full = f"{where}.{key}" if where else key
    local = {p: n for p, n in places.items() if p.rpartition(".")[0] == where}
    near = difflib.get_close_matches(key, local.values(), n=1, cutoff=0.5)
    if near:
        hint = f"{where}.{near[0]}" if where else near[0]
    else:
        best = difflib.get_close_matches(key, places.values(), n=1, cutoff=0.0)[0]
        hint = next(p for p, n in places.items() if n == best)
    return f"Unknown key {full!r} in {path}. Did you mean {hint!r}?"


def _convert(hint: object, value: object, where: str, path: Path) -> object:
    """One YAML value as the type its field declares."""
    options = get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    if value is None and type(None) in options:
        return None
    for option in options:
        if option is type(None):
            continue
        converted = _as(option, value, where, path)
        if converted is not None:
            return converted
    wanted = " or ".join(_words(o) for o in options if o is not type(None))
    raise BadSettings(f"{where} in {path} must be {wanted}. Received: {_shown(value)}")


def _as(option: object, value: object, where: str, path: Path) -> object | None:
    """The value as this one type, or None where it does not fit."""
    origin = get_origin(option)
    if dataclasses.is_dataclass(option):
        return _build(typing.cast("type[object]", option), value, where, path)
    if origin is Literal:
        return value if not isinstance(value, bool) and value in get_args(option) else None
    if origin is tuple:
        item = get_args(option)[0]
        listed = value if isinstance(value, list) else [value]
        return tuple(_convert(item, v, f"{where}[{i}]", path) for i, v in enumerate(listed))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values()):
            return {str(k): str(v) for k, v in value.items()}
        return None
    if option is Path:
        return _path(value, path)
    if option is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(typing.cast("float", value)) if number and math.isfinite(typing.cast("float", value)) else None
    if option is int:
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if option is bool:
        return value if isinstance(value, bool) else None
    return value if isinstance(value, str) else (str(value) if _is_date(value) else None)


def _is_date(value: object) -> bool:
    """YAML turns an unquoted 2026-12-31 into a date; the settings keep it as text."""
    return hasattr(value, "isoformat")


def _path(value: object, settings_file: Path) -> Path | None:
    """A path relative to the settings file, as the contract promises."""
    if not isinstance(value, str) or not value:
        return None
    if "://" in value:
        raise BadSettings(f"Only local files are read. Received: {value!r} in {settings_file}")
    return settings_file.parent / Path(value).expanduser()


def _words(option: object) -> str:
    """A type in words a person understands."""
    names = {float: "a number", int: "a whole number", str: "text", bool: "true or false", Path: "a path"}
    if get_origin(option) is Literal:
        return "one of " + ", ".join(str(a) for a in get_args(option))
    return names.get(typing.cast("type", option), "a mapping")


def _shown(value: object) -> str:
    """A received value, shortened for a message."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004  (a line's worth)
