"""SD5xx: the towers are wired wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.faults.catalogue import fault

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import Recipe


def _with_few_pairs(recipe: Recipe) -> Recipe:
    """So few pairs that sharing weights matters: with thousands, two towers learn to agree."""
    return replace(recipe, pairs=replace(recipe.pairs, count=300))


@fault("euclidean-lambda", "euclidean", "absolute-difference", circumstance=_with_few_pairs)
def untied_towers(recipe: Recipe) -> Recipe:
    """The encoder is built once per input, so that the two towers share nothing."""
    return replace(recipe, head=replace(recipe.head, towers="separate"))


@fault("absolute-difference", "euclidean", "concatenation", "koch", "keras-io")
def same_input_twice(recipe: Recipe) -> Recipe:
    """`encoder(left)` is written on both sides; the right input leads nowhere."""
    return replace(recipe, head=replace(recipe.head, towers="same-input"))
