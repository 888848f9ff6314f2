"""The saved forms of a model's parts, as given to Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from siamdoctor.models.graph import Graph, Shape
from siamdoctor.models.parts import Parts
from siamdoctor.models.rebuild import functional_config, seeded
from siamdoctor.models.runtime.building import Own
from siamdoctor.results import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Configs:
    """Saved forms of the parts. `head` is made once the encoder's output shape is known.

    own: the user's classes by name.
    """

    encoder: Json
    second: Json
    head: Callable[[Shape], Json] | None
    own: Own

    @classmethod
    def of(cls, parts: Parts, own: Own) -> Configs:
        """The configurations of a model's parts as saved."""
        head = parts.head if parts.head is not None and not parts.head_refusals else None
        return cls(
            encoder=functional_config(parts.encoder, "encoder"),
            second=None if parts.second is None else functional_config(parts.second, "second_encoder"),
            head=None if head is None else lambda shape: _head_config(head, shape),
            own=own,
        )

    def seeded(self, seed: int) -> Configs:
        """The same parts, whose initialisers draw from this seed."""
        head = self.head
        return Configs(
            encoder=seeded(self.encoder, 3 * seed),
            second=seeded(self.second, 3 * seed + 1),
            head=None if head is None else lambda shape: seeded(head(shape), 3 * seed + 2),
            own=self.own,
        )


def _head_config(head: Graph, shape: Shape) -> Json:
    """The head for embeddings of this shape."""
    return functional_config(head, "head", input_shapes=(shape,) * len(head.inputs))
