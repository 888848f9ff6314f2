"""The text of a commented settings file. A line is live where the files show the fact, else a comment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from siamdoctor.decision import METRIC_OF_HEAD
from siamdoctor.render.prose import printable

if TYPE_CHECKING:
    from siamdoctor.cli.findings import Facts
    from siamdoctor.models.blueprint import Blueprint

_HEAD = """\
# Facts about this run that a saved model cannot hold, for siamdoctor. Written by `siamdoctor init`.
# Every key is optional: what is not declared is assumed, and the report says so.
# Relative paths are relative to this file. A line that begins with "#" is not in force.
"""
_EIGHT_BIT = 255.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One key. A live line is in force; the remark says where the value comes from, or what to write."""

    key: str
    value: str
    remark: str
    live: bool = False


def draft(facts: Facts, folder: Path) -> str:
    """The file as text, to stand in `folder`."""
    sections = {
        "model": _model(facts, folder),
        "data": _data(facts, folder),
        "training": _training(facts, folder),
        "decision": _decision(facts.blueprint),
        "report": (
            _Line(key="fail_on", value="likely", remark="proven, likely, possible or never", live=True),
            _Line(key="ignore", value="[]", remark="causes to leave out, by id or code"),
        ),
    }
    parts = [_HEAD, *(f"# Could not be read: {_comment(text)}\n" for text in facts.complaints)]
    parts += [_section(name, lines) for name, lines in sections.items()]
    return "\n".join(parts)


def _section(name: str, lines: tuple[_Line, ...]) -> str:
    """One section; wholly a comment where no line of it is in force."""
    live = any(line.live for line in lines)
    shown = [f"{'' if live else '# '}{name}:"]
    for line in lines:
        mark = "" if line.live else "# "
        shown.append(f"  {mark}{line.key}: {line.value}".ljust(44) + f"  # {_comment(line.remark)}")
    return "\n".join(shown) + "\n"


def _model(facts: Facts, folder: Path) -> tuple[_Line, ...]:
    """Where the model is."""
    blueprint = facts.blueprint
    encoder = blueprint.encoder if blueprint is not None else None
    remark = "the saved model"
    if blueprint is not None:
        remark = f"{blueprint.format}, twins {blueprint.twins}, head {blueprint.head.kind.replace('_', ' ')}"
    return (
        _path_line("path", facts.model, "model.keras", folder, remark, live=blueprint is not None),
        _Line(
            key="encoder",
            value=_scalar(encoder.name if encoder is not None else "embedding"),
            remark="found by itself" if encoder is not None else "the layer that is the encoder",
        ),
        _Line(key="custom_objects", value="layers.py", remark="your layer classes, if needed; runs that code"),
    )


def _data(facts: Facts, folder: Path) -> tuple[_Line, ...]:
    """Where the data are and how they are scaled."""
    samples = facts.samples
    remark, scale = "class folders, .npz or a list of pairs", "what your pipeline multiplies by before the model"
    if samples is not None:
        kind = "texts" if samples.kind == "text" else samples.kind
        remark = f"{len(samples)} {kind} of {len(samples.identity_names)} identities"
        scale = f"{scale}; the stored values reach {samples.stored_scale:g}"
    inside = facts.blueprint is not None and facts.blueprint.encoder is not None
    if inside and facts.blueprint.encoder.has_rescaling:  # type: ignore[union-attr]
        scale += "; the model scales its input itself"
    train = "for the checks that compare training with validation"
    prepared = _Line(key="rescale", value=str(1 / _EIGHT_BIT), remark=scale)
    return (
        _path_line("path", facts.data, "data/val", folder, remark, live=samples is not None),
        _path_line("train", facts.train, "data/train", folder, train, live=facts.train is not None),
        *(_words(facts.blueprint) if samples is not None and samples.kind == "text" else (prepared,)),
        _Line(key="pairs", value="2000", remark="how many pairs to draw"),
    )


def _words(blueprint: Blueprint | None) -> tuple[_Line, ...]:
    """How texts become numbers."""
    known = blueprint is not None and blueprint.text is not None and blueprint.text.vocabulary is not None
    remark = "the model holds its own words" if known else "a word a line, JSON, or tokenizer.to_json()"
    return (
        _Line(key="vocabulary", value="vocabulary.txt", remark=remark),
        _Line(
            key="padding", value="pre", remark="pre or post: where zeros fill a text up; the model's own layer knows"
        ),
        _Line(
            key="truncating", value="pre", remark="pre or post: where a long text is cut; the model's own layer knows"
        ),
    )


def _training(facts: Facts, folder: Path) -> tuple[_Line, ...]:
    """How the model was trained."""
    stored = facts.blueprint.loss if facts.blueprint is not None else None
    loss = _loss(stored)
    remark = "contrastive, triplet, binary_crossentropy, mse or other"
    augmentation = "{rotation_range: 20, width_shift_range: 0.2}"
    return (
        _Line(
            key="loss",
            value=loss or "contrastive",
            remark=f"the file says {stored}" if loss else remark,
            live=loss is not None,
        ),
        _Line(key="margin", value="1.0", remark="of that loss, if it has one"),
        _Line(key="same_label", value="1", remark="the label of a same-class pair: 1 or 0"),
        _path_line(
            "history",
            facts.history,
            "history.csv",
            folder,
            "CSVLogger file, or history.json",
            live=facts.history is not None,
        ),
        _Line(key="augmentation", value=augmentation, remark="ImageDataGenerator keywords, or Keras layers"),
    )


def _decision(blueprint: Blueprint | None) -> tuple[_Line, ...]:
    """How a pair becomes same or different."""
    metric = METRIC_OF_HEAD.get(blueprint.head.kind) if blueprint is not None else None
    learned = blueprint is not None and blueprint.head.learned
    remark = "the head computes it" if metric else "euclidean, squared_euclidean, cosine, manhattan or dot"
    if learned:
        remark = "only if you compare embeddings yourself; the head is trained"
    return (
        _Line(key="metric", value=metric or "euclidean", remark=remark, live=metric is not None),
        _Line(
            key="threshold",
            value="0.5",
            remark="of the model's output" if learned else "below it a pair is called the same",
        ),
    )


def _loss(stored: str | None) -> str | None:
    """The kind of loss that a stored name means, or None where it says nothing."""
    name = (stored or "").lower().replace("_", "")
    kinds = {
        "contrastive": "contrastive",
        "triplet": "triplet",
        "binarycrossentropy": "binary_crossentropy",
        "meansquarederror": "mse",
    }
    if name == "mse":
        return "mse"
    return next((kind for part, kind in kinds.items() if part in name), None)


def _path_line(key: str, path: Path | None, example: str, folder: Path, remark: str, *, live: bool) -> _Line:
    """A line that holds a path, relative to the file where that is possible."""
    if path is None:
        return _Line(key=key, value=example, remark=remark)
    absolute = path.absolute()
    try:
        shown = Path(os.path.relpath(absolute, folder)).as_posix()
    except ValueError:  # on another drive
        shown = absolute.as_posix()
    return _Line(key=key, value=_scalar(shown), remark=remark, live=live)


def _scalar(text: str) -> str:
    """Text as YAML, quoted where it must be."""
    return yaml.safe_dump(text, width=10**6, allow_unicode=True).removesuffix("\n...\n").strip()


def _comment(text: str) -> str:
    """Text that stays within its comment."""
    return " ".join(printable(text).split())
