"""What a fault is, and how the families below register theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siamdoctor.faults.recipe import Recipe

Inject = Callable[["Recipe"], "Recipe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One cause, injected the way users cause it.

    styles: those in which it can be injected, the most natural one first. caused: how, in one sentence.
    inject: the healthy recipe in, the faulty recipe out.
    misleads: the fault does not cost accuracy, it makes the accuracy that is measured say little.
    needs_images: it concerns pixels and makes no sense for tables and series.
    circumstance: what patient and healthy twin have in common, where the fault needs an occasion to hurt
        (few pairs, pictures taken in real use). The identity for most.
    """

    id: str
    styles: tuple[str, ...]
    caused: str
    inject: Inject
    circumstance: Inject
    misleads: bool = False
    needs_images: bool = False


_REGISTERED: dict[str, Fault] = {}


def unchanged(recipe: Recipe) -> Recipe:
    """No circumstance at all."""
    return recipe


def fault(
    *styles: str, circumstance: Inject = unchanged, misleads: bool = False, needs_images: bool = False
) -> Callable[[Inject], Inject]:
    """Register a recipe-to-recipe function as the fault its name spells; its docstring says how it is caused."""

    def register(inject: Inject) -> Inject:
        name = inject.__name__.replace("_", "-")
        caused = " ".join((inject.__doc__ or "").partition("\n\n")[0].split())
        _REGISTERED[name] = Fault(
            id=name,
            styles=styles,
            caused=caused,
            inject=inject,
            circumstance=circumstance,
            misleads=misleads,
            needs_images=needs_images,
        )
        return inject

    return register


def way(recipe: Recipe, ways: int) -> int:
    """Which of several ways to cause the same fault: the seed chooses."""
    return recipe.seed % ways


def registered() -> dict[str, Fault]:
    """All faults that have been registered so far, by cause id."""
    return dict(_REGISTERED)
