"""Healthy controls that look like a fault: a diagnosis that accuses them is a false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from siamdoctor.faults.data import REAL_USE

if TYPE_CHECKING:
    from collections.abc import Callable

    from siamdoctor.faults.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A habit that resembles the fault `looks_like` and costs nothing in these styles."""

    id: str
    looks_like: str
    styles: tuple[str, ...]
    alter: Callable[[Recipe], Recipe]


def _odd_margin(recipe: Recipe) -> Recipe:
    """A margin of 4 with a threshold chosen to match."""
    return replace(recipe, training=replace(recipe.training, margin=4.0))


def _small_margin(recipe: Recipe) -> Recipe:
    """A margin of 0.2 with a threshold chosen to match."""
    return replace(recipe, training=replace(recipe.training, margin=0.2))


def _accuracy_on_distance(recipe: Recipe) -> Recipe:
    """Keras' accuracy stands in the history and means nothing, but the user decides by a chosen threshold."""
    return replace(recipe, training=replace(recipe.training, metrics=("accuracy",)))


def _labels_under_a_learned_head(recipe: Recipe) -> Recipe:
    """0 = same under a head that learns the sign, and the user knows it."""
    return replace(recipe, pairs=replace(recipe.pairs, same_label=0))


def _many_pairs_for_two_towers(recipe: Recipe) -> Recipe:
    """Two encoders that share nothing, with pairs enough to agree."""
    return replace(recipe, head=replace(recipe.head, towers="separate"))


def _careful_augmentation(recipe: Recipe) -> Recipe:
    """Pictures in use are turned and shifted, and the training was augmented accordingly."""
    data = replace(recipe.data, augmentation=REAL_USE, field_variation=REAL_USE)
    return replace(recipe, data=data, pairs=replace(recipe.pairs, count=8000))


def _no_augmentation_needed(recipe: Recipe) -> Recipe:
    """No augmentation is declared, and pictures in use vary no more than those of the training."""
    return replace(recipe, deployment=replace(recipe.deployment, declared_augmentation={}))


def _small_validation(recipe: Recipe) -> Recipe:
    """Ten identities with ten pictures each: few, but enough to see a good model."""
    return replace(recipe, data=replace(recipe.data, validation_per_identity=10))


def _weak_but_honest(recipe: Recipe) -> Recipe:
    """A small network that does what it can on pictures that vary much: nothing is wrong, it is just hard."""
    encoder = replace(recipe.encoder, units=(8, 8), dimension=6)
    data = replace(recipe.data, augmentation=REAL_USE, field_variation=REAL_USE)
    return replace(recipe, data=data, encoder=encoder)


def _scaled_inside(recipe: Recipe) -> Recipe:
    """Pixels go in unscaled, because a Rescaling layer inside the model scales them."""
    use = replace(recipe.deployment, trained_on=replace(recipe.deployment.trained_on, scale=1.0), rescale=None)
    return replace(recipe, encoder=replace(recipe.encoder, rescaling=(1 / 255, 0.0)), deployment=use)


def _few_positives_and_fine(recipe: Recipe) -> Recipe:
    """A third of the pairs are positive, and the threshold is chosen on balanced ones."""
    return replace(recipe, pairs=replace(recipe.pairs, positive_share=0.33))


_DISTANCES = ("euclidean", "euclidean-lambda", "flat")
_LEARNED = ("absolute-difference", "koch", "concatenation")
NEAR_MISSES: Mapping[str, NearMiss] = MappingProxyType(
    {
        near.id: near
        for near in (
            NearMiss(id="odd-margin", looks_like="margin-too-large", styles=_DISTANCES, alter=_odd_margin),
            NearMiss(id="small-margin", looks_like="margin-too-small", styles=_DISTANCES, alter=_small_margin),
            NearMiss(
                id="accuracy-on-distance",
                looks_like="inverted-metric",
                styles=_DISTANCES,
                alter=_accuracy_on_distance,
            ),
            NearMiss(
                id="labels-under-a-learned-head",
                looks_like="inverted-labels",
                styles=_LEARNED,
                alter=_labels_under_a_learned_head,
            ),
            NearMiss(
                id="many-pairs-for-two-towers",
                looks_like="untied-towers",
                styles=("euclidean", "absolute-difference"),
                alter=_many_pairs_for_two_towers,
            ),
            NearMiss(
                id="careful-augmentation",
                looks_like="harmful-augmentation",
                styles=("euclidean-lambda", "triplet"),
                alter=_careful_augmentation,
            ),
            NearMiss(
                id="no-augmentation-needed",
                looks_like="insufficient-augmentation",
                styles=("euclidean-lambda", "absolute-difference", "triplet"),
                alter=_no_augmentation_needed,
            ),
            NearMiss(
                id="small-validation",
                looks_like="underpowered-evaluation",
                styles=("euclidean", "triplet", "koch"),
                alter=_small_validation,
            ),
            NearMiss(
                id="weak-but-honest",
                looks_like="undertrained",
                styles=("euclidean-lambda", "absolute-difference"),
                alter=_weak_but_honest,
            ),
            NearMiss(
                id="scaled-inside",
                looks_like="preprocessing-mismatch",
                styles=("euclidean", "triplet"),
                alter=_scaled_inside,
            ),
            NearMiss(
                id="few-positives-and-fine",
                looks_like="imbalanced-pairs",
                styles=("euclidean", "cosine"),
                alter=_few_positives_and_fine,
            ),
        )
    }
)
