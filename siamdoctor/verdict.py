"""From an accuracy and the ranked causes to one word and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from siamdoctor.results import Accuracy, Attainable, Cause, CheckResult, Level, Verdict
from siamdoctor.stats.resampling import accuracy_interval
from siamdoctor.stats.roc import balanced_accuracy

if TYPE_CHECKING:
    from siamdoctor.case import Case

NEAR_CHANCE = 0.05
WEAK = 0.7  # accuracy below which nobody is told that the model works
UNDERPOWERED = "underpowered-evaluation"


def verdict(accuracy: Accuracy | None, causes: Sequence[Cause], results: Sequence[CheckResult]) -> Verdict:
    """The contract's four words.

    A cause that needs no statistics (NaN weights) decides even where the pairs are too few to.
    """
    alarming = [c for c in causes if c.level is not Level.POSSIBLE and c.id != UNDERPOWERED]
    if accuracy is None or not any(r.status in {"found", "clear"} for r in results):
        return "impaired" if alarming else "inconclusive"
    if accuracy.high <= accuracy.chance + NEAR_CHANCE:
        return "chance"
    if accuracy.low > accuracy.chance:
        return "impaired" if alarming else "healthy"
    return "impaired" if alarming else "inconclusive"


def attainable(case: Case) -> Attainable | None:
    """The best accuracy measured after any remedy that was tried, or as deployed where none is better.

    For each half of the pairs the remedy is picked by its accuracy on the other half, so that the best of
    several trials is not best by luck.
    """
    if "accuracy" not in case.__dict__ and "accuracy" not in case.mended.__dict__:
        return None
    same, half = case.pairs.same, case.pairs.half
    options = {"as deployed": case.deployed.as_deployed} | {o.by: o.decided for o in case.outcomes}
    if case.mended is not case:
        options |= {f"sigmoid for softmax, and {o.by}": o.decided for o in case.mended.outcomes}
    decided = case.deployed.as_deployed.copy()
    overall = {name: balanced_accuracy(d, same) for name, d in options.items()}
    for this in (0, 1):
        there = half != this
        best = max(options, key=lambda name: balanced_accuracy(options[name][there], same[there]))
        decided[half == this] = options[best][half == this]
    measured = accuracy_interval(decided, case.dyads)
    winner = max(overall, key=overall.__getitem__)
    return Attainable(value=measured.value, low=measured.low, high=measured.high, by=winner)


def headline(judged: Verdict, accuracy: Accuracy | None, best: Attainable | None, causes: Sequence[Cause]) -> str:
    """One sentence that a tired person understands."""
    if accuracy is None:
        return "The accuracy could not be measured; see the skipped checks for what is missing."
    shown = f"{100 * accuracy.value:.0f} %"
    first = next((c for c in causes if c.level is not Level.POSSIBLE), None)
    if judged == "inconclusive":
        return f"Cannot tell: {shown} on {accuracy.identities} identities may be chance or not; more data is needed."
    if judged == "healthy" and accuracy.value < WEAK:
        look = f" Look first at: {causes[0].title[0].lower()}{causes[0].title[1:]}." if causes else ""
        return f"The model is weak, {shown}, but above chance, and nothing found is worth failing a build.{look}"
    if judged == "healthy":
        return f"The model works: {shown} of the pairs are told apart, and nothing found is worth failing a build."
    if first is None:
        return f"The model is at {shown}, near chance, and no check found why; see what was skipped."
    gain = ""
    if first.recovers is not None and best is not None:
        gain = f" Fixing it is measured to bring about {first.recovers.points:+.0f} points."
    return f"The model is at {shown} most likely because of this: {first.title[0].lower()}{first.title[1:]}.{gain}"
