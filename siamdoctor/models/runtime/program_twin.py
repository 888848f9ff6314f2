"""A Siamese model that is a program: it embeds and compares, and can be changed in nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.errors import Unavailable
from siamdoctor.models.runtime.hidden_units import HiddenLayer
from siamdoctor.models.runtime.program_failures import failing
from siamdoctor.models.runtime.twin import BATCH_ELEMENTS, FloatArray, Twin

if TYPE_CHECKING:
    import keras

AS_IT_IS = "the model is a program (SavedModel), which can be run but not trained"


@dataclass(slots=True, eq=False)
class ProgramTwin(Twin):
    """A twin whose parts are parts of a trusted SavedModel's program.

    logits: the head before a softmax that it ends in. widest: the most numbers that the program makes of one sample.
    loaded: what TensorFlow made of the folder; tables and the like live as long as it does. afresh: makes the same
    with fresh weights from a seed. renormed: makes the encoder of a side with BatchNorm's statistics from samples.
    """

    logits: keras.Model | None
    widest: int
    loaded: object
    afresh: Callable[[int], Twin]
    renormed: Callable[[int, NDArray[np.generic]], keras.Model]

    def embed(
        self, x: NDArray[np.generic], *, side: int = 0, training: bool = False, batch_size: int = 256
    ) -> FloatArray:
        """Embeddings of samples, as `Twin.embed` gives them.

        Raises:
            Unavailable: they are wanted as in training.
            UnreadableModel: the program fails on them.
        """
        if training:
            raise Unavailable(AS_IT_IS)
        batch = min(batch_size, max(1, BATCH_ELEMENTS // self.widest))
        return Twin.embed(self, x, side=side, batch_size=batch)

    @property
    def why_untrainable(self) -> str | None:
        """Its weights are constants of the program."""
        return AS_IT_IS

    def reinitialised(self, seed: int) -> Twin:
        """The same program with fresh weights, drawn as Keras draws them unless it is told otherwise.

        Raises:
            Unavailable: it has no variables, only constants.
            UnreadableModel: it fails when it is loaded once more.
        """
        return self.afresh(seed)

    def with_batch_statistics(
        self, x: NDArray[np.generic], pairs: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None
    ) -> Twin:
        """The same program with its encoder's BatchNorm statistics taken anew from samples; its head stays as it is.

        Raises:
            Unavailable: the program's BatchNorms were not all recognised.
        """
        del pairs
        with failing(self.blueprint.path):
            encoder = self.renormed(0, x)
            second = None if self.second_encoder is None else self.renormed(1, x)
        return replace(self, encoder=encoder, second_encoder=second, _compiled={})

    def statistics_moved(self, fresh: Twin) -> float:
        """Not known: a program's statistics are among its constants."""
        del fresh
        return 0.0

    def hidden_layers(self, x: NDArray[np.generic]) -> tuple[HiddenLayer, ...]:
        """None: a program holds no layers."""
        del x
        return ()

    def with_sigmoid(self) -> Twin:
        """The same weights with the head's last softmax swapped for a sigmoid.

        Raises:
            Unavailable: there is no head, or it does not end in a softmax.
        """
        import keras  # noqa: PLC0415  (loaded by then, by `import_keras`)

        if self.logits is None:
            raise Unavailable("the head does not end in a softmax")
        output = keras.layers.Activation("sigmoid")(self.logits.output)
        return replace(self, head=keras.Model(self.logits.inputs, output), logits=None, _compiled={})

    def _step(self, model: keras.Model, *, training: bool) -> Callable[[object], object]:
        """A compiled call whose failures are told in a line."""
        with failing(self.blueprint.path):
            step = Twin._step(self, model, training=training)  # noqa: SLF001  (`super` fails where slots are used)

        def run(x: object) -> object:
            with failing(self.blueprint.path):
                return step(x)

        return run
