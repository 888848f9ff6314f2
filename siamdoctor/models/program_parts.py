"""What the runtime needs of a SavedModel's program: where sides begin and end in it, by the names of tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Where a side begins: at an input, by its place among the arguments, or at tensors that cut one apart."""

    position: int | None
    tensors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """A BatchNorm: the tensor that it normalises, and the constants of the frozen program by which it does."""

    reads: str
    mean: str
    variance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where to cut the program apart.

    begins: of the sides, one for an encoder alone. ends: where the embeddings are, for each side; a program may compute
    one and the same several times. output: of the comparison, None where there is none. logits: what a softmax at the
    end of it reads, None without one. same_input: number of the side that the comparison reads twice. differ: the
    sides do not compute the same. norms: of each side, in order of computation, None where they are not all known.
    """

    begins: tuple[Begin, ...]
    ends: tuple[tuple[str, ...], ...]
    output: str | None
    logits: str | None
    same_input: int | None
    differ: bool
    norms: tuple[tuple[Norm, ...] | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramParts:
    """A SavedModel that can only be used by running it.

    version: of the TensorFlow that wrote it. signature: the one to call; signatures: all, in words. operations: how
    often each kind occurs in it, the commonest first. of_note: those that reach beyond the program. trusted: the user
    said to run it. cut: None where the towers were not found. widest: numbers that one sample becomes anywhere in it.
    """

    folder: Path
    version: str
    signature: str
    signatures: tuple[str, ...]
    operations: tuple[tuple[str, int], ...]
    of_note: tuple[str, ...]
    trusted: bool
    cut: Cut | None
    widest: int
