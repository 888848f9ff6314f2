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


@fault("absolute-difference", "euclidean", "koch", "euclidean-lambda", "concatenation")
def misaligned_labels(recipe: Recipe) -> Recipe:
    """Pairs and labels were shuffled separately, so that the labels are noise."""
    return replace(recipe, pairs=replace(recipe.pairs, labels="shuffled"))


@fault("euclidean", "cosine", "euclidean-lambda", "absolute-difference", "koch")
def loss_head_mismatch(recipe: Recipe) -> Recipe:
    """Cross-entropy is fed a raw distance, or a ReLU or linear unit, where it expects a probability."""
    training = replace(recipe.training, loss="binary_crossentropy", metrics=("accuracy",))
    if recipe.head.output is None:
        return replace(recipe, training=training)
    output = ("relu", "linear")[way(recipe, 2)]
    return replace(recipe, training=training, head=replace(recipe.head, output=output))


@fault("concatenation")
def inexpressive_head(recipe: Recipe) -> Recipe:
    """One Dense unit on the concatenated embeddings: f(a) + g(b) cannot say that a equals b."""
    return replace(recipe, head=replace(recipe.head, hidden=()))


@fault("euclidean", "euclidean-lambda", "flat")
def batch_coupled_output(recipe: Recipe) -> Recipe:
    """Embeddings are normalised along axis 0, the batch, and pairs are judged one by one in use."""
    encoder = replace(recipe.encoder, over_batch=True)
    return replace(recipe, encoder=encoder, deployment=replace(recipe.deployment, batch=1))


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


def _from_few_pictures(recipe: Recipe) -> Recipe:
    """Few training samples, soon all learnt by heart."""
    return replace(recipe, data=replace(recipe.data, train_per_identity=6))


@fault("triplet", circumstance=_from_few_pictures)
def easy_triplets(recipe: Recipe) -> Recipe:
    """Triplets at random with a margin of 0.001: soon all are easy, and the loss is 0 on what was learnt by heart."""
    return replace(recipe, training=replace(recipe.training, margin=0.001, mining="all"))
