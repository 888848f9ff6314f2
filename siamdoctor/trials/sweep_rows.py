"""The samples of a sweep: which may train and which may judge, under common identity numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siamdoctor.data.samples import FloatArray, IndexArray
from siamdoctor.errors import Unavailable

if TYPE_CHECKING:
    from siamdoctor.case import Case

FEWEST_IDENTITIES = 4  # two folds of two identities: fewer, and folds are of samples
FEW_IDENTITIES = 20  # below it, training and evaluation of the same identities hold out samples
SHARED = 0.9  # of the evaluation's identities that train as well: then it is the same set of them
LARGEST = 3000  # samples that train, and as many that judge, so that memory and time stay bounded
LARGEST_BYTES = 256 * 1024 * 1024  # that these samples may fill as float32
FEWEST_SAMPLES = 200  # however large they are


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Samples before they are dealt: `trains` may train, `judges` may judge.

    closed: the judging samples are fresh samples of the few identities that train.
    """

    inputs: FloatArray
    pixels: FloatArray | None
    identity: IndexArray
    trains: NDArray[np.bool_]
    judges: NDArray[np.bool_]
    closed: bool

    @property
    def judging(self) -> IndexArray:
        """The identities that judge."""
        return np.unique(self.identity[self.judges])

    @property
    def by_identity(self) -> bool:
        """Whether identities, and not samples, are held out."""
        return self.judging.size >= FEWEST_IDENTITIES and not self.closed


def gather_rows(case: Case, rng: np.random.Generator, *, pixels: bool = False) -> Rows:
    """Evaluation samples, and training samples where they are known, under common identity numbers.

    With `pixels` also as they are stored, for who augments them.
    """
    parts = [(case, True)]
    training = _training(case)
    if training is not None:
        parts.append((training, False))
    fitting = LARGEST_BYTES // max(1, 4 * int(np.prod(case.sample_shape)))
    most = int(np.clip(fitting, FEWEST_SAMPLES, LARGEST))
    taken = [_evenly(part.identity, most, rng) for part, _ in parts]
    names = [
        [part.samples.identity_names[i] for i in part.identity[rows]]
        for (part, _), rows in zip(parts, taken, strict=True)
    ]
    _, identity = np.unique(np.concatenate([np.asarray(n) for n in names]), return_inverse=True)
    judges = np.concatenate([np.full(rows.size, judge) for (_, judge), rows in zip(parts, taken, strict=True)])
    identity = identity.astype(np.int64)
    trains = ~judges if training is not None else judges.copy()
    known = np.unique(identity[judges])
    shared = np.isin(known, identity[trains]).mean() if training is not None else 0.0
    return Rows(
        inputs=_joined([part.inputs for part, _ in parts], taken),
        pixels=_joined([part.pixels for part, _ in parts], taken) if pixels else None,
        identity=identity,
        trains=trains,
        judges=judges,
        closed=bool(shared >= SHARED and known.size < FEW_IDENTITIES),
    )


def _joined(arrays: list[FloatArray], taken: list[IndexArray]) -> FloatArray:
    """The rows taken of each, one after another; no copy where it is one array and all of it."""
    if len(arrays) == 1 and taken[0].size == len(arrays[0]):
        return arrays[0]
    return np.concatenate([array[rows] for array, rows in zip(arrays, taken, strict=True)])


def _training(case: Case) -> Case | None:
    """The case's training data, if these are known and say who is who."""
    try:
        training = case.training
        return training if training.samples.identity_known and len(training.pixels) else None
    except Unavailable:
        return None


def _evenly(identity: IndexArray, most: int, rng: np.random.Generator) -> IndexArray:
    """(k,) rows, at most `most`, taken from all identities in turn."""
    if identity.size <= most:
        return np.arange(identity.size)
    shuffled = rng.permutation(identity.size)
    order = shuffled[np.argsort(identity[shuffled], kind="stable")]
    _, starts, sizes = np.unique(identity[order], return_index=True, return_counts=True)
    turn = np.empty(identity.size, dtype=np.int64)
    turn[order] = np.arange(identity.size) - np.repeat(starts, sizes)
    return np.sort(np.lexsort((rng.random(identity.size), turn))[:most])
