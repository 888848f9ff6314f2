"""A patient's folder: the model, the data as a user keeps them, and siamdoctor.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import yaml
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from siamdoctor.faults.datasets import Split
    from siamdoctor.faults.recipe import Recipe
    from siamdoctor.results import Json


def save_samples(split: Split, folder: Path, name: str) -> Path:
    """Class folders of PNG files `folder/name/<identity>/0001.png`, or `folder/name.npz` for arrays."""
    if split.x.dtype != np.uint8:
        path = folder / f"{name}.npz"
        np.savez(path, x=split.x, y=split.identity)
        return path
    for identity, label in enumerate(split.names):
        place = folder / name / label
        place.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(split.x[split.identity == identity].astype(np.uint8)):
            picture = image[..., 0] if image.shape[-1] == 1 else image
            Image.fromarray(picture).save(place / f"{number + 1:04d}.png")
    return folder / name


def save_settings(recipe: Recipe, folder: Path, data: Path, train: Path, threshold: float) -> Path:
    """What the user knows of the run, as siamdoctor.yaml; it names no fault."""
    use, plan = recipe.deployment, recipe.training
    same = use.declared_same_label if use.declared_same_label is not None else recipe.pairs.same_label
    training: dict[str, Json] = {"loss": plan.loss, "history": "history.csv"}
    if plan.loss in {"contrastive", "triplet"}:
        training["margin"] = plan.margin
    if plan.loss != "triplet":
        training["same_label"] = same
    declared = use.declared_augmentation if use.declared_augmentation is not None else recipe.data.augmentation
    if declared or use.declared_augmentation is not None:
        training["augmentation"] = dict(declared)
    content: dict[str, Json] = {
        "model": {"path": "model.keras"},
        "data": {"path": data.name, "train": train.name},
        "training": training,
    }
    if use.rescale is not None:
        content["data"] = {"path": data.name, "train": train.name, "rescale": use.rescale}
    if use.declare_decision:
        decision: dict[str, Json] = {"metric": use.metric} if use.metric else {}
        content["decision"] = {**decision, "threshold": threshold}
    path = folder / "siamdoctor.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path
