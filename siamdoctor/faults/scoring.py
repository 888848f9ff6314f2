"""SD1xx: the embedding is fine, the way it is judged is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.faults.catalogue import fault, way

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import Recipe
    from siamdoctor.results import Json
    from siamdoctor.settings import MetricName

RAW_DISTANCE = ("euclidean", "euclidean-lambda", "euclidean-ops", "flat")
# Light that differs from picture to picture: it changes an embedding's length more than its direction.
LIGHT = {"brightness_range": 0.8}


@fault(*RAW_DISTANCE, "absolute-difference", "koch", "keras-io", "euclidean-sigmoid", "unit-norm")
def inverted_metric(recipe: Recipe) -> Recipe:
    """Read backwards: Keras' `accuracy` on a distance, or 1 taken for "same" where it was taught as "different"."""
    training = replace(recipe.training, metrics=("accuracy",))
    use = replace(recipe.deployment, threshold=0.5, high_is_same=True)
    if recipe.head.output is None:
        return replace(recipe, training=training, deployment=replace(use, declare_decision=False))
    pairs = replace(recipe.pairs, same_label=0)
    head = recipe.head
    if head.slope is not None:
        head = replace(head, slope=abs(head.slope))
    use = replace(use, declared_same_label=1)
    return replace(recipe, training=training, deployment=use, pairs=pairs, head=head)


@fault(*RAW_DISTANCE, "unit-norm", "triplet")
def wrong_threshold(recipe: Recipe) -> Recipe:
    """Trained with a margin of 0.2, 0.25 or 5, or for triplets, and judged at the 0.5 of the tutorials."""
    use = replace(recipe.deployment, threshold=0.5)
    if recipe.training.loss == "triplet":
        wide = replace(recipe.encoder, unit_norm=False)
        return replace(recipe, encoder=wide, deployment=use, training=replace(recipe.training, margin=1.0))
    reachable = (0.2, 0.25) if recipe.encoder.unit_norm else (0.2, 5.0, 0.25)
    margin = reachable[way(recipe, len(reachable))]
    return replace(recipe, training=replace(recipe.training, margin=margin), deployment=use)


def _in_varied_light(recipe: Recipe) -> Recipe:
    """Pictures for training and from use both differ in brightness."""
    data = replace(recipe.data, augmentation=LIGHT, field_variation=LIGHT)
    # ImageDataGenerator wants brightness as the two ends of the range.
    declared: dict[str, Json] = {"brightness_range": [1 - LIGHT["brightness_range"], 1 + LIGHT["brightness_range"]]}
    return replace(recipe, data=data, deployment=replace(recipe.deployment, declared_augmentation=declared))


@fault("cosine", circumstance=_in_varied_light, needs_images=True)
def mismatched_metric(recipe: Recipe) -> Recipe:
    """Trained for the angle between embeddings, judged by their Euclidean distance or dot product."""
    metric: MetricName = "euclidean" if way(recipe, 2) == 0 else "dot"
    return replace(recipe, deployment=replace(recipe.deployment, metric=metric))


def _from_few_pictures(recipe: Recipe) -> Recipe:
    """So few training samples that the network does better on them than on fresh ones."""
    return replace(recipe, data=replace(recipe.data, train_per_identity=15))


@fault("absolute-difference", "euclidean", "koch", circumstance=_from_few_pictures, misleads=True)
def leaky_evaluation(recipe: Recipe) -> Recipe:
    """Training and validation were split after copying: four of five validation samples are training samples."""
    return replace(recipe, data=replace(recipe.data, leaked=0.8, unseen=False))
