"""Models that are built, run and saved once for all tests."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from siamdoctor.models.runtime import import_keras


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A saved model with what the program that made it computed."""

    path: Path
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Callable[[str, str], Saved]:
    """A model of the zoo, saved with the given extension."""
    import_keras()
    import keras  # noqa: PLC0415  (after the environment is set)
    import zoo  # noqa: PLC0415  (after the environment is set)
    import zoo_styles  # noqa: PLC0415  (after the environment is set)

    folder = tmp_path_factory.mktemp("zoo")
    made: dict[str, tuple[keras.Model, list[np.ndarray], list[np.ndarray]]] = {}

    def get(name: str, extension: str = "keras") -> Saved:
        if name not in made:
            keras.utils.set_random_seed(7)
            model = zoo_styles.STYLES[name].build()
            for layer in model._flatten_layers():
                if isinstance(layer, keras.layers.BatchNormalization):
                    size = layer.moving_mean.shape[0]
                    layer.moving_mean.assign(np.linspace(0.0, 0.2, size))
                    layer.moving_variance.assign(np.linspace(0.5, 1.5, size))
            given = zoo.samples_for(model)
            answer = model(given if len(given) > 1 else given[0], training=False)
            made[name] = model, given, [np.asarray(a) for a in keras.tree.flatten(answer)]
        model, given, outputs = made[name]
        path = folder / f"{name}.{extension}"
        if not path.exists():
            model.save(path)
        return Saved(path=path, inputs=given, outputs=outputs)

    return get


@pytest.fixture(scope="session")
def keras2_files(tmp_path_factory) -> Path:
    """The folder with what Keras 2 saved and answered (see `make_keras2_files.py`)."""
    target = tmp_path_factory.mktemp("keras2")
    with tarfile.open(Path(__file__).with_name("keras2_models.tar.xz")) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since Python 3.11.4
        archive.extractall(target, **safely)  # noqa: S202  (the archive is this repository's own)
    return target
