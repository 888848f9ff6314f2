"""What is known of one training, and the form in which siamdoctor.yaml takes it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from siamdoctor.callbacks.losses import LossFacts
from siamdoctor.callbacks.objections import label_of_same
from siamdoctor.callbacks.pair_statistics import Fed
from siamdoctor.callbacks.sources import SourceFacts
from siamdoctor.results import Json
from siamdoctor.settings import LossName

EIGHT_BIT, UNIT = 255, 1.0  # largest values as stored in pictures, and as they are after the usual scaling


@dataclass(slots=True, kw_only=True)
class Record:
    """Facts given by the user, and beside them those found out; what the user gave outranks.

    checkpoint: the model's file or its folder. found: what the source shows. loss_facts: what the loss shows.
    """

    checkpoint: Path
    loss: LossName | None = None
    same_label: Literal[0, 1] | None = None
    margin: float | None = None
    rescale: float | None = None
    augmentation: Json = None
    validation: Path | None = None
    train: Path | None = None
    history: Path | None = None
    fed: Fed | None = None
    loss_facts: LossFacts = field(default_factory=lambda: LossFacts(name=None, kind=None))
    source: SourceFacts = field(default_factory=SourceFacts)
    margin_from: str | None = None

    @property
    def folder(self) -> Path:
        """Where the files are written: the checkpoint's folder."""
        return self.checkpoint.parent if self.checkpoint.suffix else self.checkpoint

    def learn(self, loss: LossFacts, source: SourceFacts, of_model: object) -> None:
        """Take in what the loss and the source show.

        Args:
            loss: from `examine_loss`.
            source: from `examine_source`.
            of_model: the model's own `margin`, as models with a training step of their own have it, or None.
        """
        self.loss_facts, self.source = loss, source
        self.loss = self.loss or loss.kind
        if self.margin is not None:
            return
        if loss.margin is not None:
            self.margin, self.margin_from = loss.margin.value, loss.margin.place
        elif isinstance(of_model, int | float) and not isinstance(of_model, bool) and of_model >= 0:
            self.margin, self.margin_from = float(of_model), "the model's attribute margin"

    def facts(self) -> dict[str, dict[str, Json]]:
        """The sections and keys of siamdoctor.yaml that are known, paths relative to its folder."""
        literal = self.checkpoint.suffix and "{" not in self.checkpoint.name
        sections: dict[str, dict[str, Json]] = {
            "model": {"path": self.checkpoint.name if literal else None},
            "data": {
                "path": self._relative(self.validation),
                "train": self._relative(self.train or self.source.folder),
                "rescale": self._rescale(),
            },
            "training": {
                "loss": self.loss,
                "margin": self.margin,
                "same_label": self._same_label(),
                "history": self._relative(self.history),
                "augmentation": self.augmentation if self.augmentation is not None else self.source.augmentation,
                "fed": self._fed(),
            },
        }
        known: dict[str, dict[str, Json]] = {}
        for name, keys in sections.items():
            known[name] = {key: value for key, value in keys.items() if value is not None}
        return {name: keys for name, keys in known.items() if keys}

    def remarks(self) -> list[str]:
        """Where facts come from, and what could not be written as one."""
        said = []
        if self.loss_facts.name is not None:
            said.append(f"The loss is called {self.loss_facts.name}.")
        if self.margin_from is not None:
            said.append(f"The margin is from {self.margin_from}.")
        if self.same_label is None and self._same_label() is not None:
            seen = self.fed is not None and self.fed.identical_label is not None
            said.append(
                "That same_label is so was seen from pairs of one image twice."
                if seen
                else "That same_label is so follows from the loss, if the labels follow it."
            )
        if self.fed is not None and self._rescale() is None:
            said.append(f"Values between {self.fed.low:g} and {self.fed.high:g} went into the model.")
        return [*said, *(f"Not written below: {what}." for what in self.source.missed)]

    def _same_label(self) -> Literal[0, 1] | None:
        return label_of_same(self.same_label, self.fed, self.loss_facts) if self.loss != "triplet" else None

    def _rescale(self) -> float | None:
        """As given or seen; whole numbers beyond 1 that reach no further than 255 are pixels as they are stored."""
        if self.rescale is not None or self.source.rescale is not None:
            return self.rescale if self.rescale is not None else self.source.rescale
        fed = self.fed
        pixels = fed is not None and fed.whole and fed.low >= 0 and 2 * UNIT < fed.high <= EIGHT_BIT
        return 1.0 if pixels else None

    def _fed(self) -> Json:
        """The statistics of the pairs."""
        fed, same = self.fed, self._same_label()
        if fed is None:
            return None
        shares = {
            "positives": None if fed.ones is None or same is None else fed.ones if same else 1 - fed.ones,
            "identical": fed.identical,
            "repeated": fed.repeated,
            "low": fed.low,
            "high": fed.high,
        }
        return {"pairs": fed.pairs, **{name: round(share, 4) for name, share in shares.items() if share is not None}}

    def _relative(self, path: Path | None) -> str | None:
        """A path as it is written into a file of this folder."""
        if path is None:
            return None
        try:
            return Path(os.path.relpath(path.absolute(), self.folder.absolute())).as_posix()
        except ValueError:  # on another drive
            return path.absolute().as_posix()
