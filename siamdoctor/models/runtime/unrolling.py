"""A model of a class of the user's own, whose file names no layers: its own code says which there are.

Called on symbolic inputs, the code leaves the same graph behind that a Functional model has. That graph is
saved and read like any other.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.archive import Archive, open_archive
from siamdoctor.models.config import mapping, sequence, shape_of, text
from siamdoctor.models.hdf5 import WeightFile
from siamdoctor.models.runtime.backend import import_keras, silenced
from siamdoctor.models.runtime.user_code import own_objects
from siamdoctor.results import Json

if TYPE_CHECKING:
    import keras


def unrolled(archive: Archive, source: str) -> Archive:
    """The same model as layers that call each other.

    Args:
        archive: the opened file, whose model is of a class that `source` defines.
        source: module or file with the user's code, which is run.

    Raises:
        UnreadableModel: the code fails, or does more than call Keras' layers and operations.
    """
    import_keras()
    entry = mapping(archive.model)
    name = text(entry.get("class_name")) or ""
    made = own_objects(source).get(name)
    try:
        with silenced(), warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="siamdoctor-") as folder:
            warnings.simplefilter("ignore")
            model = made.from_config(dict(mapping(entry.get("config"))))  # type: ignore[attr-defined]
            functional = _called(model, mapping(entry.get("build_config")).get("input_shape"))
            _give_weights(model, archive, Path(folder))
            functional.save(Path(folder) / "model.keras")
            opened = open_archive(Path(folder) / "model.keras")
    except UnreadableModel:
        raise
    except Exception as error:  # user code may raise anything, and none of it is a fault of this program
        told = str(error).strip().splitlines() or [""]
        raise UnreadableModel(
            f"The layers of {name!r} cannot be found by calling it ({type(error).__name__}: {told[0]}). Its `call` may "
            "use only layers and `keras.ops`; else save the part that makes the embeddings, such as "
            f"`model.encoder.save('encoder.keras')`. Received: model={archive.path}, custom_objects={source}"
        ) from error
    return replace(opened, path=archive.path, format=archive.format, compiled=archive.compiled)


def _called(model: keras.Model, saved: Json) -> keras.Model:
    """The graph that the model's own code makes of symbolic inputs."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    one = shape_of(saved)
    shapes = [one] if one is not None else [shape_of(shape) for shape in sequence(saved)]
    inputs = [keras.Input(shape[1:], name=f"input_{k}") for k, shape in enumerate(shapes) if shape is not None]
    outputs = model.call(inputs[0] if one is not None else inputs)
    return keras.Model(inputs, outputs)


def _give_weights(model: keras.Model, archive: Archive, folder: Path) -> None:
    """The stored weights, which Keras finds its own way through."""
    if not isinstance(archive.weights, WeightFile):
        raise UnreadableModel(f"Only `.keras` files of such models are read. Received: model={archive.path}")
    file = folder / "model.weights.h5"
    file.write_bytes(archive.weights.content)
    model.built = True
    model.load_weights(file)
