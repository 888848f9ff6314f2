"""Frozen features, and the projection from them to an embedding that head depth trains anew.

The encoder's last Dense layer is the projection and everything before it makes the features. Where the
encoder does not end in such a layer, its embeddings are the features and a linear layer of the same width
stands in for the projection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.extmath import randomized_svd

from siamdoctor.data.samples import FloatArray
from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import effective_rank, relative_spread
from siamdoctor.trials.training_backend import tensorflow

if TYPE_CHECKING:
    import keras
    from tensorflow import Tensor

    from siamdoctor.models.blueprint import Encoder
    from siamdoctor.models.runtime import Twin

MOST_FEATURES = 64  # principal components kept; beyond them lies little that a small embedding could use
WIDEST = 256  # coordinates of an embedding that are still trained side by side
NARROW_SPREAD, NARROW_RANK = 1e-3, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What head depth trains: a linear layer and what follows it.

    features: (n, f) frozen. width: d, length of the embedding. finish: turns (rows, d) linear outputs into
    embeddings, the encoder's own activation and normalisation. from_embedding: whether the features are the
    embeddings themselves.
    """

    features: FloatArray
    width: int
    finish: Callable[[Tensor], Tensor]
    from_embedding: bool


def projection(twin: Twin, encoder: Encoder, inputs: FloatArray) -> Projection:
    """Features of samples (n, *sample shape) and the projection that follows them.

    Raises:
        Unavailable: the embedding is too wide to train many of them at once.
    """
    last = _last_dense(twin.encoder)
    if last is None:
        features, finish = twin.embed(inputs), _finish_by_name(encoder)
        width = features.shape[1]
    else:
        features = _before(twin.encoder, last, inputs)
        finish = _after(twin.encoder, last)
        width = int(last.units)
    if width > WIDEST:
        raise Unavailable(f"embeddings of {width} coordinates are too wide to train many of them at once")
    return Projection(
        features=_principal(features.reshape(len(features), -1)),
        width=width,
        finish=finish,
        from_embedding=last is None,
    )


def collapse_of(features: FloatArray) -> str | None:
    """Why nothing can be learned from these features, or None where something can."""
    if not np.isfinite(features).all():
        return "its features are not finite"
    spread, rank = relative_spread(features), effective_rank(features)
    if spread < NARROW_SPREAD:
        return f"its features are the same for all samples (spread {spread:.1g} of their length)"
    if rank < NARROW_RANK:
        return f"its features lie on a line (effective rank {rank:.2f})"
    return None


def _last_dense(encoder: keras.Model) -> keras.layers.Layer | None:
    """The Dense layer after which no weights follow and each layer has one input and one output."""
    import keras  # noqa: PLC0415  (loaded with the twin)

    for layer in reversed(encoder.layers):
        if isinstance(layer, keras.layers.Dense):
            plain = len(layer.input.shape) == 2 and _single(layer)  # noqa: PLR2004  (batch, features)
            return layer if plain else None
        if layer.weights or not _single(layer):
            return None
    return None


def _single(layer: keras.layers.Layer) -> bool:
    """Whether the layer is called once, on one tensor."""
    nodes = getattr(layer, "_inbound_nodes", ())
    return len(nodes) == 1 and not isinstance(layer.input, list | tuple)


def _before(encoder: keras.Model, last: keras.layers.Layer, inputs: FloatArray) -> FloatArray:
    """(n, f) what flows into the last Dense layer at inference."""
    import keras  # noqa: PLC0415

    body = keras.Model(encoder.input, last.input)
    step = tensorflow().function(lambda x: body(x, training=False), reduce_retracing=True)
    data = inputs.astype(encoder.inputs[0].dtype, copy=False)
    parts = [np.asarray(step(data[i : i + 256]), np.float32) for i in range(0, len(data), 256)]
    return np.concatenate(parts)


def _after(encoder: keras.Model, last: keras.layers.Layer) -> Callable[[Tensor], Tensor]:
    """The last Dense layer's own activation and all that follows it, as at inference."""
    import keras  # noqa: PLC0415

    follows = encoder.layers[encoder.layers.index(last) + 1 :]
    tail = keras.Model(last.output, encoder.output) if follows else None

    def finish(linear: Tensor) -> Tensor:
        activated = last.activation(linear)
        return activated if tail is None else tail(activated, training=False)

    return finish


def _finish_by_name(encoder: Encoder) -> Callable[[Tensor], Tensor]:
    """Activation and unit length as the blueprint names them."""
    import keras  # noqa: PLC0415

    try:
        activation = keras.activations.get(encoder.activation)
    except ValueError:
        activation = keras.activations.linear

    def finish(linear: Tensor) -> Tensor:
        tf = tensorflow()
        activated = activation(linear)
        return tf.math.l2_normalize(activated, axis=-1) if encoder.unit_norm else activated

    return finish


def _principal(features: FloatArray) -> FloatArray:
    """(n, f) centred features in at most 64 principal directions; distances keep all but the least part.

    The bias of the projection makes up for the centre. Directions are unit vectors, so the scale is kept.
    """
    if not np.isfinite(features).all():
        return features
    centred = features - features.mean(0)
    if features.shape[1] <= MOST_FEATURES:
        return np.asarray(centred, dtype=np.float32)
    _, _, directions = randomized_svd(centred, n_components=min(MOST_FEATURES, len(centred)), random_state=0)
    return np.asarray(centred @ directions.T, dtype=np.float32)
