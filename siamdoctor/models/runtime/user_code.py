"""Running the user's own code, and only where an option asks for it."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from siamdoctor.errors import BadSettings, SiamdoctorError, UnreadableModel
from siamdoctor.models.own_code import split_names
from siamdoctor.models.runtime.backend import import_keras


def built_by(source: str) -> str:
    """The configuration, as JSON, of the model that `module:function` or `file.py:function` returns.

    Raises:
        BadSettings: the source is not of that form, or there is no such function.
        UnreadableModel: the function fails, or returns no Keras model.
    """
    where, _, name = source.rpartition(":")
    if not where:
        raise BadSettings(
            f"An architecture is config.json, module:function or file.py:function. Received: architecture={source!r}"
        )
    import_keras()
    build = getattr(user_module(where), name, None)
    if not callable(build):
        raise BadSettings(f"There is no function of this name. Received: architecture={source!r}")
    try:
        return str(build().to_json())
    except SiamdoctorError:
        raise
    except Exception as error:  # user code may raise anything, and none of it is a fault of this program
        raise UnreadableModel(
            f"The function failed ({type(error).__name__}: {error}). Received: architecture={source!r}"
        ) from error


def user_module(where: str) -> ModuleType:
    """Import a module by name, or a file by path, as a training script beside the model would be.

    Raises:
        BadSettings: it cannot be found or fails on import.
    """
    path = Path(where)
    is_file = path.suffix == ".py"
    if is_file and not path.is_file():
        raise BadSettings(f"There is no such file. Received: {where}")
    try:
        return _from_file(path) if is_file else importlib.import_module(where)
    except Exception as error:  # user code may raise anything, and none of it is a fault of this program
        raise BadSettings(f"Your code fails on import ({type(error).__name__}: {error}). Received: {where}") from error


def _from_file(path: Path) -> ModuleType:
    """Run a file as a module of its own name."""
    loader = SourceFileLoader(path.stem, str(path))
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules.setdefault(path.stem, module)
    loader.exec_module(module)
    return module


def own_objects(source: str | None) -> dict[str, object]:
    """The user's classes and functions by name, for Keras to find them under.

    Raises:
        BadSettings: the code cannot be found or fails on import.
    """
    if source is None:
        return {}
    where, chosen = split_names(source)
    module = user_module(where)
    return {
        name: value
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and (not chosen or name in chosen)
    }
