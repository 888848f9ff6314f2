"""How far image transforms move an embedding, against the distance between identities."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.transforms import TRANSFORMS, Transform
from siamdoctor.errors import Unavailable
from siamdoctor.results import Interval, TransformDrift
from siamdoctor.stats.resampling import accuracy_interval
from siamdoctor.stats.roc import cross_fitted
from siamdoctor.view import View

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.data.samples import FloatArray

PROBES = 96
IMAGE_AXES = 3
# The seed article's own strengths; where several are tried, the one that its augmentation would cover.
ARTICLE = {"rotation": 20.0, "width_shift": 0.2, "height_shift": 0.2, "shear": 20.0, "zoom": 0.2}

# Applied together, each at three quarters of that, with a little light: together they are as far as users' photographs.
MIXED = {name: 0.75 * strength for name, strength in ARTICLE.items()} | {"brightness": 0.2, "contrast": 0.2}


def require_images(case: Case) -> None:
    """Transforms are for images of height, width and channels."""
    if case.samples.kind == "tokens":
        raise Unavailable("the data are texts or numbers of words, and the transforms are of images")
    if case.samples.kind != "images" or len(case.sample_shape) != IMAGE_AXES:
        raise Unavailable("the data are not images of height, width and channels")


def drifts(case: Case) -> tuple[TransformDrift, ...]:
    """Every transform at every strength, on up to 96 of the images read."""
    require_images(case)
    rng = case.rng("drift")
    chosen = np.sort(rng.permutation(len(case.pixels))[:PROBES])
    pixels, originals = case.pixels[chosen], case.embeddings[chosen]
    reference, tolerance = _scale(case)
    result = []
    for transform in TRANSFORMS:
        for strength in transform.strengths:
            moved = embed_transformed(case, transform, strength, pixels)
            drift = float(np.linalg.norm(moved - originals, axis=1).mean() / reference)
            result.append(
                TransformDrift(name=transform.name, strength=float(strength), drift=drift, tolerance=tolerance)
            )
    return tuple(result)


def embed_transformed(case: Case, transform: Transform, strength: float, pixels: FloatArray) -> FloatArray:
    """Embeddings of stored pixel values after one transform, scaled as the deployed pipeline does."""
    changed = transform.apply(pixels, strength, case.rng(f"{transform.name} {strength}"))
    return case.twin.embed(case.scaling.apply(changed))


def _scale(case: Case) -> tuple[float, float]:
    """Median distance between identities, and the distance within one, as a share of it.

    A transform that moves an image farther than the threshold between the two is not tolerated.
    """
    distance = case.deployed.metric_distance("euclidean")
    between = float(np.median(distance[~case.pairs.same]))
    within = float(np.median(distance[case.pairs.same]))
    if not np.isfinite(between) or between <= 0:
        raise Unavailable("all identities lie at one point, so there is no distance to compare with")
    return between, float(np.clip((1 + within / between) / 2, 0.1, 1.0))


def perturbed_accuracy(case: Case) -> Interval:
    """Accuracy on the same pairs with one side transformed as the article's augmentation does, threshold tuned.

    Rotation, shifts, shear and zoom at random up to the article's strengths, and a little light: what a person
    would still call the same picture.
    """
    require_images(case)
    rng = case.rng("perturbed")
    pixels = case.pixels
    for transform in TRANSFORMS:
        if transform.name in MIXED:
            pixels = transform.apply(pixels, MIXED[transform.name], rng)
    moved = case.twin.embed(case.scaling.apply(pixels))
    view = View(twin=case.twin, inputs=case.inputs, pairs=case.pairs, rule=case.rule)
    view.__dict__["embeddings"] = case.embeddings
    view.__dict__["right_embeddings"] = moved
    decided, _ = cross_fitted(view.distance, case.pairs.same, case.pairs.half)
    return accuracy_interval(decided, case.dyads)


def strongest(profile: tuple[TransformDrift, ...]) -> tuple[TransformDrift, ...]:
    """For each transform the drift at the strength that the seed article's augmentation covers."""
    best: dict[str, TransformDrift] = {}
    for drift in profile:
        wanted = ARTICLE.get(drift.name)
        if wanted is None or drift.strength <= wanted + 1e-9:
            best[drift.name] = drift
    return tuple(dataclasses.replace(d) for d in best.values())
