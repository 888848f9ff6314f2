"""SD3xx: the embedding itself carries no information, or stops carrying it at inference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.faults.catalogue import fault, way
from siamdoctor.faults.recipe import Scaling

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import Recipe


@fault("euclidean", "triplet", "flat", "absolute-difference")
def collapsed_embedding(recipe: Recipe) -> Recipe:
    """Far too high a learning rate under a ReLU embedding, or hardest-negative triplets without normalisation."""
    encoder, training = recipe.encoder, recipe.training
    if training.loss == "triplet":
        encoder = replace(encoder, unit_norm=False)
        training = replace(training, mining="hardest", learning_rate=0.03)
    else:
        encoder = replace(encoder, embedding_activation="relu")
        training = replace(training, learning_rate=0.5)
    return replace(recipe, encoder=encoder, training=training)


@fault("euclidean", "flat", "unit-norm")
def non_finite_weights(recipe: Recipe) -> Recipe:
    """A square root without epsilon, and "negative" pairs drawn without looking, among them a sample with itself."""
    pairs = replace(recipe.pairs, negatives="anyone")
    return replace(recipe, head=replace(recipe.head, epsilon=0.0), pairs=pairs)


@fault("absolute-difference", "euclidean", "koch", "euclidean-sigmoid", "concatenation")
def untrained_encoder(recipe: Recipe) -> Recipe:
    """The encoder is frozen at its random start (pretrained weights were never loaded); only the head learns."""
    return replace(recipe, encoder=replace(recipe.encoder, trainable=False))


@fault("batch-norm")
def stale_batch_statistics(recipe: Recipe) -> Recipe:
    """BatchNormalization with momentum 0.9999 and few steps: its moving averages never arrive."""
    encoder = replace(recipe.encoder, batch_norm=True, momentum=0.9999)
    return replace(recipe, encoder=encoder)


@fault("exp-manhattan", "koch", needs_images=True)
def saturated_output(recipe: Recipe) -> Recipe:
    """Pixels of 0 to 255 are never scaled: exp(-distance) underflows to 0, sigmoid embeddings stick at 0 and 1."""
    return replace(recipe, deployment=replace(recipe.deployment, trained_on=Scaling(), rescale=1.0))


@fault("absolute-difference", "euclidean-lambda", "koch", "triplet")
def undertrained(recipe: Recipe) -> Recipe:
    """Stopped while the loss was still falling: a slow optimiser, or a few dozen steps."""
    if way(recipe, 2) == 0 and recipe.training.loss != "triplet":
        training = replace(recipe.training, optimizer="sgd", learning_rate=1e-3, epochs=3)
        return replace(recipe, training=training)
    training = replace(recipe.training, learning_rate=5e-4, epochs=3)
    return replace(recipe, training=training, pairs=replace(recipe.pairs, count=300))


@fault("cosine", "koch")
def narrow_embedding(recipe: Recipe) -> Recipe:
    """Two ReLU units, or one sigmoid unit, are all the room that the embedding has."""
    if recipe.encoder.embedding_activation == "sigmoid":
        return replace(recipe, encoder=replace(recipe.encoder, dimension=1))
    return replace(recipe, encoder=replace(recipe.encoder, dimension=2, embedding_activation="relu"))
