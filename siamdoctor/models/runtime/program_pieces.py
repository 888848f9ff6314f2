"""A frozen program cut apart: its towers and its head, each as a Keras model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable, UnreadableModel
from siamdoctor.models.program_parts import Begin, Cut
from siamdoctor.models.runtime.program_model import as_model
from siamdoctor.models.runtime.program_statistics import NormTensors, with_statistics_of

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
    from tensorflow.python.eager.wrap_function import WrappedFunction

NAMES = ("encoder", "second_encoder")


class Pieces:
    """The pieces of one frozen program."""

    def __init__(self, frozen: WrappedFunction, cut: Cut, path: Path) -> None:
        """Find the tensors that the cut names.

        Raises:
            UnreadableModel: what TensorFlow loaded is not what was read.
        """
        self.frozen, self.cut, self.path = frozen, cut, path
        self.begins = [self._begin(begin) for begin in cut.begins]
        self.ends = [[self._tensor(name) for name in names] for names in cut.ends]

    def encoder(self, side: int) -> keras.Model:
        """The tower of a side."""
        begin, end = self.begins[side], self.ends[side][0]
        return as_model([begin[0]], self._fed([begin], end), end, NAMES[side])

    def head(self, name: str | None, encoders: Sequence[keras.Model]) -> keras.Model | None:
        """The comparison of two embeddings, up to the tensor of that name; None where there is none."""
        if name is None:
            return None
        output, sides = self._tensor(name), [self.ends[0], self.ends[-1]]
        function = self._fed(sides, output) if self.cut.same_input is None else self._one_side(output)
        shapes = [encoders[0].output.shape, encoders[-1].output.shape]
        return as_model([side[0] for side in sides], function, output, "head", shapes=shapes)

    def renormed(self, side: int, x: NDArray[np.generic], *, widest: int) -> keras.Model:
        """The tower of a side with BatchNorm's statistics taken from samples.

        Raises:
            Unavailable: not all of its BatchNorms are known, or it takes one sample at a time.
        """
        norms, begin, end = self.cut.norms[side], self.begins[side], self.ends[side][0]
        if norms is None or end.shape[:1] == [1]:
            raise Unavailable("the statistics of the program's BatchNormalization were not found")
        known = [
            NormTensors(reads=self._tensor(n.reads), mean=self._tensor(n.mean), variance=self._tensor(n.variance))
            for n in norms
        ]
        function = with_statistics_of(self.frozen, begin, end, known, x, widest=widest)
        return as_model([begin[0]], function, end, NAMES[side])

    def _fed(self, sides: Sequence[Sequence[tf.Tensor]], end: tf.Tensor) -> Callable[..., object]:
        """The part of the program from some tensors to another; each side is fed under all of its names."""
        part: Callable[..., object] = self.frozen.prune([tensor for side in sides for tensor in side], end)

        def fed(*arrays: object) -> object:
            return part(*[array for array, side in zip(arrays, sides, strict=True) for _ in side])

        return fed

    def _one_side(self, end: tf.Tensor) -> Callable[..., object]:
        """A comparison that reads one of its two sides twice."""
        once, place = self._fed([self.ends[0]], end), self.cut.same_input or 0
        return lambda *arrays: once(arrays[place])

    def _begin(self, begin: Begin) -> list[tf.Tensor]:
        """The tensors that a side begins with."""
        if begin.position is None:
            return [self._tensor(name) for name in begin.tensors]
        return [self.frozen.inputs[begin.position]]

    def _tensor(self, name: str) -> tf.Tensor:
        """A tensor by the name that was found by reading: `operation`, or `operation:output:number`.

        Raises:
            UnreadableModel: what TensorFlow loaded is not what was read.
        """
        operation, _, rest = name.partition(":")
        output, _, number = rest.rpartition(":")
        try:
            made = self.frozen.graph.get_operation_by_name(operation)
            return made.outputs[int(number or 0) + _outputs_before(made, output)]
        except (KeyError, IndexError) as error:
            raise UnreadableModel(
                "TensorFlow loads another program than the one that was read. Save the trained model with "
                f"`model.save('model.keras')` instead. Received: model={self.path}, tensor={name!r}"
            ) from error


def _outputs_before(operation: tf.Operation, output: str) -> int:
    """How many outputs an operation has before the one of this name, of which some are lists."""
    before = 0
    for listed in operation.op_def.output_arg:
        if listed.name == output or not output:
            return before
        if listed.number_attr:
            before += int(operation.get_attr(listed.number_attr))
        elif listed.type_list_attr:
            before += len(operation.get_attr(listed.type_list_attr))
        else:
            before += 1
    return before
