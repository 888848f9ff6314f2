"""From a request and the settings file to `Settings`: every mistake is found before TensorFlow is loaded."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor import manual_pages
from siamdoctor.errors import BadSettings, UnreadableData, UnreadableModel
from siamdoctor.settings import (
    FILE_NAME,
    DataSettings,
    ModelSettings,
    ReportSettings,
    Settings,
    find_settings,
    read_settings,
)
from siamdoctor.typed_yaml import FUNCTION

if TYPE_CHECKING:
    from siamdoctor.cli.request import Request


def settle(request: Request) -> Settings:
    """Settings of this run: the file's, with the command line's over them.

    Raises:
        BadSettings: an unknown key or cause, or MODEL or DATA named nowhere.
        UnreadableModel, UnreadableData: a file that is not there, or a remote address.
    """
    settings = settle_model(request)
    settings = dataclasses.replace(
        settings,
        data=_data(request, settings),
        report=_report(request, settings),
        seed=settings.seed if request.seed is None else request.seed,
        budget=settings.budget if request.budget is None else request.budget,
        thorough=settings.thorough or request.thorough,
    )
    if settings.data.path is None:
        raise BadSettings(_missing("DATA", "data: {path: data/val}", settings))
    for name, path in (("data", settings.data.path), ("train", settings.data.train)):
        if path is not None and not path.exists() and not FUNCTION.fullmatch(str(path)):
            raise UnreadableData(f"There is no such file or folder. Received: {name}={path}")
    return settings


def settle_model(request: Request) -> Settings:
    """The settings with only the model settled, for commands that need no data.

    Raises:
        BadSettings: an unknown key, or MODEL named nowhere.
        UnreadableModel: a file that is not there, or a remote address.
    """
    settings = settings_of_file(request)
    settings = dataclasses.replace(settings, model=_model(request, settings))
    if settings.model.path is None:
        raise BadSettings(_missing("MODEL", "model: {path: model.keras}", settings))
    if not settings.model.path.exists():
        raise UnreadableModel(f"There is no such model file. Received: model={settings.model.path}")
    return settings


def settings_of_file(request: Request) -> Settings:
    """The settings files that apply, the later over the earlier, or the defaults where there is none."""
    if not request.config:
        return find_settings(Path(request.model) if request.model is not None else None, Path.cwd())
    settings = None
    for path in request.config:
        settings = read_settings(path, over=settings)
    return settings or Settings()


def local_path(text: str, name: str) -> Path:
    """A path from the command line; addresses of other machines are refused.

    Raises:
        BadSettings: the text is a URL or another remote address.
    """
    if "://" in text or text.startswith("hf:"):
        raise BadSettings(f"Only local files are read; download it first. Received: {name}={text!r}")
    return Path(text).expanduser()


def replacements(words: list[str] | None) -> dict[str, str]:
    """NAME=WHAT, as often as given.

    Raises:
        BadSettings: a word without a name, an equals sign, or a replacement.
    """
    pairs = {}
    for word in words or ():
        name, equals, what = word.partition("=")
        if not (name and equals and what):
            raise BadSettings(f"--replace takes NAME=WHAT, such as lambda_1=l2norm. Received: {word!r}")
        pairs[name] = what
    return pairs


def _model(request: Request, settings: Settings) -> ModelSettings:
    """Model settings with the command line's over them."""
    given = settings.model
    return dataclasses.replace(
        given,
        path=local_path(request.model, "model") if request.model is not None else given.path,
        encoder=request.encoder or given.encoder,
        custom_objects=request.custom_objects or given.custom_objects,
        architecture=request.architecture or given.architecture,
        trust_savedmodel=request.trust_savedmodel or given.trust_savedmodel,
        replace={**given.replace, **replacements(request.replace)},
    )


def _data(request: Request, settings: Settings) -> DataSettings:
    """Data settings with the command line's over them."""
    given = settings.data
    return dataclasses.replace(
        given,
        path=local_path(request.data, "data") if request.data is not None else given.path,
        train=local_path(request.train, "train") if request.train is not None else given.train,
        pairs=given.pairs if request.pairs is None else request.pairs,
        vocabulary=local_path(request.vocabulary, "vocabulary") if request.vocabulary is not None else given.vocabulary,
    )


def _report(request: Request, settings: Settings) -> ReportSettings:
    """Report settings with the command line's over them, every cause by its id.

    Raises:
        BadSettings: an unknown cause, or no cause left to look for.
    """
    given = settings.report
    select = tuple(manual_pages.find(word).id for word in request.select or given.select)
    ignore = tuple(manual_pages.find(word).id for word in (*given.ignore, *(request.ignore or ())))
    if not set(select or (entry.id for entry in manual_pages.entries())) - set(ignore):
        raise BadSettings(f"No cause is left to look for. Received: select={select}, ignore={ignore}")
    suppress = tuple(dataclasses.replace(s, cause=manual_pages.find(s.cause).id) for s in given.suppress)
    fail_on = request.fail_on or given.fail_on
    return ReportSettings(fail_on=fail_on, ignore=ignore, select=select, suppress=suppress)


def _missing(argument: str, example: str, settings: Settings) -> str:
    """Say what to write, and where, for an argument that was named nowhere."""
    read = f"{settings.source} does not name it" if settings.source else f"there is no {FILE_NAME} here"
    return (
        f"{argument} is missing: {read}. Write it on the command line, as in "
        f"`siamdoctor diagnose model.keras data/val`, or put `{example}` into {FILE_NAME} "
        "(`siamdoctor init` writes one)."
    )
