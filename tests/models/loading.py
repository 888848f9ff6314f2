"""Tries what reads a saved model, and writes the table of the README."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from siamdoctor.errors import SiamdoctorError
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin

import_keras()

import keras  # noqa: E402  (after the environment is set)
from saved_kinds import KINDS, Kind, Made  # noqa: E402  (the same)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Whether `load_model` and siamdoctor read a file, and siamdoctor without the option that the row names."""

    keras: bool
    here: bool
    bare: bool


def attempt(kind: Kind) -> Tried:
    """Save a model of that kind and let both read it."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.utils.set_random_seed(7)
        made = kind.make(Path(folder))
        bare = Made(path=made.path, sides=made.sides, wanted=made.wanted)
        return Tried(keras=loads_in_keras(made.path), here=reads_here(made), bare=reads_here(bare))


def loads_in_keras(path: Path) -> bool:
    """Whether `keras.models.load_model(path)` gives a model, in safe mode and with nothing but the path."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            keras.models.load_model(path)
    except Exception:  # noqa: BLE001  (there are as many kinds of failure as kinds of files)
        return False
    return True


def reads_here(made: Made) -> bool:
    """Whether siamdoctor gives the numbers of the program that saved the model."""
    try:
        blueprint = read_blueprint(made.path, made.settings)
        twin = load_twin(blueprint)
    except SiamdoctorError:
        return False
    if not twin.can_compare and blueprint.head.kind != "none":
        return False
    got = twin.predict(*made.sides[:2]) if twin.can_compare else twin.embed(made.sides[0])
    wanted = np.asarray(made.wanted).reshape(len(got), -1)
    return bool(np.allclose(np.asarray(got).reshape(len(got), -1), wanted, rtol=0, atol=2e-6))


def table() -> Iterator[tuple[str, str, str, str, str]]:
    """The rows of the README: every kind, tried."""
    for kind in KINDS:
        tried = attempt(kind)
        yield kind.what, kind.saved, _said(tried.keras), _said(tried.here), f"`{kind.option}`" if kind.option else ""


def _said(works: bool) -> str:  # noqa: FBT001  (a fact, not a switch)
    return "yes" if works else "no"
