"""Writing what is known of a training into siamdoctor.yaml, beside what a person wrote there.

Three cases. No file: it is written. A file that a training wrote before: what is known now replaces what was,
and every change is told. A person's file: its values win, what it lacks is added below its sections, comments
stay; where that cannot be done in the text, the facts are written to a file of their own beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from siamdoctor.errors import BadSettings
from siamdoctor.results import Json
from siamdoctor.settings import FILE_NAME, read_settings
from siamdoctor.yaml_file import load_yaml

BESIDE = "siamdoctor.training.yaml"
MARK = "# Written by siamdoctor.callbacks.Watch"
_HEAD = (
    f"{MARK}: what this training was, for `siamdoctor diagnose`.",
    "# The next training brings these values up to date. Delete the line above, and yours are kept instead.",
)
Facts = Mapping[str, Mapping[str, Json]]


def write_facts(folder: Path, facts: Facts, remarks: Iterable[str] = ()) -> tuple[str, ...]:
    """Write the facts into the folder's siamdoctor.yaml.

    Args:
        folder: of the checkpoint.
        facts: section -> key -> value, known ones only.
        remarks: sentences that stand in the file as comments.

    Returns:
        What a person should be told: keys added, values that differ, another file that had to be used.
    """
    path = folder / FILE_NAME
    if not path.exists():
        path.write_text(_text(facts, remarks), encoding="utf-8", newline="\n")
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        whole = load_yaml(path)
        read_settings(path)
    except BadSettings as error:
        return _beside(folder, facts, remarks, f"{path} was left alone, since it cannot be read: {error}")
    content = _sections(whole)
    if text.startswith(MARK):
        merged = _text(_over(content, facts), remarks, _single_keys(whole))
        path.write_text(merged, encoding="utf-8", newline="\n")
        return tuple(f"{path}: {place} was {old!r}, now {new!r}" for place, old, new in _differences(content, facts))
    return _into(path, text, content, facts, remarks)


def _into(path: Path, text: str, content: Facts, facts: Facts, remarks: Iterable[str]) -> tuple[str, ...]:
    """Add what a person's file lacks, without touching a line of it."""
    told = [
        f"{path} says {place}: {old!r}, this training had {new!r}; your value is kept"
        for place, old, new in _differences(content, facts)
    ]
    lacking = {
        section: {key: value for key, value in keys.items() if content.get(section, {}).get(key) is None}
        for section, keys in facts.items()
    }
    lacking = {section: keys for section, keys in lacking.items() if keys}
    if not lacking:
        return tuple(told)
    longer = _inserted(text, lacking)
    if longer is None:
        said = f"{path} is yours and is written in a way that nothing can be added to"
        return (*told, *_beside(path.parent, facts, remarks, said))
    path.write_text(longer, encoding="utf-8", newline="\n")
    added = ", ".join(f"{section}.{key}" for section, keys in lacking.items() for key in keys)
    return (*told, f"{path}: added {added}")


def _beside(folder: Path, facts: Facts, remarks: Iterable[str], why: str) -> tuple[str, ...]:
    """Write the facts to a file of their own."""
    path = folder / BESIDE
    path.write_text(_text(facts, remarks), encoding="utf-8", newline="\n")
    return (f"{why}. The facts of this training are in {path} (use it with --config)",)


def _inserted(text: str, lacking: Facts) -> str | None:
    """The text with the lacking keys below the heads of their sections; None where that does not come out right."""
    before = yaml.safe_load(text) or {}
    wanted = {**before, **_over(_sections(before), lacking)}
    for section, keys in lacking.items():
        head = re.search(rf"^{section}:[ \t]*(?:#.*)?$", text, re.MULTILINE)
        if head is None:
            text = f"{text.rstrip()}\n\n{_section(section, keys)}\n"
            continue
        below = re.search(r"\A(?:[ \t]*(?:#.*)?\n)*([ \t]+)[^\s#]", text[head.end() :])
        indent = below[1] if below is not None else "  "
        lines = "".join(f"\n{indent}{line}" for line in _dump(keys).splitlines())
        text = text[: head.end()] + lines + text[head.end() :]
    try:
        return text if yaml.safe_load(text) == wanted else None
    except yaml.YAMLError:
        return None


def _differences(content: Facts, facts: Facts) -> list[tuple[str, Json, Json]]:
    """Keys that both know and of which they say different things."""
    return [
        (f"{section}.{key}", known, value)
        for section, keys in facts.items()
        for key, value in keys.items()
        if (known := content.get(section, {}).get(key)) is not None and known != value and key != "fed"
    ]


def _over(content: Facts, facts: Facts) -> dict[str, dict[str, Json]]:
    """The content with the facts laid over it, key by key."""
    return {name: {**content.get(name, {}), **facts.get(name, {})} for name in dict.fromkeys([*content, *facts])}


def _sections(content: object) -> dict[str, dict[str, Json]]:
    """The sections of a settings file; an empty one has no keys."""
    found = content if isinstance(content, Mapping) else {}
    return {name: dict(keys or {}) for name, keys in found.items() if keys is None or isinstance(keys, Mapping)}


def _single_keys(content: object) -> dict[str, Json]:
    """The keys that stand in no section, such as seed."""
    found = content if isinstance(content, Mapping) else {}
    return {name: value for name, value in found.items() if value is not None and not isinstance(value, Mapping)}


def _text(facts: Facts, remarks: Iterable[str], single: Mapping[str, Json] = MappingProxyType({})) -> str:
    """A whole file."""
    told = [f"# {line}" for remark in remarks for line in remark.splitlines()]
    sections = [_section(name, keys) for name, keys in facts.items() if keys]
    return "\n".join([*_HEAD, *told, "", "\n\n".join([*([_dump(single)] if single else []), *sections])]) + "\n"


def _section(name: str, keys: Mapping[str, Json]) -> str:
    return f"{name}:\n" + "\n".join(f"  {line}" for line in _dump(keys).splitlines())


def _dump(keys: Mapping[str, Json]) -> str:
    """Keys line by line, each value on its line."""
    return "\n".join(f"{key}: {_flow(value)}" for key, value in keys.items())


def _flow(value: Json) -> str:
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10**6, default_flow_style=True)
    return text.removesuffix("...\n").strip()
