"""Stored weights on their way into a layer that Keras made."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.functional import snake_case
from siamdoctor.models.parts import Parts
from siamdoctor.models.runtime.normalizations import refresh
from siamdoctor.models.weight_index import PARTS

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLayer:
    """What a file holds of one layer.

    arrays: its variables, in the order of the layer's own list. places: where each lies below the layer, such
    as "cell/vars/0"; empty in files that number a layer's variables through. group: everything that lies
    there, states of random generators included.
    """

    arrays: tuple[NDArray[np.floating], ...]
    places: tuple[str, ...]
    group: Callable[[], Mapping[str, NDArray[np.generic]]]

    @property
    def is_nested(self) -> bool:
        """Whether the layer is made of layers of which only Keras knows the order."""
        return any(part not in PARTS and not part.isdigit() for place in self.places for part in place.split("/"))


def stored_layers(parts: Parts) -> Mapping[str, StoredLayer]:
    """Stored weights of all parts, by layer."""
    graphs = [g for g in (parts.encoder, parts.second, parts.head) if g is not None]
    names = {name for graph in graphs for name in graph.layers} & set(parts.variables)
    return {name: _stored(parts, name) for name in names}


def _stored(parts: Parts, name: str) -> StoredLayer:
    """What the file holds of one layer."""
    variables = parts.variables[name]
    places = tuple(v.place for v in variables)
    home = variables[0].array.path.removesuffix(variables[0].place)

    def group() -> Mapping[str, NDArray[np.generic]]:
        below = [path for path in parts.file.arrays if path.replace("\\", "/").startswith(home)]
        return {path.replace("\\", "/").removeprefix(home): parts.file.read(path) for path in below}

    return StoredLayer(
        arrays=tuple(parts.file.read(v.array.path) for v in variables),
        places=places if all(places) else (),
        group=group,
    )


def weights_of(layer: keras.layers.Layer) -> list[keras.Variable]:
    """A layer's weights without the states of its random generators, in the order in which files hold them."""
    return [v for v in layer.weights if "seed_generator" not in v.path]


def fits(layer: keras.layers.Layer, stored: StoredLayer | None) -> bool:
    """Whether the layer's variables are of the stored shapes, in order where the order is known."""
    wanted = [tuple(v.shape) for v in weights_of(layer)]
    given = [a.shape for a in stored.arrays] if stored is not None else []
    return sorted(wanted) == sorted(given) if stored is not None and _is_nested(layer, stored) else wanted == given


def fill(layer: keras.layers.Layer, stored: StoredLayer, path: Path) -> None:
    """Give a layer its stored weights.

    Raises:
        UnreadableModel: Keras finds other layers inside it than the file holds weights of.
    """
    if stored.places and _is_nested(layer, stored):
        _let_keras_read(layer, stored, path)
        return
    variables = weights_of(layer)
    if _is_nested(layer, stored):  # HDF5 models list what was trained first
        variables.sort(key=lambda v: not v.trainable)
    for variable, value in zip(variables, stored.arrays, strict=True):
        variable.assign(value)
    refresh([layer])


def _is_nested(layer: keras.layers.Layer, stored: StoredLayer) -> bool:
    """Whether there are layers within, in which case the layer's list has another order than the file."""
    return stored.is_nested or not type(layer).__module__.startswith("keras.")


def _let_keras_read(layer: keras.layers.Layer, stored: StoredLayer, path: Path) -> None:
    """Write a file that holds this layer's group alone, for Keras to find its way through."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    holder = keras.Sequential([layer])
    holder.built = True
    home = f"layers/{snake_case(type(layer).__name__)}"
    with tempfile.TemporaryDirectory(prefix="siamdoctor-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what does not fit is found below
        file = Path(folder) / "layer.weights.h5"
        with h5py.File(file, "w") as target:
            for place, array in stored.group().items():
                kind = np.uint32 if "seed_generator" in place else array.dtype
                target[f"{home}/{place}"] = array.astype(kind)
        try:
            holder.load_weights(file)
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableModel(f"{_misfit(layer, path)} ({str(error).strip().splitlines()[0]})") from error
    left = [np.asarray(v.value) for v in weights_of(layer)]
    for array in stored.arrays:
        same = next((k for k, value in enumerate(left) if np.array_equal(value, array, equal_nan=True)), None)
        if same is None:
            raise UnreadableModel(_misfit(layer, path))
        del left[same]


def _misfit(layer: keras.layers.Layer, path: Path) -> str:
    return (
        f"The stored weights of layer {layer.name!r} do not fit the layers that are made for it. Received: model={path}"
    )
