"""Reading a data set, whatever it is: the one place that knows which reader fits which path."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from siamdoctor.data.array_files import holds_training_split, read_arrays
from siamdoctor.data.array_set import array_set, npy_files
from siamdoctor.data.class_folders import read_class_folders
from siamdoctor.data.folder_walk import walk
from siamdoctor.data.pair_lists import read_pair_list
from siamdoctor.data.samples import Samples
from siamdoctor.data.saved_dataset import is_saved_dataset, saved_arrays
from siamdoctor.data.signatures import is_signature_set, read_signatures
from siamdoctor.data.splits import PREFERENCE, SPLIT_OF, choose, found_splits
from siamdoctor.data.text_folders import read_text_folders
from siamdoctor.data.triple_folders import is_triple_set, read_triple_folders
from siamdoctor.data.user_code import arrays_from_function, names_a_function
from siamdoctor.errors import UnreadableData

# A scheme of two letters or more, as it looks after `Path` has eaten one of its slashes; C: is a drive.
_REMOTE = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+:/|hf:)")
_WORDS = re.compile(r"[_\-. ]+")
PICKLES = frozenset({".pkl", ".pickle", ".joblib", ".pt", ".pth"})
PICKLE_PROTOCOLS = (b"\x02", b"\x03", b"\x04", b"\x05")
ACCEPTED = (
    "class folders of images or of .txt files, .npz with x and y, .npy or .npz pairs, or a list of pairs of files or "
    "sentences (CSV, LFW pairs.txt)"
)


def read_samples(path: Path, *, split: str | None = None, same_label: int | None = None) -> Samples:
    """Read a data set; nothing of it is ever written.

    Args:
        path: a folder or file of one of the accepted kinds.
        split: "train", "val" or "test" where the data set has these (one that is not split is read whole);
            without it val is read, else test, else everything.
        same_label: the declared label of a same-class pair, for pair lists whose labels are bare numbers.

    Raises:
        UnreadableData: the data cannot be read or give no pairs; the message says what was received.
    """
    if _REMOTE.match(str(path)):
        raise UnreadableData(f"Only local files are read. Received: data={path}. Download the data and give its path.")
    try:
        if path.is_dir():
            return _read_folder(path, split, same_label)
        if path.is_file():
            return _read_file(path, split, same_label)
        exists = path.exists()
        if not exists and names_a_function(path):
            return _read_function(path, split, same_label)
    except OSError as error:
        raise UnreadableData(f"The data cannot be read ({error.strerror}). Received: data={path}") from error
    if exists:
        raise UnreadableData(f"The data must be a folder or a regular file. Received: data={path}")
    raise UnreadableData(f"There is no such file or folder. Received: data={path}. Check the path.")


def find_training_split(path: Path) -> Path | None:
    """Where the training data of a data set are, or None. To be read with `split="train"`.

    train/ below a folder; what is called train beside a val or test (folder, array file or pair list); the
    same file where an .npz holds training arrays beside others.
    """
    if path.is_file() and path.suffix.lower() == ".npz" and holds_training_split(array_set(path)):
        return path
    if path.is_dir():
        arrays = _array_folders(path).get("train")
        if arrays is not None:
            return arrays
        splits, depth = found_splits(walk(path))
        if "train" in splits:
            return _below(path, depth, splits["train"])
    return _called_train_beside(path) if path.exists() else None


def _called_train_beside(path: Path) -> Path | None:
    """The neighbour whose name says train where this one's says val or test, all else being equal."""
    place = path.resolve()
    words = _WORDS.split(place.stem)
    told = [k for k, word in enumerate(words) if SPLIT_OF.get(word.lower()) in {"val", "test"}]
    if len(told) != 1:
        return None
    for other in sorted(place.parent.iterdir()):
        others = _WORDS.split(other.stem)
        same = [a.lower() == b.lower() for a, b in zip(words, others, strict=False)]
        fits = len(others) == len(words) and same.count(False) == 1 and not same[told[0]]
        if fits and SPLIT_OF.get(others[told[0]].lower()) == "train" and other.suffix == place.suffix:
            return other if other.is_dir() == place.is_dir() else None
    return None


