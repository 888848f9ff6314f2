"""Opening a model file without TensorFlow: `.keras` archives and HDF5 files, recognised by content."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import MAX_DEPTH, depth, mapping, text
from siamdoctor.models.hdf5 import WeightStore, read_weight_file
from siamdoctor.models.zipped import members_of, read_member
from siamdoctor.results import Json

MAX_FILE = 4 << 30
MAX_CONFIG = 64 << 20
ZIP_MAGIC = b"PK\x03\x04"
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
LFS_MAGIC = b"version https://git-lfs"
SAVE_AGAIN = (
    "Save the trained model again, in one file, with `model.save('model.keras')`; for a triplet model or a "
    "class of your own, save the part that makes the embeddings: `embedding.save('encoder.keras')`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What a model file holds: its configuration as JSON and an index of its weights.

    format: "keras" (Keras 3 archive), "h5" or "keras folder". model: the saved model entry, None in a
    weights-only file. compiled: loss, metrics and optimizer as saved, empty where the model was not compiled.
    """

    path: Path
    format: str
    keras_version: str | None
    model: dict[str, Json] | None
    compiled: dict[str, Json]
    weights: WeightStore


def open_archive(path: Path) -> Archive:
    """Read a model file's configuration and index its weights.

    Raises:
        UnreadableModel: there is no such local file, it is of no known format, damaged, or larger on
            unpacking than any honest model.
    """
    refuse_remote(path)
    if path.is_dir():
        return _open_folder(path)
    content = read_file(path)
    if content.startswith(ZIP_MAGIC):
        return _open_zip(path)
    if content.startswith(HDF5_MAGIC):
        return _open_hdf5(path, content)
    if not content:
        raise UnreadableModel(
            f"The file is empty: saving it failed, although Keras may not have said so. {SAVE_AGAIN} "
            f"Received: model={path}, 0 bytes"
        )
    if content.startswith(LFS_MAGIC):
        raise UnreadableModel(
            "This is a Git LFS pointer, a note of where the model is kept, and not the model. `git lfs pull` in the "
            f"repository fetches it. Received: model={path}, {len(content)} bytes"
        )
    raise UnreadableModel(
        "This is neither a `.keras` archive nor an HDF5 file. Accepted are models saved by Keras 2 or 3 as "
        f"`.keras`, `.h5` or `.hdf5`. Received: model={path}, which starts with {content[:8]!r}"
    )


def refuse_remote(path: Path) -> None:
    """Keras would fetch `hf://` and other addresses; nothing here does."""
    if ":/" in str(path) or str(path).startswith(("hf:", "kaggle:")):
        raise UnreadableModel(f"Only local files are read; download the model first. Received: model={path}")


def read_file(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a regular file of sane size.

    Raises:
        UnreadableModel: it is missing, no regular file, too large, or not permitted.
    """
    try:
        if not path.exists():
            raise UnreadableModel(f"There is no such file. Received: model={path}")
        if not path.is_file():
            raise UnreadableModel(f"This is not a file. Received: model={path}")
        size = path.stat().st_size
        if size > limit:
            raise UnreadableModel(f"Files above {limit >> 20} MiB are not read. Received: {path}, {size} bytes")
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise UnreadableModel(f"The file cannot be read ({error.strerror}). Received: model={path}") from error


def _open_folder(path: Path) -> Archive:
    """An unpacked `.keras` archive; any other folder is refused with what to do instead."""
    if not (path / "config.json").is_file():
        raise UnreadableModel(f"This folder holds no model saved by Keras. Received: model={path}")
    metadata = path / "metadata.json"
    return _keras_archive(
        path,
        "keras folder",
        config=read_file(path / "config.json", MAX_CONFIG),
        metadata=read_file(metadata, MAX_CONFIG) if metadata.exists() else b"",
        weights=read_file(path / "model.weights.h5"),
    )


def _open_zip(path: Path) -> Archive:
    """A `.keras` archive: `config.json`, `metadata.json`, `model.weights.h5`, and nothing unpacked to disk."""
    try:
        with zipfile.ZipFile(path) as file:
            members = members_of(file, path)
            config = read_member(file, members, "config.json", path, limit=MAX_CONFIG)
            metadata = read_member(file, members, "metadata.json", path, limit=MAX_CONFIG, optional=True)
            weights = read_member(file, members, "model.weights.h5", path, limit=MAX_FILE)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnreadableModel(
            f"The archive is damaged or was cut short ({error}). {SAVE_AGAIN} Received: model={path}"
        ) from error
    return _keras_archive(path, "keras", config=config, metadata=metadata, weights=weights)


def _keras_archive(path: Path, kind: str, *, config: bytes, metadata: bytes, weights: bytes) -> Archive:
    """The three parts of a Keras 3 archive, however they were packed."""
    model = mapping(parse_json(config, path))
    saved_by = mapping(parse_json(metadata, path)) if metadata else {}
    return Archive(
        path=path,
        format=kind,
        keras_version=text(saved_by.get("keras_version")),
        model=model,
        compiled=mapping(model.get("compile_config")),
        weights=read_weight_file(weights, str(path)),
    )


def parse_json(content: bytes | str, path: Path) -> Json:
    """JSON from a file that nobody vouches for.

    Raises:
        UnreadableModel: it is no JSON, or nests deeper than any model.
    """
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableModel(f"The configuration is not valid JSON. Received: model={path}") from error
    if depth(value) > MAX_DEPTH:
        raise UnreadableModel(f"The configuration nests deeper than {MAX_DEPTH}. Received: model={path}")
    return value


def _open_hdf5(path: Path, content: bytes) -> Archive:
    """An HDF5 file: the configuration is an attribute of the root, the weights lie in `model_weights`."""
    weights = read_weight_file(content, str(path))

    def attribute(name: str) -> str | None:
        values = weights.attributes.get(("", name))
        return values[0] if values else None

    config, compiled = attribute("model_config"), attribute("training_config")
    return Archive(
        path=path,
        format="h5",
        keras_version=attribute("keras_version"),
        model=mapping(parse_json(config, path)) if config else None,
        compiled=mapping(parse_json(compiled, path)) if compiled else {},
        weights=weights,
    )
