"""Running the user's own code, and only where an option asks for it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from siamdoctor.errors import BadSettings, SiamdoctorError, UnreadableModel
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
    except Exception as error:
        raise UnreadableModel(
            f"The function failed ({type(error).__name__}: {error}). Received: architecture={source!r}"
        ) from error


def user_module(where: str) -> ModuleType:
    """Import a module by name, or a file by path, as a training script beside the model would be.

    Raises:
        BadSettings: it cannot be found or fails on import.
    """
    path = Path(where)
    try:
        if path.suffix != ".py":
            return importlib.import_module(where)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise BadSettings(f"There is no such file. Received: {where}")
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        spec.loader.exec_module(module)
    except SiamdoctorError:
        raise
    except Exception as error:
        raise BadSettings(f"Your code fails on import ({type(error).__name__}: {error}). Received: {where}") from error
    return module