def _array_folders(path: Path) -> dict[str, Path]:
    """What holds arrays or a saved tf.data set under a split's name (a folder or an .npz file), by split."""
    below = sorted(p for p in path.iterdir() if p.stem.lower() in SPLIT_OF)
    folders = [p for p in below if p.is_dir() and (is_saved_dataset(p) or npy_files(p) or _only_npz(p) is not None)]
    files = [p for p in below if p.is_file() and p.suffix.lower() == ".npz"]
    return {SPLIT_OF[p.stem.lower()]: p for p in files + folders}


def _only_npz(path: Path) -> Path | None:
    """The one .npz file of a folder that holds no folders."""
    inside = [p for p in path.iterdir() if not p.name.startswith(".")]
    files = [p for p in inside if p.suffix.lower() == ".npz" and p.is_file()]
    return files[0] if len(files) == 1 and not any(p.is_dir() for p in inside) else None


def _read_folder(path: Path, split: str | None, same_label: int | None) -> Samples:
    """Read a folder by what lies in it: arrays of some kind, or files in folders."""
    if is_saved_dataset(path):
        return read_arrays(saved_arrays(path), split, same_label)
    if npy_files(path):
        return read_arrays(array_set(path), split, same_label)
    arrays = _array_folders(path)
    inner = next((arrays[name] for name in ((split,) if split else PREFERENCE) if name in arrays), _only_npz(path))
    if inner is not None:
        return (_read_folder if inner.is_dir() else _read_file)(inner, split, same_label)
    return _read_tree(path, split)


def _read_tree(path: Path, split: str | None) -> Samples:
    """Read folders of files by how they are named."""
    tree = walk(path)
    chosen = choose(tree, split)
    if tree.of_texts:
        return read_text_folders(tree, chosen)
    if is_triple_set(chosen):
        return read_triple_folders(tree, chosen)
    if is_signature_set(chosen):
        return read_signatures(tree, chosen)
    return read_class_folders(tree, chosen)


def _read_file(path: Path, split: str | None, same_label: int | None) -> Samples:
    """Read a file by its first bytes, and by its name where these say nothing."""
    with path.open("rb") as file:
        magic = file.read(8)
    suffix = path.suffix.lower()
    if magic.startswith(b"PK\x03\x04") and suffix not in {".npz", ""}:
        raise UnreadableData(f"Archives are not read. Received: data={path}. Unpack it and give the folder.")
    if magic.startswith((b"PK\x03\x04", b"\x93NUMPY")) or suffix in {".npz", ".npy"}:
        return read_arrays(array_set(path), split, same_label)
    if suffix in PICKLES or (magic[:1] == b"\x80" and magic[1:2] in PICKLE_PROTOCOLS):
        raise UnreadableData(
            f"Pickled data are refused, because unpickling could run code. Received: data={path}. "
            "Save plain arrays: numpy.savez(file, x=samples, y=labels)."
        )
    if suffix in {".csv", ".txt", ".tsv"}:
        return read_pair_list(path, same_label)
    raise UnreadableData(f"The data are of no known kind. Received: data={path}. Accepted are {ACCEPTED}.")


def _read_function(path: Path, split: str | None, same_label: int | None) -> Samples:
    """Read what the user's own function makes, and say that it was run."""
    samples = read_arrays(arrays_from_function(path), split, same_label)
    said = f"the data come from running {path.name}, the user's own code"
    return dataclasses.replace(samples, assumed=(*samples.assumed, said))


def _below(path: Path, depth: int, name: str) -> Path:
    """The folder of this name, some single-child folders further down."""
    tree = walk(path)
    parts = next(f.parts for f in tree.folders if len(f.parts) > depth and f.parts[depth] == name)
    return path.joinpath(*parts[: depth + 1])
