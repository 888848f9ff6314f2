"""Asking a live Keras model and its loss: a few outputs, one cost. The one module here that computes with Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.callbacks.feeding import Batch, leaves, rows
from siamdoctor.callbacks.looks import Look
from siamdoctor.callbacks.objections import Head

if TYPE_CHECKING:
    import keras

PROBED = 32  # pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The few inputs that are looked at again and again, labels balanced as far as they go."""

    inputs: object
    labels: NDArray[np.int64] | None
    probability: bool

    @classmethod
    def of(cls, batch: Batch, *, probability: bool) -> Probe:
        """Choose from what the training gets; probability: whether the model puts out one."""
        count = len(batch.sides[0])
        binary = batch.labels is not None and set(np.unique(batch.labels).tolist()) <= {0, 1}
        if not binary or batch.labels is None:
            chosen = np.arange(min(count, PROBED))
            return cls(inputs=rows(batch.inputs, chosen), labels=None, probability=probability)
        chosen = np.sort(np.concatenate([np.flatnonzero(batch.labels == label)[: PROBED // 2] for label in (0, 1)]))
        labels = np.asarray(batch.labels[chosen]).astype(np.int64)
        return cls(inputs=rows(batch.inputs, chosen), labels=labels, probability=probability)

    def look(self, model: keras.Model) -> Look:
        """The model's outputs for these inputs, as in use."""
        import keras  # noqa: PLC0415  (loaded by then: the model is one of Keras')

        output = next(leaves(model(self.inputs, training=False)))
        values = np.asarray(keras.ops.convert_to_numpy(output), dtype=np.float32)
        values = values.reshape(len(values), -1)
        kept = self.labels if values.shape[1] == 1 else None
        return Look(outputs=values, labels=kept, probabilities=self.probability)


def plain_loss(model: keras.Model) -> object:
    """What `compile` was given as loss, the first one where there are several; None where there is none."""
    return next(leaves(getattr(model, "loss", None)), None)


def try_loss(loss: object, label: float, distance: float) -> float | None:
    """The loss of a single pair; None where the function does not take (1, 1) arrays."""
    import keras  # noqa: PLC0415  (loaded by then: the model is one of Keras')

    if not callable(loss):
        return None
    given = [keras.ops.convert_to_tensor([[value]], dtype="float32") for value in (label, distance)]
    try:
        return float(np.mean(keras.ops.convert_to_numpy(loss(*given))))
    except Exception:  # noqa: BLE001  (a user's function; where it cannot be tried, its name has to do)
        return None


def head_of(model: keras.Model) -> Head:
    """Activation and units of the last layer, as far as there is one and it has them."""
    last = next(reversed(list(getattr(model, "layers", ()))), None)
    units = getattr(last, "units", None)
    return Head(
        activation=getattr(getattr(last, "activation", None), "__name__", None),
        units=units if isinstance(units, int) else None,
    )


def layers_of(model: keras.Model) -> Iterator[object]:
    """All layers, those of models within the model included."""
    for layer in getattr(model, "layers", ()):
        yield layer
        if hasattr(layer, "layers"):
            yield from layers_of(layer)
