"""SD4xx: images, pairs or the evaluation are to blame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.faults.catalogue import fault, way
from siamdoctor.faults.recipe import Scaling

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import Recipe

EVERYWHERE = {"rotation_range": 180, "width_shift_range": 0.5, "height_shift_range": 0.5, "zoom_range": 0.6}
REAL_USE = {"rotation_range": 25, "width_shift_range": 0.15, "height_shift_range": 0.15}


@fault("absolute-difference", "euclidean", "koch", "euclidean-lambda", "batch-norm", needs_images=True)
def preprocessing_mismatch(recipe: Recipe) -> Recipe:
    """Pixels are scaled one way in training and another way in use: twice, not at all, or inverted."""
    use = recipe.deployment
    if recipe.encoder.rescaling is not None:
        return replace(recipe, deployment=replace(use, rescale=1 / 255))
    # A ReLU network under a learned |a - b| head shrugs off unscaled pixels, so that way is left to distances.
    changed = [
        replace(use, rescale=use.trained_on.scale**2),
        replace(use, trained_on=Scaling(scale=-1 / 255, offset=1.0)),
    ]
    if recipe.head.output is None:
        changed.insert(0, replace(use, rescale=1.0))
    return replace(recipe, deployment=changed[way(recipe, len(changed))])


def _in_real_use(recipe: Recipe) -> Recipe:
    """Pictures in use are turned and shifted, and a careful user augments accordingly."""
    data = replace(recipe.data, augmentation=REAL_USE, field_variation=REAL_USE)
    return replace(recipe, data=data, pairs=replace(recipe.pairs, count=8000))


@fault("euclidean-lambda", "absolute-difference", "triplet", "euclidean", circumstance=_in_real_use, needs_images=True)
def insufficient_augmentation(recipe: Recipe) -> Recipe:
    """Thirty upright pictures per identity without augmentation, for pictures that come turned and shifted."""
    trivial = ({}, {"rotation_range": 2})[way(recipe, 2)]
    data = replace(recipe.data, augmentation=trivial, train_per_identity=30)
    return replace(recipe, data=data, deployment=replace(recipe.deployment, declared_augmentation=trivial))


@fault("euclidean", "absolute-difference", "triplet", "koch", misleads=True)
def underpowered_evaluation(recipe: Recipe) -> Recipe:
    """Three identities with four pictures each are all there is to judge the model by."""
    return replace(recipe, data=replace(recipe.data, validation_identities=3, validation_per_identity=4))


@fault("absolute-difference", "euclidean-lambda", "koch", "triplet", needs_images=True)
def harmful_augmentation(recipe: Recipe) -> Recipe:
    """Augmentation turns the pictures by any angle and shifts them half out of the frame."""
    return replace(recipe, data=replace(recipe.data, augmentation=EVERYWHERE))


@fault("absolute-difference", "euclidean-lambda", "triplet", "koch")
def too_few_identities(recipe: Recipe) -> Recipe:
    """Trained on two or three identities, used for all of them."""
    return replace(recipe, data=replace(recipe.data, train_identities=2 + way(recipe, 2)))


@fault("absolute-difference", "koch", "euclidean-sigmoid", "batch-norm")
def imbalanced_pairs(recipe: Recipe) -> Recipe:
    """Pairs were drawn at random from many identities: 3 in 100 are of the same one."""
    return replace(recipe, pairs=replace(recipe.pairs, positive_share=0.03))


@fault("absolute-difference", "euclidean-sigmoid", "koch", "euclidean")
def identical_positive_pairs(recipe: Recipe) -> Recipe:
    """Each positive pair is the same picture twice."""
    return replace(recipe, pairs=replace(recipe.pairs, positives="identical"))


@fault("absolute-difference", "euclidean", "triplet", "koch", needs_images=True)
def degenerate_images(recipe: Recipe) -> Recipe:
    """Half of the downloads failed and left black pictures behind."""
    return replace(recipe, data=replace(recipe.data, blank=0.5))
