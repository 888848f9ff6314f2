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

EVERY_LAYER = ("name", "trainable", "dtype")  # settings that Keras gives every layer


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
    except (Exception, SystemExit) as error:  # user code may raise anything, and must not end a gate with its own code
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
    except (Exception, SystemExit) as error:  # user code may raise anything, and must not end a gate with its own code
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
        name: _tolerant(value)
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and (not chosen or name in chosen)
    }


def _tolerant(value: object) -> object:
    """A layer class that may be made with Keras' settings also where its `__init__` takes or passes on none.

    Many do not, since that shows only on loading: `def __init__(self): super().__init__()`.
    """
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    if not (isinstance(value, type) and issubclass(value, keras.layers.Layer)):
        return value

    def from_config(_: type, config: dict[str, object]) -> object:
        try:
            made = value.from_config(config)  # type: ignore[attr-defined]
        except (TypeError, NotImplementedError):
            made = value(**{key: setting for key, setting in config.items() if key not in EVERY_LAYER})
        made.name = config.get("name", made.name)
        return made

    return type(value.__name__, (value,), {"from_config": classmethod(from_config), "__module__": value.__module__})
