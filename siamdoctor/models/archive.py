"""Opening a model file without TensorFlow: `.keras` archives and HDF5 files, recognised by content."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from siamdoctor.errors import UnreadableModel
from siamdoctor.models.config import MAX_DEPTH, depth, mapping, text
from siamdoctor.models.hdf5 import WeightStore, read_weight_file
from siamdoctor.models.stored_assets import assets_of_folder, stored_assets
from siamdoctor.models.zipped import DAMAGED, members_of, read_member, refuse_long_directory
from siamdoctor.results import Json

MAX_FILE = 4 << 30
MAX_CONFIG = 64 << 20
MAX_JSON = 16 << 20  # a megabyte of JSON can take thirty in memory; the largest Keras application has two
SPARSE = 64  # declared bytes per byte on the disk, above which a large file is mostly a hole
BLOCK = 512  # bytes, of `st_blocks`
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
    assets: lists of words that layers keep beside their weights, by their place in the archive.
    """

    path: Path
    format: str
    keras_version: str | None
    model: dict[str, Json] | None
    compiled: dict[str, Json]
    weights: WeightStore
    assets: Mapping[str, bytes] = field(default_factory=dict)


def open_archive(path: Path) -> Archive:
    """Read a model file's configuration and index its weights.

    Raises:
        UnreadableModel: there is no such local file, it is of no known format, damaged, or larger on
            unpacking than any honest model.
    """
    refuse_remote(path)
    if path.is_dir():
        return _open_folder(path)
    with opened(path) as file:
        magic = file.read(len(LFS_MAGIC))
        file.seek(0)
        if magic.startswith(ZIP_MAGIC):
            return _open_zip(path, file)
        if magic.startswith(HDF5_MAGIC):
            return _open_hdf5(path, file.read())
    raise UnreadableModel(_what_it_is_instead(path, magic))


def _what_it_is_instead(path: Path, magic: bytes) -> str:
    """What to say of a file that begins like no model."""
    if not magic:
        return (
            f"The file is empty: saving it failed, although Keras may not have said so. {SAVE_AGAIN} "
            f"Received: model={path}, 0 bytes"
        )
    if magic.startswith(LFS_MAGIC):
        return (
            "This is a Git LFS pointer, a note of where the model is kept, and not the model. `git lfs pull` in the "
            f"repository fetches it. Received: model={path}"
        )
    return (
        "This is neither a `.keras` archive nor an HDF5 file. Accepted are models saved by Keras 2 or 3 as "
        f"`.keras`, `.h5` or `.hdf5`. Received: model={path}, which starts with {magic[:8]!r}"
    )


def refuse_remote(path: Path) -> None:
    """Keras would fetch `hf://` and other addresses; nothing here does."""
    if ":/" in str(path) or str(path).startswith(("hf:", "kaggle:")):
        raise UnreadableModel(f"Only local files are read; download the model first. Received: model={path}")


@contextmanager
def opened(path: Path, limit: int = MAX_FILE) -> Iterator[BinaryIO]:
    """A regular file of sane size, open for reading; it is one and the same file until the end.

    Raises:
        UnreadableModel: it is missing, no regular file, too large, mostly a hole, not permitted, or was
            written to meanwhile.
    """
    try:
        if path.exists() and not path.is_file():  # before it is opened: a pipe would wait for its other end
            raise UnreadableModel(f"This is not a file. Received: model={path}")
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            _refuse_size(path, before, limit)
            yield file
            after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise UnreadableModel(
                    f"The file changed while it was read. Try again once it is complete. Received: model={path}"
                )
    except FileNotFoundError as error:
        raise UnreadableModel(f"There is no such file. Received: model={path}") from error
    except OSError as error:
        raise UnreadableModel(f"The file cannot be read ({error.strerror}). Received: model={path}") from error


def _refuse_size(path: Path, status: os.stat_result, limit: int) -> None:
    """Refuse what is too large, also where most of it is not even stored."""
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableModel(f"This is not a file. Received: model={path}")
    if status.st_size > limit:
        raise UnreadableModel(
            f"Files above {limit >> 20} MiB are not read. Received: model={path}, {status.st_size} bytes"
        )
    stored = BLOCK * getattr(status, "st_blocks", status.st_size)
    if status.st_size > MAX_CONFIG and status.st_size > SPARSE * stored:
        raise UnreadableModel(
            f"The file is mostly a hole: {stored} bytes of it are stored. Copy or download it again. "
            f"Received: model={path}, {status.st_size} bytes"
        )


def read_file(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a regular file of sane size; see `opened`."""
    with opened(path, limit) as file:
        return file.read()


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
        assets=assets_of_folder(path, read_file),
    )


def _open_zip(path: Path, opened_file: BinaryIO) -> Archive:
    """A `.keras` archive: `config.json`, `metadata.json`, `model.weights.h5`, and nothing unpacked to disk."""
    try:
        refuse_long_directory(opened_file, path)
        with zipfile.ZipFile(opened_file) as file:
            members = members_of(file, path)
            config = read_member(file, members, "config.json", path, limit=MAX_JSON)
            metadata = read_member(file, members, "metadata.json", path, limit=MAX_JSON, optional=True)
            weights = read_member(file, members, "model.weights.h5", path, limit=MAX_FILE)
            assets = stored_assets(file, members, path)
    except DAMAGED as error:
        raise UnreadableModel(
            f"The archive is damaged or was cut short ({error}). {SAVE_AGAIN} Received: model={path}"
        ) from error
    return _keras_archive(path, "keras", config=config, metadata=metadata, weights=weights, assets=assets)


def _keras_archive(
    path: Path, kind: str, *, config: bytes, metadata: bytes, weights: bytes, assets: Mapping[str, bytes]
) -> Archive:
    """The parts of a Keras 3 archive, however they were packed."""
    model = mapping(parse_json(config, path))
    saved_by = mapping(parse_json(metadata, path)) if metadata else {}
    return Archive(
        path=path,
        format=kind,
        keras_version=text(saved_by.get("keras_version")),
        model=model,
        compiled=mapping(model.get("compile_config")),
        weights=read_weight_file(weights, str(path)),
        assets=assets,
    )


def parse_json(content: bytes | str, path: Path) -> Json:
    """JSON from a file that nobody vouches for.

    Raises:
        UnreadableModel: it is no JSON, longer than that of any model, or nests deeper.
    """
    if len(content) > MAX_JSON:
        raise UnreadableModel(
            f"Configurations above {MAX_JSON >> 20} MiB are not read. Received: model={path}, {len(content)} bytes"
        )
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
