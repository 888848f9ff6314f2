"""Small valid files of every format that is read, as the ground that fuzzing starts from.

Each seed is a folder or a file. Files of Keras 2 come out of the repository's own archive, those of Keras 3 are
saved on the spot by a process of its own, since whoever fuzzes must never load TensorFlow.
"""

from __future__ import annotations

import csv
import json
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

MODELS = Path(__file__).parents[1] / "models"
# Of the zoo, those that differ in what the reader has to do, and are small.
STYLES = (
    "raw-euclidean", "registered-layer", "lambda", "lambda-of-function", "custom-l1", "cosine", "concatenate",
    "softmax-of-two", "flat", "separate", "same-input", "wrapped", "encoder", "sequential", "normalising-lambda",
    "distance-and-embeddings", "triplet-distances", "triplet-layer", "pair-axis", "lstm", "bidirectional",
    "attention", "series", "lopsided",
)  # fmt: skip
SAVING = """
import sys
sys.path.insert(0, sys.argv[1])
from siamdoctor.models.runtime import import_keras
import_keras()
import keras, zoo_styles
for name in sys.argv[3:]:
    model = zoo_styles.STYLES[name].build()
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.save(f"{sys.argv[2]}/{name}.keras")
    if name in ("raw-euclidean", "lambda", "flat", "lstm", "encoder"):
        model.save(f"{sys.argv[2]}/{name}-3.h5")
model.save_weights(f"{sys.argv[2]}/alone.weights.h5")
"""


def keras_2(folder: Path) -> list[Path]:
    """Models of Keras 2: archives, HDF5 files, folders of SavedModels, and weights without their layers."""
    with tarfile.open(MODELS / "keras2_models.tar.xz") as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since Python 3.11.4
        archive.extractall(folder, **safely)  # noqa: S202  (the archive is this repository's own)
    for answers in folder.glob("*.npz"):
        answers.unlink()
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(folder / "flat.keras") as archive:
        archive.extractall(unpacked)  # noqa: S202  (the same)
        (folder / "weights-only.h5").write_bytes(archive.read("model.weights.h5"))
    return sorted(folder.iterdir())


def keras_3(folder: Path) -> list[Path]:
    """Models of the Keras that is installed, saved by a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-c", SAVING, str(MODELS), str(folder), *STYLES], check=True, capture_output=True)
    unpacked = folder / "unpacked-3"
    with zipfile.ZipFile(folder / "lstm.keras") as archive:
        archive.extractall(unpacked)  # noqa: S202  (written a moment ago)
    return sorted(folder.iterdir())


def data_sets(folder: Path) -> list[Path]:
    """Data of every kind that is read without TensorFlow; a path's stem ends in its kind."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (12, 9, 8), dtype=np.uint8), np.repeat(np.arange(3), 4)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "labelled.npz", x=x, y=y)
    np.savez_compressed(folder / "packed.npz", images=x.astype("f4"), labels=np.eye(3)[y])
    np.savez(folder / "pairs.npz", left=x[:6], right=x[6:], label=y[:6] % 2)
    np.savez(folder / "texts.npz", x_train=x, y_train=y, x_val=x, y_val=np.array(["a", "b", "c"])[y])
    _arrays_in_a_folder(folder / "arrays", x, y)
    _pictures(folder / "classes", x, y)
    _lists(folder, x)
    _triples(folder / "triples", x)
    return sorted(folder.iterdir())


def histories(folder: Path) -> list[Path]:
    """Training histories as CSV, JSON and TensorBoard events."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"loss": [0.7, 0.5, 0.4], "val_loss": [0.8, 0.6, 0.6], "accuracy": [0.5, 0.6, 0.7]}
    rows = [["epoch", *columns], *([k, *values] for k, values in enumerate(zip(*columns.values(), strict=True)))]
    with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    (folder / "history.json").write_text(json.dumps({"history": columns}), encoding="utf-8")
    epochs = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    (folder / "epochs.json").write_text(json.dumps(epochs), encoding="utf-8")
    (folder / "events.out.tfevents.1").write_bytes(_events(columns["loss"]))
    return sorted(folder.iterdir())


def settings(folder: Path) -> list[Path]:
    """The settings files that the repository offers to start from, and one that uses every key."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (Path(__file__).parents[2] / "configs").glob("*.yaml"):
        shutil.copy(file, folder)
    (folder / "every.yaml").write_text(EVERY_KEY, encoding="utf-8")
    return sorted(folder.iterdir())


EVERY_KEY = """
model: {path: model.keras, encoder: tower, custom_objects: layers.py, replace: {lambda_1: l2norm}}
data: {path: data/val, train: data/train, rescale: 1/255, pairs: 2000}
training:
  loss: contrastive
  margin: 1.0
  same_label: 1
  history: history.csv
  augmentation: &layers
    - {RandomRotation: {factor: 0.1}}
    - RandomFlip
decision: {metric: euclidean, threshold: 5e-1}
report: {fail_on: likely, ignore: [SD407], suppress: [{cause: SD404, reason: known, expires: 2027-01-31}]}
seed: 3
budget: 60
"""


def _arrays_in_a_folder(folder: Path, x: np.ndarray, y: np.ndarray) -> None:
    folder.mkdir()
    np.save(folder / "x.npy", np.asfortranarray(x.astype("f8")))
    np.save(folder / "y.npy", y)


def _pictures(folder: Path, x: np.ndarray, y: np.ndarray) -> None:
    """Class folders with a picture of every format."""
    for k, (pixels, label) in enumerate(zip(x, y, strict=True)):
        suffix = ("png", "jpg", "gif", "bmp", "tif", "webp", "pgm")[k % 7]
        (folder / f"class{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"class{label}" / f"{k}.{suffix}")


def _lists(folder: Path, x: np.ndarray) -> None:
    """Pair lists in CSV and as LFW's pairs.txt, each beside its pictures."""
    for name in ("list", "lfw"):
        for person in ("Ann_Lee", "Bob_Roe"):
            (folder / name / person).mkdir(parents=True)
            for k in (1, 2, 3):
                Image.fromarray(x[k]).save(folder / name / person / f"{person}_{k:04d}.png")
    rows = [("left", "right", "label")]
    rows += [(f"{a}/{a}_0001.png", f"{b}/{b}_0002.png", int(a == b)) for a in _PEOPLE for b in _PEOPLE]
    (folder / "list" / "pairs.csv").write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    lines = ["2\t2", "Ann_Lee\t1\t2", "Bob_Roe\t1\t3", "Ann_Lee\t1\tBob_Roe\t2", "Ann_Lee\t3\tBob_Roe\t1"]
    (folder / "lfw" / "pairs.txt").write_text("\n".join(lines), encoding="utf-8")


_PEOPLE = ("Ann_Lee", "Bob_Roe")


def _triples(folder: Path, x: np.ndarray) -> None:
    for part in ("anchor", "positive", "negative"):
        (folder / part).mkdir(parents=True)
        for k in (1, 2, 3):
            Image.fromarray(x[k]).save(folder / part / f"{k}.png")


def _events(losses: list[float]) -> bytes:
    """An event file with one scalar an epoch."""

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    def record(data: bytes) -> bytes:
        return struct.pack("<QI", len(data), 0) + data + struct.pack("<I", 0)

    scalars = [field(1, b"epoch_loss") + b"\x15" + struct.pack("<f", loss) for loss in losses]
    return b"".join(record(data) for data in [field(3, b"brain.Event:2"), *(field(5, field(1, s)) for s in scalars)])
