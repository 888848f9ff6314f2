"""Class folders of text files: one folder per class, a file per text."""

from __future__ import annotations

import stat
from pathlib import Path, PurePosixPath

import numpy as np

from siamdoctor.data.folder_walk import FolderTree
from siamdoctor.data.samples import Samples
from siamdoctor.data.splits import Chosen
from siamdoctor.data.text_samples import LONGEST_TEXT, MOST_LETTERS, text_samples
from siamdoctor.errors import UnreadableData


def read_text_folders(tree: FolderTree, chosen: Chosen) -> Samples:
    """Texts in class folders; the class is the folder, named by its path below the split.

    Raises:
        UnreadableData: fewer than two classes, one text per class, or more text than is read.
    """
    folders = [f for f in chosen.folders if len(f.parts) > chosen.depth]
    loose = sum(len(f.files) for f in chosen.folders) - sum(len(f.files) for f in folders)
    owners = [str(PurePosixPath(*f.parts[chosen.depth :])) for f in folders]
    identity_names = tuple(sorted(set(owners)))
    place = {name: k for k, name in enumerate(identity_names)}
    identity = np.repeat([place[o] for o in owners], [len(f.files) for f in folders]).astype(np.int64)
    if len(identity_names) < 2 or np.bincount(identity).max() < 2:  # noqa: PLR2004  (two sides of a pair)
        raise UnreadableData(
            "Pairs of texts need two class folders and two texts in one of them. "
            f"Received: data={tree.root}, classes={len(identity_names)}, texts={identity.size}, texts outside={loose}. "
            "Put the texts of each class into a folder of its own: data/<class>/*.txt"
        )
    names = tuple(p for f in folders for p in f.paths())
    texts, failed = _contents(tree.root, names)
    said = (f"{loose} texts outside any class folder are left out",) if loose else ()
    return text_samples(
        texts,
        tree.root,
        identity=identity,
        identity_names=identity_names,
        layout="class folders of texts",
        names=names,
        assumed=(*chosen.assumed, *said),
        failed=failed,
    )


def _contents(root: Path, names: tuple[str, ...]) -> tuple[list[tuple[str]], dict[int, str]]:
    """The texts, and why some could not be read."""
    texts: list[tuple[str]] = []
    failed: dict[int, str] = {}
    letters = 0
    for number, name in enumerate(names):
        text = ""
        try:
            status = (root / name).stat()
            if not stat.S_ISREG(status.st_mode):  # a pipe would wait for its other end
                failed[number] = "it is no file"
            elif status.st_size > LONGEST_TEXT:
                failed[number] = f"it has more than {LONGEST_TEXT} bytes"
            else:
                text = (root / name).read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            failed[number] = "it is not UTF-8 text"
        except OSError as error:
            failed[number] = f"it cannot be read ({error.strerror})"
        texts.append((text,))
        letters += len(text)
        if letters > MOST_LETTERS:
            raise UnreadableData(
                f"The texts have more than {MOST_LETTERS} letters. Received: data={root}. Give a part of them; a few "
                "thousand are enough for a diagnosis."
            )
    return texts, failed
