"""Reading a data set, whatever it is: the one place that knows which reader fits which path."""

from __future__ import annotations

import re
from pathlib import Path

from siamdoctor.data.array_files import holds_training_split, read_array_file
from siamdoctor.data.class_folders import read_class_folders
from siamdoctor.data.folder_walk import walk
from siamdoctor.data.samples import Samples
from siamdoctor.data.splits import SPLIT_OF, found_splits
from siamdoctor.errors import UnreadableData

# A scheme of two letters or more, as it looks after `Path` has eaten one of its slashes; C: is a drive.
_REMOTE = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+:/|hf:)")
PICKLES = frozenset({".pkl", ".pickle", ".joblib", ".pt", ".pth"})
ACCEPTED = "class folders of images, .npz with x and y, .npy or .npz pairs, or a pair list (CSV, LFW pairs.txt)"


def read_samples(path: Path, *, split: str | None = None) -> Samples:
    """Read a data set; nothing of it is ever written.

    Args:
        path: a folder or file of one of the accepted kinds.
        split: "train", "val" or "test" where the data set has these (one that is not split is read whole);
            without it val is read, else test, else everything.

    Raises:
        UnreadableData: the data cannot be read or give no pairs; the message says what was received.
    """
    if _REMOTE.match(str(path)):
        raise UnreadableData(f"Only local files are read. Received: data={path}. Download the data and give its path.")
    try:
        if path.is_dir():
            return _read_folder(path, split)
        if path.is_file():
            return _read_file(path, split)
        exists = path.exists()
    except OSError as error:
        raise UnreadableData(f"The data cannot be read ({error.strerror}). Received: data={path}") from error
    if exists:
        raise UnreadableData(f"The data must be a folder or a regular file. Received: data={path}")
    raise UnreadableData(f"There is no such file or folder. Received: data={path}. Check the path.")


def find_training_split(path: Path) -> Path | None:
    """Where the training data of a data set are, or None. To be read with `split="train"`.

    train/ below a folder, or beside it where it is a val/ or test/ itself; the same file where an .npz
    holds training arrays beside others.
    """
    if path.is_file() and path.suffix.lower() == ".npz":
        return path if holds_training_split(path) else None
    if not path.is_dir():
        return None
    splits, depth = found_splits(walk(path))
    if "train" in splits:
        return _below(path, depth, splits["train"])
    if SPLIT_OF.get(path.name.lower()) in {"val", "test"}:
        beside = sorted(p for p in path.resolve().parent.iterdir() if SPLIT_OF.get(p.name.lower()) == "train")
        return path.parent / beside[0].name if beside and beside[0].is_dir() else None
    return None


def _read_folder(path: Path, split: str | None) -> Samples:
    """Read a folder by what lies in it."""
    return read_class_folders(walk(path), split)


def _read_file(path: Path, split: str | None) -> Samples:
    """Read a file by its first bytes, and by its name where these say nothing."""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PK\x03\x04") or path.suffix.lower() == ".npz":
        return read_array_file(path, split)
    raise UnreadableData(f"The data are of no known kind. Received: data={path}. Accepted are {ACCEPTED}.")


def _below(path: Path, depth: int, name: str) -> Path:
    """The folder of this name, some single-child folders further down."""
    tree = walk(path)
    parts = next(f.parts for f in tree.folders if len(f.parts) > depth and f.parts[depth] == name)
    return path.joinpath(*parts[: depth + 1])
