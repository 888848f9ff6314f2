"""Running a model's parts. The only module of this package that imports TensorFlow, and it does so late.

What Keras is given has been read, rebuilt and audited before: see `rebuild` and `audit`. Even then the
network is first built without allocating anything, and its shapes are compared with the stored weights.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable, UnreadableModel
from siamdoctor.models.blueprint import Blueprint
from siamdoctor.models.config import mapping, sequence, text
from siamdoctor.models.graph import Graph, Shape
from siamdoctor.models.parts import Parts
from siamdoctor.models.rebuild import SEEDED, functional_config, seeded
from siamdoctor.results import Json
from siamdoctor.settings import ModelSettings

if TYPE_CHECKING:
    import keras

FloatArray = NDArray[np.float32]
Arrays = Mapping[str, tuple[NDArray[np.floating], ...]]
MAX_SAMPLE_ELEMENTS = 1 << 27  # numbers one sample may become anywhere in the network: half a gigabyte
STATISTICS_ELEMENTS = 1 << 28  # numbers held at once while batch statistics are taken


@contextmanager
def silenced() -> Iterator[None]:
    """Send what C++ writes to standard error to nowhere; no variable stops TensorFlow early enough."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@cache
def import_keras() -> None:
    """Import TensorFlow and Keras silently, with the user's keras.json out of the way, and run a first op."""
    home = tempfile.mkdtemp(prefix="siamdoctor-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["KERAS_HOME"] = home
    os.environ.pop("TF_USE_LEGACY_KERAS", None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced():
        import keras  # noqa: PLC0415  (four seconds, and only where a model really runs)
        import tensorflow as tf  # noqa: PLC0415

        tf.get_logger().setLevel("ERROR")
        keras.ops.add(keras.ops.ones((1,)), 1.0)


def load_twin(blueprint: Blueprint, settings: ModelSettings = ModelSettings()) -> Twin:  # noqa: B008  (frozen)
    """Rebuild encoder and head with their weights.

    Raises:
        UnreadableModel: the encoder was not found, the audit refuses it, or its stored weights do not fit.
    """
    del settings
    parts = blueprint.parts
    if parts is None or parts.refusals:
        reasons = " ".join([*blueprint.unreadable, *blueprint.advice])
        raise UnreadableModel(f"{reasons} Received: model={blueprint.path}")
    import_keras()
    configs = _Configs.of(parts)
    return _assemble(blueprint, configs, _stored(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Configs:
    """Saved forms of the parts. `head` is made once the encoder's output shape is known."""

    encoder: Json
    second: Json
    head: Callable[[Shape], Json] | None

    @classmethod
    def of(cls, parts: Parts) -> _Configs:
        """The configurations of a model's parts as saved."""
        head = parts.head if parts.head is not None and not parts.head_refusals else None
        return cls(
            encoder=functional_config(parts.encoder, "encoder"),
            second=None if parts.second is None else functional_config(parts.second, "second_encoder"),
            head=None if head is None else lambda shape: _head_config(head, shape),
        )


def _head_config(head: Graph, shape: Shape) -> Json:
    """The head for embeddings of this shape."""
    return functional_config(head, "head", input_shapes=(shape,) * len(head.inputs))


def _stored(parts: Parts) -> Arrays:
    """Stored weights of all parts, by layer."""
    graphs = [g for g in (parts.encoder, parts.second, parts.head) if g is not None]
    names = {name for graph in graphs for name in graph.layers} & set(parts.variables)
    return {name: tuple(parts.file.read(v.array.path) for v in parts.variables[name]) for name in names}


def _assemble(blueprint: Blueprint, configs: _Configs, arrays: Arrays | None) -> Twin:
    """Build the parts; `arrays` None leaves them as their initialisers made them."""
    encoder = _build(configs.encoder, arrays, blueprint)
    second = None if configs.second is None else _build(configs.second, arrays, blueprint)
    head = None
    if configs.head is not None:
        head = _build(configs.head(tuple(encoder.output.shape)), arrays, blueprint)
    return Twin(blueprint=blueprint, encoder=encoder, second_encoder=second, head=head, configs=configs)


def _from_config(config: Json) -> keras.Model:
    """Let Keras make a model, in safe mode; it empties the configuration that it is given."""
    import keras  # noqa: PLC0415

    return keras.saving.deserialize_keras_object(deepcopy(config), safe_mode=True)


def _build(config: Json, arrays: Arrays | None, blueprint: Blueprint) -> keras.Model:
    """Make one part, after a dry run that allocates nothing, and give it its weights."""
    import keras  # noqa: PLC0415

    try:
        with silenced():
            if arrays is not None:
                with keras.StatelessScope(initialize_variables=False):
                    plan = _from_config(config)
                _check_shapes(plan, arrays, blueprint)
            model = _from_config(config)
    except UnreadableModel:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UnreadableModel(
            f"Keras cannot rebuild this part of the model ({reason}). Received: model={blueprint.path}"
        ) from error
    if arrays is not None:
        for layer in model.layers:
            for variable, value in zip(_variables(layer), arrays.get(layer.name, ()), strict=True):
                variable.assign(value)
    return model


def _variables(layer: keras.layers.Layer) -> list[keras.Variable]:
    """A layer's weights without the states of its random generators, in the order in which files hold them."""
    return [v for v in layer.weights if "seed_generator" not in v.path]


def _check_shapes(plan: keras.Model, arrays: Arrays, blueprint: Blueprint) -> None:
    """Compare every variable with what is stored, and bound the size of what flows between the layers."""
    for layer in plan.layers:
        wanted = [tuple(v.shape) for v in _variables(layer)]
        given = [a.shape for a in arrays.get(layer.name, ())]
        if wanted != given:
            raise UnreadableModel(
                f"The stored weights of layer {layer.name!r} do not fit it: it needs {wanted}, the file has {given}. "
                f"Received: model={blueprint.path}"
            )
        for shape in _output_shapes(layer):
            if np.prod([axis or 1 for axis in shape[1:]], dtype=np.float64) > MAX_SAMPLE_ELEMENTS:
                raise UnreadableModel(
                    f"Layer {layer.name!r} would make {shape} of each sample, more than memory holds. "
                    f"Received: model={blueprint.path}"
                )


def _output_shapes(layer: keras.layers.Layer) -> list[Shape]:
    """Shapes of everything that the layer gives, batch axis included."""
    import keras  # noqa: PLC0415

    return [tuple(t.shape) for t in keras.tree.flatten(layer.output) if hasattr(t, "shape")]


@dataclass(slots=True, eq=False)
class Twin:
    """A Siamese model that runs: one encoder (two where the towers are untied) and, if known, the head."""

    blueprint: Blueprint
    encoder: keras.Model
    second_encoder: keras.Model | None
    head: keras.Model | None
    configs: _Configs
    _compiled: dict[tuple[int, bool], Callable[[object], object]] = field(default_factory=dict)

    @property
    def can_compare(self) -> bool:
        """Whether the model's own comparison of two embeddings is known."""
        return self.head is not None

    def embed(
        self, x: NDArray[np.generic], *, side: int = 0, training: bool = False, batch_size: int = 256
    ) -> FloatArray:
        """Embeddings of samples.

        Args:
            x: (n, *input shape).
            side: 1 for the second tower of a model with untied towers; the same as 0 in any other.
            training: run dropout and BatchNorm as in training. No statistics are changed by it.
            batch_size: how many samples at a time.

        Returns:
            (n, d), one row a sample.
        """
        model = self.second_encoder if side and self.second_encoder is not None else self.encoder
        step = self._step(model, side if model is self.second_encoder else 0, training=training)
        data = np.asarray(x).astype(model.inputs[0].dtype, copy=False)
        chunks = [step(data[start : start + batch_size]) for start in range(0, len(data), batch_size)]
        if not chunks:
            return np.zeros((0, *model.output.shape[1:]), np.float32)
        return np.concatenate([np.asarray(c, np.float32) for c in chunks])

    def compare(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """The model's output for pairs of embeddings.

        Args:
            left: (p, d) embeddings of the first side.
            right: (p, d) embeddings of the second side. A head that was wired to one side twice ignores
                the other here as well.

        Returns:
            (p,): the output; of two softmax units the second.

        Raises:
            Unavailable: the file has no head, or its head is not known.
        """
        if self.head is None:
            raise Unavailable("the model's own comparison of embeddings is not in the file or not readable")
        same = None if self.blueprint.parts is None else self.blueprint.parts.same_input
        if same is not None:
            left, right = (right, right) if same else (left, left)
        if len(left) == 0:
            return np.zeros(0, np.float32)
        step = self._step(self.head, 2, training=False)
        output = np.asarray(step([np.asarray(left, np.float32), np.asarray(right, np.float32)]), np.float32)
        if output.size % len(left) or output.size == 0:
            raise Unavailable(f"the head gives {output.size} numbers for {len(left)} pairs: it mixes the batch")
        flat = output.reshape(len(left), -1)
        if flat.shape[1] == 1:
            return flat[:, 0]
        if flat.shape[1] == 2:  # noqa: PLR2004  (softmax over "different" and "same")
            return flat[:, 1]
        raise Unavailable(f"the head gives {flat.shape[1]} numbers for a pair, not one")

    def predict(self, left: FloatArray, right: FloatArray, *, batch_size: int = 256) -> FloatArray:
        """The whole model on pairs of samples, batch by batch.

        Args:
            left: (p, *input shape).
            right: (p, *input shape).
            batch_size: how many pairs the model sees at once; matters only where it couples them.

        Returns:
            (p,) outputs.
        """
        chunks = [
            self.compare(
                self.embed(left[start : start + batch_size], batch_size=batch_size),
                self.embed(right[start : start + batch_size], side=1, batch_size=batch_size),
            )
            for start in range(0, len(left), batch_size)
        ]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)

    def reinitialised(self, seed: int) -> Twin:
        """The same architecture with fresh weights from each layer's own initialiser."""
        head = self.configs.head
        configs = _Configs(
            encoder=seeded(self.configs.encoder, 3 * seed),
            second=seeded(self.configs.second, 3 * seed + 1),
            head=None if head is None else lambda shape: seeded(head(shape), 3 * seed + 2),
        )
        return _assemble(self.blueprint, configs, None)

    def with_batch_statistics(self, x: NDArray[np.generic]) -> Twin:
        """The same weights with BatchNorm's moving statistics taken anew from samples.

        All samples go through the encoder as one batch in which each BatchNorm normalises by that batch,
        so that means and variances are exact, layer by layer. Of more samples than fit, evenly spaced
        ones are used.

        Args:
            x: (n, *input shape).
        """
        return replace(
            self,
            encoder=_with_statistics(self.encoder, self.configs.encoder, x),
            second_encoder=None
            if self.second_encoder is None
            else _with_statistics(self.second_encoder, self.configs.second, x),
            _compiled={},
        )

    def with_sigmoid(self) -> Twin:
        """The same weights with the head's last softmax swapped for a sigmoid.

        Raises:
            Unavailable: there is no head, or it does not end in a softmax.
        """
        if self.head is None or self.configs.head is None:
            raise Unavailable("the head is not known")
        before = self.configs.head
        config = _without_softmax(before(tuple(self.encoder.output.shape)))
        head = _copy(self.head, config)
        configs = replace(self.configs, head=lambda shape: _without_softmax(before(shape)))
        return replace(self, head=head, configs=configs, _compiled={})

    def _step(self, model: keras.Model, slot: int, *, training: bool) -> Callable[[object], object]:
        """A compiled call that is traced once, whatever the batch size, and changes no state."""
        if (slot, training) not in self._compiled:
            import keras  # noqa: PLC0415
            import tensorflow as tf  # noqa: PLC0415

            shapes = [tf.TensorSpec((None, *t.shape[1:]), t.dtype) for t in model.inputs]
            signature = shapes[0] if len(shapes) == 1 else shapes

            def call(x: object) -> object:
                values = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
                outputs, _ = model.stateless_call(*values, x, training=training)
                return keras.tree.flatten(outputs)[0]

            with silenced():
                self._compiled[slot, training] = tf.function(call, input_signature=[signature])
        return self._compiled[slot, training]


def _copy(model: keras.Model, config: Json) -> keras.Model:
    """A model from another configuration with the weights of this one, layer by layer."""
    with silenced():
        copy = _from_config(config)
    for layer in copy.layers:
        for variable, old in zip(_variables(layer), _variables(model.get_layer(layer.name)), strict=True):
            variable.assign(old.value)
    return copy


def _with_statistics(model: keras.Model, config: Json, x: NDArray[np.generic]) -> keras.Model:
    """A copy of an encoder whose BatchNorm statistics are those of `x`."""
    import keras  # noqa: PLC0415

    fresh = _copy(model, config)
    taker = _copy(model, _taking_statistics(config))
    widest = max(
        np.prod([axis or 1 for axis in shape[1:]]) for layer in model.layers for shape in _output_shapes(layer)
    )
    count = int(min(len(x), max(2, STATISTICS_ELEMENTS // int(4 * widest))))
    chosen = np.asarray(x)[np.linspace(0, len(x) - 1, count).astype(int)]
    values = [v.value for v in taker.trainable_variables], [v.value for v in taker.non_trainable_variables]
    _, updated = taker.stateless_call(*values, chosen.astype(model.inputs[0].dtype), training=True)
    new = {v.path: value for v, value in zip(taker.non_trainable_variables, updated, strict=True)}
    for layer in fresh.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for variable, source in zip(_variables(layer), _variables(taker.get_layer(layer.name)), strict=True):
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


def _without_softmax(config: Json) -> Json:
    """The configuration with its last softmax turned into a sigmoid."""
    outer = dict(mapping(config))
    inner = mapping(outer.get("config"))
    entries = [dict(mapping(entry)) for entry in sequence(inner.get("layers"))]
    for entry in reversed(entries):
        settings = mapping(entry.get("config"))
        if settings.get("activation") == "softmax":
            entry["config"] = {**settings, "activation": "sigmoid"}
            break
        if entry.get("class_name") == "Softmax":
            name: Json = settings.get("name")
            entry |= {
                "module": "keras.layers",
                "class_name": "Activation",
                "config": {"name": name, "activation": "sigmoid"},
            }
            break
    else:
        raise Unavailable("the head does not end in a softmax")
    outer["config"] = {**inner, "layers": list[Json](entries)}
    return outer


def read_live(model: keras.Model, settings: ModelSettings = ModelSettings()) -> Blueprint:  # noqa: B008  (frozen)
    """Explain a model that is in memory, by way of a file that is gone when this returns.

    Raises:
        UnreadableModel: Keras cannot save the model, or what it saved is not readable.
    """
    from siamdoctor.models.reading import read_blueprint  # noqa: PLC0415  (reading needs no runtime)

    with tempfile.TemporaryDirectory(prefix="siamdoctor-") as folder:
        path = Path(folder) / f"{model.name}.keras"
        try:
            model.save(path)
        except (ValueError, TypeError, NotImplementedError, OSError) as error:
            raise UnreadableModel(
                f"The model cannot be saved by Keras: {error}. Received: model={model.name!r}"
            ) from error
        return replace(read_blueprint(path, settings), path=Path(model.name))
