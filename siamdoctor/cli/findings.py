"""What `init` can see without asking: the model, the data and the training history at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.errors import BadSettings, SiamdoctorError, UnreadableModel
from siamdoctor.models.reading import read_blueprint

if TYPE_CHECKING:
    from pathlib import Path

    from siamdoctor.data.samples import Samples
    from siamdoctor.models.blueprint import Blueprint

_MODEL_ENDINGS = (".keras", ".h5", ".hdf5")
_DATA_NAMES = ("data/val", "data/validation", "data/test", "val", "validation", "test", "data")
_TRAIN_NAMES = ("data/train", "data/training", "train", "training")
_HISTORY_NAMES = ("history.csv", "history.json", "training.csv", "training_log.csv", "log.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was found. A path without its description could not be read; the complaint says why."""

    model: Path | None
    blueprint: Blueprint | None
    data: Path | None
    samples: Samples | None
    train: Path | None
    history: Path | None
    complaints: tuple[str, ...]


def find_facts(model: Path | None, data: Path | None, folder: Path) -> Facts:
    """Look at the model and data that were named, or at those that the folder holds.

    Raises:
        SiamdoctorError: what was named cannot be read, or several models could be meant. What was merely
            found and cannot be read becomes a complaint.
    """
    complaints: list[str] = []
    found_model = model or _only_model(folder)
    found_data = data or next((folder / name for name in _DATA_NAMES if (folder / name).is_dir()), None)
    found_data = found_data or next(iter(sorted(folder.glob("*.npz"))), None)
    blueprint = samples = train = None
    try:
        blueprint = _read_model(found_model)
    except SiamdoctorError as error:
        if model is not None:
            raise
        complaints.append(str(error))
    try:
        if found_data is not None:
            samples, train = read_samples(found_data), find_training_split(found_data)
    except SiamdoctorError as error:
        if data is not None:
            raise
        complaints.append(str(error))
    train = train or next((folder / name for name in _TRAIN_NAMES if (folder / name).is_dir()), None)
    beside = found_model.parent if found_model is not None else folder
    return Facts(
        model=found_model,
        blueprint=blueprint,
        data=found_data,
        samples=samples,
        train=train,
        history=next((p / n for p in (beside, folder) for n in _HISTORY_NAMES if (p / n).is_file()), None),
        complaints=tuple(complaints),
    )


def _read_model(path: Path | None) -> Blueprint | None:
    """The description of a model file."""
    if path is None:
        return None
    if not path.exists():
        raise UnreadableModel(f"There is no such model file. Received: model={path}")
    return read_blueprint(path)


def _only_model(folder: Path) -> Path | None:
    """The one model file in this folder, else in those just below it.

    Raises:
        BadSettings: there are several; the message names them.
    """
    for pattern in ("*", "*/*"):
        models = sorted(p for p in folder.glob(pattern) if p.suffix in _MODEL_ENDINGS and p.is_file())
        if len(models) > 1:
            named = ", ".join(str(p.relative_to(folder)) for p in models[:5])
            raise BadSettings(f"Several models could be meant: {named}. Name one: siamdoctor init MODEL")
        if models:
            return models[0]
    return None
