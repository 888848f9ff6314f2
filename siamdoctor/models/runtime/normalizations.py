"""What a Normalization layer measured before training: no weights, and nothing that starts afresh.

Keras works with a copy of its mean and variance, made when it is adapted and not when its variables are assigned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import keras


def refresh(layers: Iterable[keras.layers.Layer]) -> None:
    """Let every Normalization, also one within another layer, work with the mean and variance that it holds."""
    for layer in layers:
        for one in _normalizations(layer):
            one.finalize_state()


def carry_over(source: keras.Model, fresh: keras.Model) -> None:
    """Give the Normalizations of a fresh model what the same layers of the source measured."""
    for old, young in zip(source.layers, fresh.layers, strict=True):
        for measured, unmeasured in zip(_normalizations(old), _normalizations(young), strict=True):
            for variable, value in zip(unmeasured.variables, measured.variables, strict=True):
                variable.assign(value.value)
            unmeasured.finalize_state()


def _normalizations(layer: keras.layers.Layer) -> list[keras.layers.Normalization]:
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    within = layer._flatten_layers(include_self=True, recursive=True)  # noqa: SLF001  (Keras has no public name for it)
    return [one for one in within if isinstance(one, keras.layers.Normalization)]
