"""What a command does with a file before TensorFlow is loaded, as functions that the fuzzer can call."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from siamdoctor.data.history import read_history
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.rebuild import functional_config
from siamdoctor.render.blueprint_json import as_json
from siamdoctor.render.blueprint_sheet import sheet
from siamdoctor.settings import read_settings

LOOKED_AT = 4  # samples and weights that are really read


def model(path: Path) -> None:
    """Read, describe and rebuild a model, as `inspect` and the first half of `diagnose` do."""
    blueprint = read_blueprint(path)
    as_json(blueprint, "0")
    sheet(blueprint)
    for weight in blueprint.weights[:LOOKED_AT]:
        weight.load()
    if blueprint.parts is not None and not blueprint.parts.refusals:
        functional_config(blueprint.parts.encoder, "encoder")


def data(path: Path) -> None:
    """Read a data set and a few of its samples."""
    samples = read_samples(path)
    find_training_split(path)
    chosen = np.arange(min(LOOKED_AT, len(samples)))
    if samples.sample_shape is not None and np.prod(samples.sample_shape, dtype=float) < 1e7:
        samples.load(chosen, samples.sample_shape)
    samples.digest(chosen)
    samples.thumbnail(0)
    samples.unreadable()


def history(path: Path) -> None:
    """Read a training history."""
    read_history(path)


def settings(path: Path) -> None:
    """Read a settings file."""
    read_settings(path)


READERS = {"model": model, "data": data, "history": history, "settings": settings}
