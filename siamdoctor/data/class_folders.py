"""Class folders: one folder per identity, flat or nested, with or without train/, val/ and test/ above."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np

from siamdoctor.data.folder_walk import FolderTree
from siamdoctor.data.image_files import ImageFiles
from siamdoctor.data.image_samples import image_samples
from siamdoctor.data.samples import IndexArray, Samples
from siamdoctor.data.splits import Chosen
from siamdoctor.errors import UnreadableData


def read_class_folders(tree: FolderTree, chosen: Chosen) -> Samples:
    """Images in class folders; the identity is the deepest folder, named by its path below the split.

    Raises:
        UnreadableData: no images, images but no class folders, one class only, or one image per class.
    """
    folders = [f for f in chosen.folders if len(f.parts) > chosen.depth]
    loose = sum(len(f.files) for f in chosen.folders) - sum(len(f.files) for f in folders)
    owners = [str(PurePosixPath(*f.parts[chosen.depth :])) for f in folders]
    identity_names = tuple(sorted(set(owners)))
    place = {name: k for k, name in enumerate(identity_names)}
    identity = np.repeat([place[o] for o in owners], [len(f.files) for f in folders]).astype(np.int64)
    _demand_classes(tree, identity_names, identity, loose)
    assumed = chosen.assumed
    if loose:
        assumed = (*assumed, f"{loose} images outside any class folder are left out")
    return image_samples(
        ImageFiles(tree.root, [p for f in folders for p in f.paths()], tree.unreadable),
        tree.root,
        identity=identity,
        identity_names=identity_names,
        names=tuple(p for f in folders for p in f.paths()),
        layout="class folders",
        assumed=assumed,
    )


def _demand_classes(tree: FolderTree, identity_names: tuple[str, ...], identity: IndexArray, loose: int) -> None:
    """Refuse folders that no pairs can be drawn from, saying what was found."""
    received = f"Received: data={tree.root}"
    if not identity_names and loose:
        raise UnreadableData(
            f"The images lie in no class folders. {received}, images={loose}. "
            "Put the images of each identity into a folder of its own: data/<identity>/*.png"
        )
    if not identity_names:
        raise UnreadableData(
            f"No images were found (PNG, JPEG, BMP, PGM, GIF, WEBP or TIFF). {received}, "
            f"other files={tree.others}. Expected data/<identity>/*.png or *.txt, an .npz with x and y, or a pair list."
        )
    if len(identity_names) == 1:
        raise UnreadableData(
            f"There is only one class folder with images, and different-class pairs need two. "
            f"{received}, class={identity_names[0]}, images={identity.size}"
        )
    if np.bincount(identity).max() < 2:  # noqa: PLR2004  (two sides of a same-class pair)
        raise UnreadableData(
            f"Each class folder holds one image only, and same-class pairs need two. "
            f"{received}, classes={len(identity_names)}, images={identity.size}"
        )
