"""SD2xx: labels, loss, head and margin do not agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.faults.catalogue import fault, way

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import Recipe


@fault("euclidean", "euclidean-lambda", "euclidean-ops", "flat", "unit-norm", "cosine")
def inverted_labels(recipe: Recipe) -> Recipe:
    """Pairs are labelled 0 = same, the contrastive formula pulls together what is labelled 1."""
    return replace(recipe, pairs=replace(recipe.pairs, same_label=0))


@fault("absolute-difference", "koch", "euclidean-sigmoid", "concatenation", "batch-norm")
def single_unit_softmax(recipe: Recipe) -> Recipe:
    """The last layer is `Dense(1, activation="softmax")`, copied from a classifier."""
    return replace(recipe, head=replace(recipe.head, output="softmax"))


@fault("euclidean", "cosine", "euclidean-ops", "flat")
def margin_too_large(recipe: Recipe) -> Recipe:
    """The margin lies far beyond the largest distance that two embeddings can have."""
    margin = (20.0, 50.0)[way(recipe, 2)]
    training = replace(recipe.training, margin=margin)
    if recipe.head.name == "cosine-distance":
        return replace(recipe, training=training)
    bounded = ("sigmoid", "tanh")[way(recipe, 2)]
    return replace(recipe, training=training, encoder=replace(recipe.encoder, embedding_activation=bounded))


@fault("euclidean", "euclidean-lambda", "flat", "unit-norm", "cosine")
def margin_too_small(recipe: Recipe) -> Recipe:
    """A margin of 0.001: every negative pair is beyond it from the start, and only the pull to 0 is left."""
    return replace(recipe, training=replace(recipe.training, margin=0.001))
