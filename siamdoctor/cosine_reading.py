"""Whether a declared cosine threshold is a distance or a similarity: people write either, and the pairs tell which.

Read the wrong way round, a threshold that works looks like one that was never tuned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.decision import CUSTOMARY, Rule
from siamdoctor.stats.roc import balanced_accuracy

if TYPE_CHECKING:
    from siamdoctor.view import View

AS_GOOD = 0.03  # as a similarity it comes as near as this to a tuned threshold
AHEAD = 0.10  # and is better than as a distance by at least this


def may_be_either(rule: Rule) -> bool:
    """Whether the threshold of this rule could be meant as a similarity; one half means the same both ways."""
    if rule.source != "embedding" or rule.metric != "cosine" or rule.threshold is None:
        return False
    return -1 <= rule.threshold <= 1 and rule.threshold != CUSTOMARY


def as_meant(rule: Rule, view: View) -> Rule:
    """The rule, with its threshold taken as a similarity where only that fits the pairs.

    Args:
        rule: one that may be read either way.
        view: the deployed model's sight of the pairs under this rule.
    """
    assert rule.threshold is not None
    if not view.finite():
        return rule
    same = view.pairs.same
    other = 1 - rule.threshold
    distance = balanced_accuracy(view.distance < rule.threshold, same)
    similarity = balanced_accuracy(view.distance < other, same)
    tuned = balanced_accuracy(view.tuned, same)
    if similarity < tuned - AS_GOOD or similarity < distance + AHEAD:
        return rule
    said = (
        f"decision.threshold {rule.threshold:g} is a cosine similarity: so read it decides {similarity:.0%} of the "
        f"pairs rightly, as a distance only {distance:.0%}. If your code compares it with the distance (1 - cosine), "
        f"that is the fault: write {other:.3g} there and here"
    )
    kept = tuple(sentence for sentence in rule.assumed if not sentence.startswith("decision.threshold"))
    return replace(rule, threshold=other, assumed=(*kept, said))
