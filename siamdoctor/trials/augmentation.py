"""What the declared augmentation does to the images and, through the model, to identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.answer_results import AugmentationReview
from siamdoctor.data.declared import declared_pipeline
from siamdoctor.errors import Unavailable
from siamdoctor.stats.geometry import distance_matrix
from siamdoctor.trials.invariance import require_images

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.data.pipeline import Pipeline
    from siamdoctor.data.samples import FloatArray

PROBES = 192
NOTHING = 0.005  # change of an image, as a share of the usual difference between two images
LOST_SHARE = 0.15  # share of images whose nearest neighbour changes identity, from which a transform harms


def declared(case: Case) -> Pipeline:
    """The pipeline that `training.augmentation` declares."""
    require_images(case)
    pipeline = declared_pipeline(case.settings.training.augmentation, case.sample_shape)
    if pipeline is None:
        raise Unavailable("no augmentation is declared (training.augmentation)")
    return pipeline


def review(case: Case) -> AugmentationReview:
    """Diversity of the declared pipeline, the parts that change nothing, and the parts that destroy identity."""
    pipeline = declared(case)
    chosen = np.sort(case.rng("augmentation").permutation(len(case.pixels))[:PROBES])
    images = case.pixels[chosen]
    usual = _difference(images, images[case.rng("others").permutation(len(images))])
    rng = case.rng("declared")
    once, twice = pipeline.apply(images, rng), pipeline.apply(images, rng)
    no_op = [
        name
        for name, part in pipeline.components()
        if _difference(images, part.apply(images, case.rng(f"declared {name}"))) < NOTHING * usual
    ]
    harmful = [name for name in destructive(case, pipeline) if name not in no_op]
    return AugmentationReview(
        transforms=pipeline.names,
        diversity=_difference(once, twice) / usual if usual > 0 else 0.0,
        no_op=tuple(no_op),
        harmful=tuple(harmful),
    )


def destructive(case: Case, pipeline: Pipeline) -> tuple[str, ...]:
    """Parts of a pipeline after which images are taken for other identities, more often than before."""
    chosen = np.sort(case.rng("augmentation").permutation(len(case.pixels))[:PROBES])
    images, identity = case.pixels[chosen], case.identity[chosen]
    before = _right_neighbour(case, images, images, identity)
    return tuple(
        name
        for name, part in pipeline.components()
        if before - _right_neighbour(case, images, part.apply(images, case.rng(f"declared {name}")), identity)
        > LOST_SHARE
    )


def _difference(left: FloatArray, right: FloatArray) -> float:
    """Root mean squared difference of pixel values."""
    return float(np.sqrt(((left - right) ** 2).mean()))


def _right_neighbour(case: Case, images: FloatArray, changed: FloatArray, identity: np.ndarray) -> float:
    """Share of changed images whose nearest original, other than their own, is of their identity.

    In pixels and by the embedding, whichever recognises more: a model that never learned a transform must
    not make the transform look destructive.
    """
    shares = []
    for space in (lambda x: x.reshape(len(x), -1), lambda x: case.twin.embed(case.scaling.apply(x))):
        originals, moved = space(images), space(changed)
        distance = distance_matrix(np.concatenate([moved, originals]))[: len(moved), len(moved) :]
        np.fill_diagonal(distance, np.inf)
        shares.append(float((identity[distance.argmin(1)] == identity).mean()))
    return max(shares)
