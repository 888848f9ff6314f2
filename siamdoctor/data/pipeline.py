"""A declared augmentation that can be applied to images, whole or part by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siamdoctor.data.samples import FloatArray

# (n, H, W, C) images on their stored scale and a generator -> as many images on the same scale.
Apply = Callable[[FloatArray, np.random.Generator], FloatArray]


def unchanged(images: FloatArray) -> FloatArray:
    """Standardisation that does nothing."""
    return images


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What the user's training did to images, as declared.

    apply: random changes only, on the images' stored scale; scaling that stands between them is undone.
    parts: each random change by itself, under the name it was declared by.
    standardise: what followed the random changes for every image alike (rescale, samplewise_center ...).
    rescale: the factor among this, if one was declared.
    ignored: what was declared and is not simulated, with the reason, as sentences without full stop.
    """

    apply: Apply
    parts: tuple[tuple[str, Apply], ...]
    standardise: Callable[[FloatArray], FloatArray] = unchanged
    rescale: float | None = None
    ignored: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the random changes, in order."""
        return tuple(name for name, _ in self.parts)

    def components(self) -> tuple[tuple[str, Pipeline], ...]:
        """Each random change as a pipeline of its own, so that it can be judged alone."""
        return tuple((name, Pipeline(apply=apply, parts=((name, apply),))) for name, apply in self.parts)
