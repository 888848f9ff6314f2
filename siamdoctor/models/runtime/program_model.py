"""A function of TensorFlow as a Keras model, so that a part of a program is used like any other model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from siamdoctor.errors import UnreadableModel

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Shape = tuple[int | None, ...]
FREE_AXIS = 64  # what a side of free length is tried with, as `case.FREE_SIDE`


def as_model(
    begins: Sequence[tf.Tensor],
    function: Callable[..., object],
    end: tf.Tensor,
    name: str,
    *,
    shapes: Sequence[Shape] | None = None,
) -> keras.Model:
    """A model of one layer, which calls the function.

    Args:
        begins: the tensors that the function takes, for their shapes and types.
        function: of as many arrays, whose first axis is the batch.
        end: the tensor that it gives.
        name: of the model.
        shapes: of what is taken, batch axis included, where more is known than the tensors say.

    Raises:
        UnreadableModel: it takes a fixed number of samples at a time, and not one.
    """
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

    taken = [_shape_of(t) for t in begins] if shapes is None else [tuple(shape) for shape in shapes]
    fixed = {_shape_of(t)[0] for t in begins} - {None}
    if fixed - {1}:
        raise UnreadableModel(
            f"The program takes {max(f for f in fixed if f)} samples at a time, no more and no fewer. Export it with a "
            f"batch axis of free length. Received: {name} of shape {_shape_of(begins[0])}"
        )
    each = _one_by_one(function, end) if fixed else function
    given = _given(each, taken, begins)
    inputs = [keras.Input(shape=s[1:], dtype=t.dtype.name, name=f"{name}_{n}") for n, (s, t) in enumerate(
        zip(taken, begins, strict=True))]  # fmt: skip
    layer = _layer(each, given, name)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], layer(*inputs), name=name)


def _shape_of(tensor: tf.Tensor) -> Shape:
    """A tensor's shape, batch axis included."""
    return tuple(tensor.shape.as_list())


def _one_by_one(function: Callable[..., object], end: tf.Tensor) -> Callable[..., object]:
    """A function of one sample as one of many."""
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    def each(*arrays: tf.Tensor) -> tf.Tensor:
        def one(sample: Sequence[tf.Tensor]) -> tf.Tensor:
            return tf.reshape(function(*[part[None] for part in sample]), _shape_of(end)[1:] or (1,))

        signature = tf.TensorSpec(_shape_of(end)[1:] or (1,), end.dtype)
        return tf.map_fn(one, list(arrays), fn_output_signature=signature)

    return each


def _given(function: Callable[..., object], taken: Sequence[Shape], begins: Sequence[tf.Tensor]) -> Shape:
    """The shape of what the function gives for a batch, from a run on nothing but zeros."""
    import tensorflow as tf  # noqa: PLC0415  (loaded by then, by `import_keras`)

    zeros = [
        tf.zeros((2, *(FREE_AXIS if axis is None else axis for axis in shape[1:])), t.dtype)
        for shape, t in zip(taken, begins, strict=True)
    ]
    made = tuple(tf.convert_to_tensor(function(*zeros)).shape)
    return (None, *made[1:])


def _layer(function: Callable[..., object], given: Shape, name: str) -> keras.layers.Layer:
    """A layer without variables of its own."""
    import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)
    import tensorflow as tf  # noqa: PLC0415  (the same)

    class PartOfProgram(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        """Calls a part of a SavedModel's program."""

        def call(self, *arrays: object) -> object:
            return tf.cast(function(*arrays), "float32")

        def compute_output_spec(self, *arrays: object) -> object:
            del arrays
            return keras.KerasTensor(given, dtype="float32")

    return PartOfProgram(name=f"{name}_program", trainable=False, autocast=False)
