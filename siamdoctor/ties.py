"""Two causes that lie close together, and the trial or the fact that would settle which it is. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siamdoctor.results import Cause, CheckResult, Level, Tie

if TYPE_CHECKING:
    from siamdoctor.settings import Settings, TrainingSettings

CLOSE = 0.6  # of the first one's certainty, from which the second is a rival
DOUBTFUL = 0.2  # certainty below which nobody needs to settle anything
# Faults of training that `--thorough` replays and compares with the saved embedding (trials/differential.py).
REPLAYED = frozenset(
    {
        "inverted-labels",
        "misaligned-labels",
        "margin-too-small",
        "margin-too-large",
        "collapsed-embedding",
        "undertrained",
        "untrained-encoder",
        "loss-head-mismatch",
    }
)
MARGINS = frozenset({"margin-too-small", "margin-too-large", "easy-triplets"})
AUGMENTATION = frozenset({"insufficient-augmentation", "harmful-augmentation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fact:
    """A line of siamdoctor.yaml. known: whether it is written there already."""

    line: str
    known: bool


def tie_between(causes: Sequence[Cause], results: Sequence[CheckResult], settings: Settings) -> Tie | None:
    """What would settle the order of the first two causes, or None where it is settled.

    It is, where a measurement or a proof put one first, where one explains the other, or where the evidence
    for the second is much weaker.
    """
    standing = [c for c in causes if c.explained_by is None][:2]
    if len(standing) < 2 or any(c.level is Level.PROVEN or c.recovers is not None for c in standing):  # noqa: PLR2004
        return None
    certainty = {r.id: r.evidence.certainty for r in results if r.evidence is not None}
    first, second = (certainty.get(c.id, 0.0) for c in standing)
    if second < DOUBTFUL or second < CLOSE * first:
        return None
    pair = (standing[0].id, standing[1].id)
    command, what = _trial(pair, settings)
    fact = deciding_fact(pair, settings.training)
    told = f", or this fact in siamdoctor.yaml: {fact}" if fact else ""
    return Tie(
        causes=pair,
        sentence=f"{pair[0]} and {pair[1]} lie close together. What would settle it: {what}{told}.",
        command=command,
        fact=fact,
    )


def _trial(pair: tuple[str, str], settings: Settings) -> tuple[str, str]:
    """The command that settles it, and what it does in words."""
    model, data = settings.model.path, settings.data.path
    words = [str(path) for path in (model, data) if path is not None] if settings.source is None else []
    if set(pair) <= MARGINS:
        command = ["siamdoctor", "sweep-margin", *words, "--depth", "full"]
        return shlex.join(command), "a sweep of the margin, which trains the encoder with each"
    if set(pair) <= AUGMENTATION:
        command = ["siamdoctor", "check-augmentation", *words, "--thorough"]
        return shlex.join(command), "training with each set of transforms"
    command = ["siamdoctor", "diagnose", *words, "--thorough"]
    if set(pair) <= REPLAYED:
        return shlex.join(command), "a short replay of each fault on this encoder and these data (--thorough)"
    return shlex.join(command), "retraining with the remedy of each (--thorough)"


def _facts(training: TrainingSettings) -> Mapping[str, tuple[_Fact, ...]]:
    """What each cause would be seen by, the most telling fact first."""
    label = _Fact(line="training: {same_label: 0}  # or 1", known=training.same_label is not None)
    margin = _Fact(line="training: {margin: 1.0}  # the one you trained with", known=training.margin is not None)
    history = _Fact(line="training: {history: history.csv}", known=training.history is not None)
    loss = _Fact(line="training: {loss: contrastive}  # or what it was", known=training.loss is not None)
    return {
        "inverted-labels": (label, loss, history),
        "misaligned-labels": (history, label),
        "margin-too-small": (margin, history),
        "margin-too-large": (margin, history),
        "easy-triplets": (margin, history),
        "collapsed-embedding": (history,),
        "untrained-encoder": (history,),
        "undertrained": (history,),
        "loss-head-mismatch": (loss, history),
    }


def deciding_fact(rivals: Sequence[str], training: TrainingSettings) -> str:
    """The one undeclared fact that would tell these causes apart, or nothing."""
    for fact in (f for cause in rivals for f in _facts(training).get(cause, ())):
        if not fact.known:
            return fact.line
    return ""
