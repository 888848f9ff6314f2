"""Image files with their identities, as samples."""

from __future__ import annotations

from pathlib import Path

from siamdoctor.data.image_files import ImageFiles
from siamdoctor.data.samples import GivenPairs, IndexArray, Samples


def image_samples(
    files: ImageFiles,
    path: Path,
    *,
    identity: IndexArray,
    identity_names: tuple[str, ...],
    names: tuple[str, ...],
    layout: str,
    pairs: GivenPairs | None = None,
    assumed: tuple[str, ...] = (),
    identity_known: bool = True,
) -> Samples:
    """Image files as samples."""
    identity.setflags(write=False)
    return Samples(
        path=path,
        format=layout,
        kind="images",
        names=names,
        identity=identity,
        identity_names=identity_names,
        stored_scale=files.stored_scale(),
        load=files.load,
        digest=files.digest,
        thumbnail=files.thumbnail,
        unreadable=files.unreadable,
        pairs=pairs,
        assumed=assumed,
        sample_shape=files.first_shape(),
        identity_known=identity_known,
    )
