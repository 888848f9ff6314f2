"""Raises one patient: recipe, training, judgement and folder."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import keras

from siamdoctor.faults.datasets import load_splits
from siamdoctor.faults.judging import judge
from siamdoctor.faults.networks import build_network
from siamdoctor.faults.saving import save_samples, save_settings
from siamdoctor.faults.training import train

if TYPE_CHECKING:
    from siamdoctor.faults.datasets import Splits
    from siamdoctor.faults.judging import Judgement
    from siamdoctor.faults.networks import Network
    from siamdoctor.faults.recipe import Recipe
    from siamdoctor.faults.training import Progress

CHANCE_LIKE = 0.6
CLEARLY_WORSE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A trained model with its data and settings, as a user would bring it.

    accuracy: balanced accuracy as deployed, on validation pairs. best: the same with the best threshold in
    hindsight. healthy_accuracy: of the twin raised without the fault, where one was asked for.
    """

    cause: str | None
    style: str
    dataset: str
    seed: int
    folder: Path
    model: Path
    data: Path
    train: Path | None
    settings: Path
    accuracy: float
    best: float
    healthy_accuracy: float | None = None

    @property
    def ill(self) -> bool:
        """Whether the fault hurts: near chance, or at least 15 points under the healthy twin."""
        if self.accuracy < CHANCE_LIKE:
            return True
        return self.healthy_accuracy is not None and self.healthy_accuracy - self.accuracy >= CLEARLY_WORSE


def raise_patient(recipe: Recipe, cause: str | None, folder: Path, progress: Progress) -> Patient:
    """Train, judge and save one recipe into `folder`, which is made where it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    splits, network, judgement = _trained(recipe, folder / "history.csv", progress)
    network.model.save(folder / "model.keras")
    data = save_samples(splits.validation, folder, "data")
    trained_on = save_samples(splits.train, folder, "train")
    return Patient(
        cause=cause,
        style=recipe.style,
        dataset=recipe.data.dataset,
        seed=recipe.seed,
        folder=folder,
        model=folder / "model.keras",
        data=data,
        train=trained_on,
        settings=save_settings(recipe, folder, data, trained_on, judgement.threshold),
        accuracy=judgement.accuracy,
        best=judgement.best,
    )


def accuracy_of(recipe: Recipe) -> float:
    """Balanced accuracy as deployed of a network that is trained for this number alone."""
    with TemporaryDirectory() as folder:
        return _trained(recipe, Path(folder) / "history.csv", lambda _what, _share: None)[2].accuracy


def _trained(recipe: Recipe, history: Path, progress: Progress) -> tuple[Splits, Network, Judgement]:
    """The data, the trained network, and how well it does. Sets the global seeds of Python, numpy and Keras."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(recipe.seed)
    progress("preparing data", 0.0)
    splits = load_splits(recipe.data, recipe.seed)
    with warnings.catch_warnings():
        # Keras itself warns of some of the faults (a softmax over one unit); here they are meant.
        warnings.simplefilter("ignore")
        network = build_network(recipe, splits.train.x.shape[1:])
        train(network, splits, recipe, history, progress)
        return splits, network, judge(network, splits.validation, recipe)
