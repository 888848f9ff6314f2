"""Healthy recipes in the styles of public code. Each entry is a whole person's habit, not one knob."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.errors import BadSettings
from siamdoctor.faults.recipe import (
    DataPlan,
    Deployment,
    EncoderPlan,
    HeadPlan,
    PairPlan,
    Recipe,
    Scaling,
    TrainingPlan,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siamdoctor.faults.catalogue import Fault

CONV = EncoderPlan(body="conv", units=(16, 32))
BCE = TrainingPlan(loss="binary_crossentropy", metrics=("accuracy",))
# Digits, tables and series are judged on fresh samples of known identities, as in the tutorials. Omniglot's
# many characters allow strangers; MNIST's larger pictures need more of them to be learnt.
SPLITS: Mapping[str, DataPlan] = {
    "mnist": DataPlan(dataset="mnist", train_per_identity=280),
    "omniglot": DataPlan(dataset="omniglot", unseen=True, train_per_identity=None, validation_identities=40),
}
WITHOUT_IMAGES = frozenset({"tabular", "series"})
OWN_SCALING = Deployment(trained_on=Scaling(), rescale=None)


def _plain(name: str) -> Recipe:
    return Recipe(style=name, seed=0, data=DataPlan(dataset="digits"))


def _styles() -> dict[str, Recipe]:
    """The recipe of every style; data set and seed are filled in later."""
    return {
        "euclidean": _plain("euclidean"),
        "euclidean-lambda": replace(_plain("euclidean-lambda"), encoder=CONV, head=HeadPlan(name="euclidean-lambda")),
        "euclidean-ops": replace(
            _plain("euclidean-ops"),
            encoder=replace(CONV, sequential=True, dropout=0.1),
            head=HeadPlan(name="euclidean-ops"),
        ),
        "flat": replace(_plain("flat"), head=HeadPlan(name="euclidean-ops", flat=True)),
        "absolute-difference": replace(
            _plain("absolute-difference"),
            encoder=replace(CONV, dimension=32),
            head=HeadPlan(name="absolute-difference", output="sigmoid"),
            training=BCE,
        ),
        "batch-norm": replace(
            _plain("batch-norm"),
            encoder=replace(CONV, batch_norm=True, dropout=0.1, dimension=32, rescaling=(1 / 255, 0.0)),
            head=HeadPlan(name="absolute-difference", output="sigmoid"),
            training=BCE,
            deployment=OWN_SCALING,
        ),
        "euclidean-sigmoid": replace(
            _plain("euclidean-sigmoid"),
            encoder=CONV,
            head=HeadPlan(name="euclidean-lambda", output="sigmoid", slope=-1.0),
            training=BCE,
        ),
        "keras-io": replace(
            _plain("keras-io"),
            encoder=replace(CONV, activation="tanh", embedding_activation="tanh"),
            head=HeadPlan(name="euclidean-layer", batch_norm=True, output="sigmoid", slope=1.0),
            training=TrainingPlan(loss="contrastive", similar_is=0, metrics=("accuracy",)),
            pairs=PairPlan(same_label=0),
        ),
        "cosine": replace(
            _plain("cosine"),
            head=HeadPlan(name="cosine-distance"),
            training=TrainingPlan(margin=0.5),
        ),
        "triplet": replace(
            _plain("triplet"),
            encoder=replace(CONV, unit_norm=True),
            head=HeadPlan(name="none"),
            training=TrainingPlan(loss="triplet", margin=0.3, mining="semi-hard"),
            deployment=Deployment(metric="euclidean"),
        ),
        "exp-manhattan": replace(
            _plain("exp-manhattan"), head=HeadPlan(name="exp-manhattan"), training=TrainingPlan(loss="mse")
        ),
        "koch": replace(
            _plain("koch"),
            encoder=replace(CONV, embedding_activation="sigmoid", dimension=64),
            head=HeadPlan(name="absolute-difference", output="sigmoid"),
            training=BCE,
        ),
        "concatenation": replace(
            _plain("concatenation"),
            head=HeadPlan(name="concatenation", hidden=(64, 32), output="sigmoid"),
            training=replace(BCE, epochs=25),
        ),
        "two-way-softmax": replace(
            _plain("two-way-softmax"),
            encoder=replace(CONV, dimension=32),
            head=HeadPlan(name="absolute-difference", hidden=(16,), output="softmax", classes=2),
            training=TrainingPlan(loss="other", metrics=("accuracy",)),
        ),
        "unit-norm": replace(_plain("unit-norm"), encoder=EncoderPlan(unit_norm=True)),
        "two-towers": replace(_plain("two-towers"), head=HeadPlan(towers="separate")),
    }


STYLES: Mapping[str, Recipe] = _styles()


def healthy_recipe(style: str, dataset: str, seed: int, source: str | None = None) -> Recipe:
    """The healthy recipe of a style on a data set.

    Raises:
        BadSettings: there is no such style.
    """
    if style not in STYLES:
        raise BadSettings(f"There is no such style. Received: style={style!r}. Use one of {', '.join(STYLES)}.")
    recipe = STYLES[style]
    amounts = SPLITS.get(dataset, recipe.data)
    recipe = replace(recipe, seed=seed, data=replace(amounts, dataset=dataset, source=source))
    if dataset in SPLITS and recipe.encoder.body == "conv":
        # Pictures of 28 x 28 have twelve times the pixels: half the filters learn as much in a third of the time.
        narrow = replace(recipe.encoder, units=tuple(units // 2 for units in recipe.encoder.units))
        recipe = replace(recipe, encoder=narrow, training=replace(recipe.training, epochs=8))
    if dataset in WITHOUT_IMAGES:
        encoder = replace(recipe.encoder, rescaling=None)
        own = replace(recipe.deployment, trained_on=Scaling(), rescale=None)
        recipe = replace(recipe, encoder=encoder, deployment=own)
    return recipe


def recipe_of(fault: Fault | None, style: str, dataset: str, seed: int, source: str | None = None) -> Recipe:
    """The recipe of a patient, or of a healthy control where there is no fault.

    Raises:
        BadSettings: the style is unknown, or this fault cannot be injected into it or into these data.
    """
    recipe = healthy_recipe(style, dataset, seed, source)
    if fault is None:
        return recipe
    if style not in fault.styles:
        raise BadSettings(
            f"The fault {fault.id!r} cannot be injected into this style. Received: style={style!r}. "
            f"Use one of {', '.join(fault.styles)}."
        )
    if fault.needs_images and dataset in WITHOUT_IMAGES:
        raise BadSettings(f"The fault {fault.id!r} needs images. Received: dataset={dataset!r}.")
    return fault.inject(fault.circumstance(recipe))


def with_epochs(recipe: Recipe, epochs: int | None) -> Recipe:
    """The same recipe, trained for so many epochs (None: as it stands)."""
    return recipe if epochs is None else replace(recipe, training=replace(recipe.training, epochs=epochs))
