"""BatchNorm statistics taken anew from samples, with no weight changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.models.config import mapping, sequence, text
from siamdoctor.models.rebuild import SEEDED
from siamdoctor.models.runtime.building import Own, copy_with, widest
from siamdoctor.models.runtime.stored import weights_of
from siamdoctor.results import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

HELD_ELEMENTS = 1 << 28  # numbers held at once
TINY = 1e-12  # variance of a unit that never changes


def with_statistics(model: keras.Model, config: Json, x: Sequence[NDArray[np.generic]], own: Own) -> keras.Model:
    """A copy of an encoder or head whose BatchNorm statistics are those of `x`, one array for each of its inputs."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    fresh = copy_with(model, config, own)
    taker = copy_with(model, _taking_statistics(config), own)
    count = min(len(x[0]), max(2, HELD_ELEMENTS // (4 * widest(model))))
    rows = np.linspace(0, len(x[0]) - 1, count).astype(int)
    chosen = [np.asarray(one)[rows].astype(port.dtype) for one, port in zip(x, model.inputs, strict=True)]
    values = [v.value for v in taker.trainable_variables], [v.value for v in taker.non_trainable_variables]
    _, updated = taker.stateless_call(*values, chosen if len(chosen) > 1 else chosen[0], training=True)
    new = {v.path: value for v, value in zip(taker.non_trainable_variables, updated, strict=True)}
    for layer in fresh.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable, source in zip(weights_of(layer), weights_of(taker.get_layer(layer.name)), strict=True):
                if source.path in new:
                    variable.assign(new[source.path])
    return fresh


def statistics_moved(stored: keras.Model, fresh: keras.Model) -> float:
    """How far stored statistics lie from fresh ones: the worst layer's median over units.

    Counted are standard deviations between the means, and the natural logarithm of the ratio of the variances.
    """
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    worst = 0.0
    for old, new in zip(stored.layers, fresh.layers, strict=True):
        if not isinstance(old, keras.layers.BatchNormalization):
            continue
        (before, wide), (mean, variance) = (
            [np.asarray(v.value, np.float64) for v in (layer.moving_mean, layer.moving_variance)]
            for layer in (old, new)
        )
        varying = (variance > TINY) & (wide > TINY)
        if varying.any():
            shifted = np.abs(before - mean)[varying] / np.sqrt(variance[varying])
            worst = max(worst, float(np.median(shifted + np.abs(np.log(wide[varying] / variance[varying])))))
    return worst


def _taking_statistics(config: Json) -> Json:
    """The configuration for a pass in training mode: each BatchNorm forgets at once, nothing is random."""

    def visit(entry: Json) -> Json:
        saved = dict(mapping(entry))
        name = text(saved.get("class_name")) or ""
        settings = mapping(saved.get("config"))
        if name == "BatchNormalization":
            saved["config"] = {**settings, "momentum": 0.0, "trainable": True}
        elif name.endswith(SEEDED) or name.startswith(SEEDED):
            saved |= {"class_name": "Identity", "config": {"name": settings.get("name")}}
        else:
            quiet: dict[str, Json] = {key: 0.0 for key in ("dropout", "recurrent_dropout") if key in settings}
            saved["config"] = settings | quiet
        return saved

    outer = dict(mapping(config))
    inner = mapping(outer.get("config"))
    outer["config"] = {**inner, "layers": [visit(entry) for entry in sequence(inner.get("layers"))]}
    return outer
