"""What the units within an encoder give, for those whose range has two ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import keras

ENDED = ("sigmoid", "hard_sigmoid", "tanh")
SAMPLES, UNITS = 128, 4096  # looked at, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenLayer:
    """A layer within an encoder. values: (n, k) of at most 128 samples and 4,096 units."""

    name: str
    activation: str
    values: NDArray[np.float32]


def hidden_layers(encoder: keras.Model, x: NDArray[np.generic]) -> tuple[HiddenLayer, ...]:
    """The layers with a sigmoid or tanh that lie before the embedding, in order.

    Args:
        encoder: without nested models.
        x: (n, *input shape) as the encoder is given it.
    """
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    embedding = encoder.outputs[0]
    found = [
        layer
        for layer in encoder.layers
        if isinstance(layer, keras.layers.Dense | keras.layers.Activation) or hasattr(layer, "kernel_size")
        if _activation(layer) in ENDED and layer.output is not embedding
    ]
    if not found:
        return ()
    tap = keras.Model(encoder.inputs[0], {layer.name: layer.output for layer in found})
    chosen = np.asarray(x)[np.linspace(0, len(x) - 1, min(len(x), SAMPLES)).astype(int)]
    outputs = tap(chosen.astype(encoder.inputs[0].dtype), training=False)
    rows = {name: np.asarray(output, np.float32).reshape(len(chosen), -1) for name, output in outputs.items()}
    return tuple(
        HiddenLayer(name=layer.name, activation=_activation(layer), values=_some(rows[layer.name])) for layer in found
    )


def _activation(layer: keras.layers.Layer) -> str:
    """The name of a layer's activation; empty where it has none."""
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def _some(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Evenly spaced columns, no more than are looked at."""
    return values[:, np.linspace(0, values.shape[1] - 1, min(values.shape[1], UNITS)).astype(int)]
