"""From a blueprint, or from a model in memory, to a twin that runs."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.blueprint import Blueprint
from siamdoctor.models.parts import Parts
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime.backend import import_keras
from siamdoctor.models.runtime.configs import Configs
from siamdoctor.models.runtime.program import load_program
from siamdoctor.models.runtime.stored import stored_layers
from siamdoctor.models.runtime.twin import Twin, assemble
from siamdoctor.models.runtime.user_code import own_objects
from siamdoctor.settings import ModelSettings

if TYPE_CHECKING:
    import keras


def load_twin(blueprint: Blueprint, settings: ModelSettings = ModelSettings()) -> Twin:  # noqa: B008  (frozen)
    """Rebuild encoder and head with their weights.

    Raises:
        UnreadableModel: the encoder was not found, the audit refuses it, its stored weights do not fit, or it is a
            program that is not trusted or fails.
    """
    del settings
    if blueprint.program is not None:
        return load_program(blueprint)
    parts = blueprint.parts
    if parts is None or parts.refusals:
        reasons = " ".join([*blueprint.unreadable, *blueprint.advice])
        raise UnreadableModel(f"{reasons} Received: model={blueprint.path}")
    import_keras()
    try:
        return _load(blueprint, parts)
    except UnreadableModel as error:
        raise UnreadableModel(f"{error}{_newer(blueprint.keras_version)}") from error


def _load(blueprint: Blueprint, parts: Parts) -> Twin:
    """Build the parts and give them their weights."""
    configs = Configs.of(parts, own_objects(parts.own_code))
    return assemble(blueprint, configs, stored_layers(parts))


def read_live(model: keras.Model, settings: ModelSettings = ModelSettings()) -> Blueprint:  # noqa: B008  (frozen)
    """Explain a model that is in memory, by way of a file that is gone when this returns.

    Raises:
        UnreadableModel: Keras cannot save the model, or what it saved is not readable.
    """
    with tempfile.TemporaryDirectory(prefix="siamdoctor-") as folder:
        path = Path(folder) / f"{model.name}.keras"
        try:
            model.save(path)
        except (ValueError, TypeError, NotImplementedError, OSError) as error:
            raise UnreadableModel(
                f"The model cannot be saved by Keras: {error}. Received: model={model.name!r}"
            ) from error
        return replace(read_blueprint(path, settings), path=Path(model.name))


def _newer(version: str | None) -> str:
    """A hint where the file was saved by a newer Keras than the one at hand."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(".")[:3] if part.isdigit()]

    if version is None or numbers(version) <= numbers(keras.__version__):
        return ""
    return f". The file was saved by Keras {version}, this is {keras.__version__}: upgrade keras."
