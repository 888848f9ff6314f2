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
    import keras

HELD_ELEMENTS = 1 << 28  # numbers held at once


def with_statistics(model: keras.Model, config: Json, x: NDArray[np.generic], own: Own) -> keras.Model:
    """A copy of an encoder whose BatchNorm statistics are those of `x`."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    fresh = copy_with(model, config, own)
    taker = copy_with(model, _taking_statistics(config), own)
    count = min(len(x), max(2, HELD_ELEMENTS // (4 * widest(model))))
    chosen = np.asarray(x)[np.linspace(0, len(x) - 1, count).astype(int)]
    values = [v.value for v in taker.trainable_variables], [v.value for v in taker.non_trainable_variables]
    _, updated = taker.stateless_call(*values, chosen.astype(model.inputs[0].dtype), training=True)
    new = {v.path: value for v, value in zip(taker.non_trainable_variables, updated, strict=True)}
    for layer in fresh.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable, source in zip(weights_of(layer), weights_of(taker.get_layer(layer.name)), strict=True):
                if source.path in new:
                    variable.assign(new[source.path])
    return fresh


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
