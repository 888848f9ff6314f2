"""A small untrained twin network on generated samples, for the tests of trials that train."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from siamdoctor.case import Case
from siamdoctor.data.samples import Samples
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.runtime import import_keras, load_twin
from siamdoctor.settings import DataSettings, Settings, TrainingSettings

FEATURES = 12
INFORMATIVE = 4


def clouds(identities: int, each: int, seed: int, *, prefix: str = "id") -> Samples:
    """Identities that differ in a few columns, among columns of louder noise."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(identities, INFORMATIVE))
    identity = np.repeat(np.arange(identities), each)
    signal = centres[identity] + 0.25 * rng.normal(size=(identity.size, INFORMATIVE))
    noise = 1.5 * rng.normal(size=(identity.size, FEATURES - INFORMATIVE))
    return samples_of(np.concatenate([signal, noise], axis=1).astype(np.float32), identity, prefix=prefix)


def samples_of(x: np.ndarray, identity: np.ndarray, *, prefix: str = "id", kind: str = "arrays") -> Samples:
    return Samples(
        path=Path("generated.npz"),
        format="arrays",
        kind=kind,
        names=tuple(str(i) for i in range(len(x))),
        identity=identity.astype(np.int64),
        identity_names=tuple(f"{prefix}{i}" for i in range(int(identity.max()) + 1)),
        stored_scale=float(np.abs(x).max()),
        load=lambda rows, shape: x[rows].reshape(-1, *shape),
        digest=lambda rows: tuple(str(r) for r in rows),
        thumbnail=lambda _row: b"",
        unreadable=lambda: (),
    )


def euclidean_head(keras, left, right):
    total = keras.ops.sum(keras.ops.square(left - right), axis=1, keepdims=True)
    return keras.ops.sqrt(keras.ops.maximum(total, 1e-7))


def learned_head(keras, left, right):
    return keras.layers.Dense(1, activation="sigmoid")(keras.ops.absolute(left - right))


def cosine_head(keras, left, right):
    return 1 - keras.layers.Dot(axes=1, normalize=True)([left, right])


def save_model(path: Path, encoder_of, shape: tuple[int, ...], head_of=euclidean_head, loss: str = "mse") -> Path:
    """Twins around the encoder that `encoder_of(keras)` makes, by default with a Euclidean head in plain operations."""
    import_keras()
    import keras  # noqa: PLC0415  (seconds that only these tests need)

    keras.utils.set_random_seed(5)
    encoder = encoder_of(keras)
    left, right = keras.Input(shape), keras.Input(shape)
    model = keras.Model([left, right], head_of(keras, encoder(left), encoder(right)))
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss=loss)
    model.save(path)
    return path


def dense_encoder(keras, *, unit_norm: bool = False, last: str = "glorot_uniform"):
    layers = keras.layers
    stack = [layers.Dense(16, activation="relu", kernel_initializer=last), layers.Dense(6)]
    if unit_norm:
        stack.append(layers.UnitNormalization())
    return keras.Sequential([keras.Input((FEATURES,)), *stack], name="encoder")


def settings_of(*, margin: float | None = 0.01, loss: str | None = "contrastive", **training) -> Settings:
    return Settings(
        data=DataSettings(pairs=400, rescale=1.0),
        training=TrainingSettings(loss=loss, margin=margin, same_label=1, **training),
        seed=3,
    )


def case_of(model: Path, samples: Samples, settings: Settings, *, training: Samples | None = None, progress=None):
    return Case(
        blueprint=read_blueprint(model),
        samples=samples,
        training_samples=training,
        settings=settings,
        load_twin=functools.partial(load_twin, settings=settings.model),
        progress=progress,
    )
