"""Texts become numbers: by the model's own layer, by a vocabulary that the user names, or not at all."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.data.samples import FloatArray, IndexArray, Samples
from siamdoctor.errors import UnreadableData, UnreadableModel
from siamdoctor.models.text_layers import TextLayer
from siamdoctor.text_readings import Reading, known_numbers, reading_of

if TYPE_CHECKING:
    from siamdoctor.models.blueprint import Blueprint
    from siamdoctor.settings import Settings

LONGEST = 4096  # numbers of a text where the model does not say how many
MOST_NUMBERS = 1 << 28  # of all texts that are read: a gigabyte
MEASURED = 5000  # texts whose length is looked at


def as_tokens(samples: Samples, blueprint: Blueprint, settings: Settings) -> Samples:
    """Samples of text as samples of numbers; numbers of words are checked on reading, and all others kept.

    Raises:
        UnreadableData: nothing says which numbers the words have, or they are not those of this model.
    """
    if samples.kind == "tokens":
        return _checked(samples, known_numbers(blueprint))
    if samples.kind != "text" or samples.text is None:
        return samples
    if blueprint.parts is None or blueprint.parts.refusals:
        reasons = " ".join([*blueprint.unreadable, *blueprint.advice]) or (
            "Texts are not given to a model of this form. Give arrays of the numbers that your program makes of them."
        )
        raise UnreadableModel(f"{reasons} Received: model={blueprint.path}, data={samples.path}")
    shape = () if blueprint.encoder is None else blueprint.encoder.input_shape
    if blueprint.encoder is None or len(shape) > 1:
        raise UnreadableData(
            f"The data are texts, and this model takes numbers of another kind. Received: data={samples.path}, "
            f"model={blueprint.path}, input={shape}"
        )
    reading = reading_of(samples, blueprint, settings)
    _demand_pieces(samples, blueprint.text, shape)
    length, said = (shape[0], ()) if shape and shape[0] is not None else _longest(samples, reading)
    loader = _Loader(samples, reading, known_numbers(blueprint))
    return dataclasses.replace(
        samples,
        kind="arrays" if blueprint.text is not None and blueprint.text.counts else "tokens",
        load=loader.load,
        unreadable=samples.unreadable,
        assumed=(*samples.assumed, *reading.said, *said),
        sample_shape=(length,) if shape else (),
    )


def _demand_pieces(samples: Samples, layer: TextLayer | None, shape: tuple[int | None, ...]) -> None:
    """Refuse sentences where the model's layer takes single words, which would become one unknown word each."""
    if samples.text is None or layer is None or layer.splits or layer.counts or not shape or shape[0] is None:
        return
    pieces = len(samples.text(0))
    if pieces != shape[0]:
        raise UnreadableData(
            f"Layer {layer.name!r} takes {shape[0]} words of a text, one by one, and these data have {pieces}. "
            f"Received: data={samples.path}. Give an array of words: (texts, {shape[0]})."
        )


class _Loader:
    """Reads texts as rows of numbers, filled up or cut to one length."""

    def __init__(self, samples: Samples, reading: Reading, known: int | None) -> None:
        self.samples, self.reading, self.known = samples, reading, known
        self.failed = {s.name for s in samples.unreadable()}

    def load(self, indices: IndexArray, shape: tuple[int, ...]) -> FloatArray:
        """(k, *shape) numbers of words; NaN for a text that could not be read. See `Samples.load`."""
        assert self.samples.text is not None, "only texts are loaded here"
        length = shape[0] if shape else 1
        if len(indices) * length > MOST_NUMBERS:
            raise UnreadableData(
                f"Texts of {length} numbers are too long for {len(indices)} samples. Received: "
                f"data={self.samples.path}. Fewer --pairs need fewer texts."
            )
        chosen = np.asarray(indices).tolist()
        sound = [k for k, index in enumerate(chosen) if self.samples.names[index] not in self.failed]
        rows = self.reading.read([self.samples.text(chosen[k]) for k in sound])
        values = np.zeros((len(chosen), length), np.float32)
        values[np.setdiff1d(np.arange(len(chosen)), sound)] = np.nan
        for k, row in zip(sound, rows, strict=True):
            cut = row[-length:] if self.reading.cuts_front else row[:length]
            start = length - cut.size if self.reading.fills_front else 0
            values[k, start : start + cut.size] = cut
        _demand_known(max((int(row.max(initial=0)) for row in rows), default=0), self.known, self.samples)
        values = values.reshape(len(chosen), *shape)
        values.setflags(write=False)
        return values


def _checked(samples: Samples, known: int | None) -> Samples:
    """Numbers that the user brought, held against the model when they are read."""

    def load(indices: IndexArray, shape: tuple[int, ...]) -> FloatArray:
        values = samples.load(indices, shape)
        _demand_known(float(np.nanmax(values, initial=0)), known, samples)
        return values

    return dataclasses.replace(samples, load=load)


def _demand_known(highest: float, known: int | None, samples: Samples) -> None:
    """Refuse numbers that the model has no vector for; it would fail on them, or make them up."""
    if known is not None and highest >= known:
        raise UnreadableData(
            f"Words have numbers up to {highest:.0f}, and the model's Embedding has {known} rows: they are those of "
            f"another model's vocabulary. Received: data={samples.path}"
        )


def _longest(samples: Samples, reading: Reading) -> tuple[int, tuple[str, ...]]:
    """How many numbers the longest text has, where the model takes any number of them."""
    assert samples.text is not None, "only texts are measured here"
    chosen = np.unique(np.linspace(0, len(samples) - 1, MEASURED).astype(np.int64)).tolist()
    longest = max((row.size for row in reading.read([samples.text(k) for k in chosen])), default=1)
    length = min(max(longest, 1), LONGEST)
    return length, (f"texts are filled up with zeros to {length} numbers, since the model takes any number of them",)
