"""Reading a JSON report back, as the baseline of a later one. What JSON leaves out (pictures) stays empty."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, cast, get_args

from siamdoctor.errors import BadSettings
from siamdoctor.render.json_node import Node
from siamdoctor.results import (
    Accuracy,
    Attainable,
    Cause,
    CheckResult,
    Json,
    Level,
    Measurement,
    Recovery,
    Report,
    Status,
    Subject,
    Verdict,
)

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = 1


def read_report(path: Path) -> Report:
    """The report that `--format json` wrote to this file.

    Raises:
        BadSettings: the file cannot be read, is not JSON, or is not a report of a known version.
    """
    try:
        content: Json = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"The report cannot be read ({error.strerror}). Received: report={path}") from error
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"The report is not JSON. Received: report={path}") from error
    return report_of(content, str(path))


def report_of(content: Json, name: str) -> Report:
    """The report that this JSON holds; `name` is what messages call it.

    Raises:
        BadSettings: a key is missing, of the wrong kind, or the version is unknown.
    """
    root = Node(content=content, place="", name=name)
    version = root.at("schema_version").plain(int)
    if version != SCHEMA_VERSION:
        raise BadSettings(
            f"Reports of version {SCHEMA_VERSION} can be compared; make this one anew. "
            f"Received: schema_version={version} in {name}"
        )
    return Report(
        siamdoctor_version=root.at("siamdoctor_version").plain(str),
        subject=_subject(root.at("subject")),
        verdict=cast("Verdict", root.at("verdict").one_of(get_args(Verdict))),
        headline=root.words("headline") or "",
        accuracy=_accuracy(root.at("accuracy")),
        attainable=_attainable(root.at("attainable")),
        causes=tuple(_cause(node) for node in root.at("causes").items()),
        checks=tuple(_check(node) for node in root.at("checks").items()),
        assumed=tuple(node.plain(str) for node in root.at("assumed").items()),
        schema_version=version,
    )


def _subject(node: Node) -> Subject:
    samples, identities = node.number_or_none("samples"), node.number_or_none("identities")
    return Subject(
        model=node.words("model") or "",
        data=node.words("data"),
        format=node.words("format") or "",
        twins=node.words("twins") or "",
        encoder=node.words("encoder"),
        head=node.words("head") or "",
        inputs=tuple(item.plain(str) for item in node.at("inputs").items()),
        loss=node.words("loss"),
        samples=None if samples is None else int(samples),
        identities=None if identities is None else int(identities),
        seed=int(node.number_or_none("seed") or 0),
    )


def _accuracy(node: Node) -> Accuracy | None:
    """The accuracy; no pairs means that it could not be measured."""
    pairs = node.at("pairs").plain(int)
    if pairs == 0:
        return None
    return Accuracy(
        value=node.at("value").number(),
        low=node.at("low").number(),
        high=node.at("high").number(),
        chance=node.at("chance").number(),
        pairs=pairs,
        identities=node.at("identities").plain(int),
    )


def _attainable(node: Node) -> Attainable:
    return Attainable(
        value=node.at("value").number(),
        low=node.at("low").number(),
        high=node.at("high").number(),
        by=node.at("by").plain(str),
    )


def _cause(node: Node) -> Cause:
    recovers = node.at("recovers")
    return Cause(
        rank=node.at("rank").plain(int),
        id=node.at("id").plain(str),
        code=node.at("code").plain(str),
        level=Level(node.at("level").one_of(tuple(level.value for level in Level))),
        probability=node.number_or_none("probability"),
        title=node.at("title").plain(str),
        summary=node.at("summary").plain(str),
        fix=node.at("fix").plain(str),
        recovers=None if recovers.content is None else _recovery(recovers),
        evidence=tuple(_measurement(item) for item in node.at("evidence").items()),
        explained_by=node.words("explained_by"),
    )


def _recovery(node: Node) -> Recovery:
    return Recovery(points=node.at("points").number(), low=node.at("low").number(), high=node.at("high").number())


def _measurement(node: Node) -> Measurement:
    """One number of evidence; null was not a number when it was written."""
    value = node.at("value")
    number = math.nan if value.content is None else None
    return Measurement(
        name=node.at("name").plain(str),
        value=value.content if isinstance(value.content, str) else number or value.number(),
        low=node.number_or_none("low"),
        high=node.number_or_none("high"),
        expected=node.words("expected") or "",
    )


def _check(node: Node) -> CheckResult:
    return CheckResult(
        id=node.at("id").plain(str),
        code=node.words("code") or "",
        status=cast("Status", node.at("status").one_of(get_args(Status))),
        seconds=node.at("seconds").number(),
        reason=node.words("reason"),
    )
