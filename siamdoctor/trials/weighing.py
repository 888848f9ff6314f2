"""What a trial that trained says about each cause: a line of evidence, and what changes in the ranking. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from siamdoctor.results import CheckResult, Evidence, Measurement, Trial
from siamdoctor.trials.differential import CLEARLY, SOUND, WORDS, Differential

if TYPE_CHECKING:
    from siamdoctor.registry import Check
    from siamdoctor.trials.handful import Handful
    from siamdoctor.trials.treatments import Comparison

WORTHWHILE = 5.0  # points
# A sound replay must beat the saved embedding's AUC by this much, and be wrong this much less often, before a
# fault is blamed: a weak model on hard data is not a faulty one.
HIGHER, FEWER = 0.05, 0.6
# Certainty of the fault that a differential settles on, of the first and the other rivals, and of one ruled out.
BLAMED, FIRST, RIVAL, SHOWN = 0.8, 0.55, 0.45, 0.3
RULED_OUT = 100.0  # times less likely than the best replay
HALVED = 0.5
# Retraining shows what these cost if they are there; that they are there is for other evidence to say.
HYPOTHETICAL = frozenset({"inverted-labels", "misaligned-labels"})
DATA, ABOUT_THE_HEAD = "data", frozenset({"loss-head-mismatch", "single-unit-softmax", "inexpressive-head"})
FIXES: Mapping[str, str] = {
    "inverted-labels": "Make the labels follow the loss, and train again:\n"
    "    y = (class_left == class_right).astype('float32')   # for y*d**2 + (1-y)*max(m-d, 0)**2",
    "misaligned-labels": "Build label and pair in one step, or shuffle both by one permutation, and train again.",
    "margin-too-small": "Train with a larger margin; `siamdoctor sweep-margin` finds one.",
    "margin-too-large": "Train with a smaller margin; `siamdoctor sweep-margin` finds one.",
    "collapsed-embedding": "Train again with a lower learning rate.",
    "undertrained": "Train longer.",
    "untrained-encoder": "Train the encoder, or load its weights.",
    "loss-head-mismatch": "Train a distance with contrastive loss, or put a sigmoid in front of cross-entropy.",
}


def of_handful(found: Handful) -> Trial:
    """The eight pairs as a statement."""
    rows = [
        Measurement(name="accuracy on the eight pairs", value=found.accuracy, expected="1"),
        Measurement(name="farthest same-class pair", value=found.same_distance, expected="below the next / 2"),
        Measurement(name="nearest different-class pair", value=found.different_distance, expected="above that"),
    ]
    if found.through_head is not None:
        rows.append(Measurement(name="accuracy through the model's own head", value=found.through_head, expected="1"))
    return Trial(id="handful", statement=found.sentence, measurements=tuple(rows))


def after_failed_handful(result: CheckResult, found: Handful, checks: Mapping[str, Check]) -> CheckResult:
    """No data could help a network that cannot learn eight pairs: what blames the data loses half its weight.

    A fault of the head is as good as seen where the encoder learns and the whole model does not.
    """
    evidence = result.evidence
    if evidence is None or result.status != "found" or evidence.proof or evidence.recovers is not None:
        return result
    if result.id in checks and checks[result.id].family == DATA:
        return _with(result, certainty=HALVED * evidence.certainty)
    if found.learned and result.id in ABOUT_THE_HEAD:
        row = Measurement(
            name="accuracy on eight pairs through the model's own head", value=found.through_head or 0.0, expected="1"
        )
        return _with(result, certainty=max(BLAMED, evidence.certainty), row=row)
    return result


def matters(found: Differential) -> bool:
    """Whether all was replayed, and a sound training of this encoder would do clearly better than the saved one."""
    if found.partial:
        return False
    sound = next((r for r in found.replays if r.cause == SOUND), None)
    return sound is not None and sound.auc - found.auc >= HIGHER and 1 - sound.auc <= FEWER * (1 - found.auc)


def of_differential(found: Differential, fact: str) -> Trial:
    """The replays as a statement. fact: the line of siamdoctor.yaml that would settle it, or empty."""
    named = [WORDS[cause] for cause in found.rivals]
    if found.partial:
        statement = f"Of the {len(found.replays)} trainings replayed so far, {' and '.join(named)} ends most alike."
    elif found.settled is not None:
        statement = f"Of {len(found.replays)} trainings replayed, only {named[0]} ends like the saved embedding."
    else:
        told = f" What would settle it: {fact}" if fact else ""
        statement = f"These replays end too much alike to be told apart: {', '.join(named)}.{told}"
    if found.settled == SOUND:
        statement = "The saved embedding looks like that of a sound training; no replayed fault ends like it."
    rows = tuple(
        Measurement(
            name=f"likelihood of {r.words} beside the likeliest", value=1 / r.times, expected=f"AUC {r.auc:.2f}"
        )
        for r in found.replays
    )
    return Trial(
        id="differential",
        statement=statement,
        causes=tuple(cause for cause in found.rivals if cause != SOUND),
        measurements=rows,
    )


def of_no_replay(why: str) -> Trial:
    """That no training was replayed."""
    return Trial(id="differential", statement=f"No training was replayed: {why}.")


def unmeasured(result: CheckResult, why: str) -> CheckResult:
    """The result, saying why retraining did not measure what its remedy recovers."""
    return dataclasses.replace(result, reason=f"retraining did not measure what its remedy recovers: {why}")


def after_differential(result: CheckResult, found: Differential) -> CheckResult:
    """The likeliest fault is blamed, with its rivals if there are any; what ends quite differently steps back.

    Nothing is blamed where a sound training ends as the saved embedding does, or would do no better, and proofs
    and measurements stand.
    """
    replay = next((r for r in found.replays if r.cause == result.id), None)
    evidence = result.evidence
    if replay is None or (evidence is not None and (evidence.proof or evidence.recovers is not None)):
        return result
    row = Measurement(
        name="likelihood of its replay beside the likeliest", value=1 / replay.times, expected=f"below {1 / CLEARLY:g}"
    )
    if result.id in found.rivals and SOUND not in found.rivals and matters(found):
        return _blamed(result, row, found)
    if evidence is None or result.status != "found":
        return result
    ruled_out = replay.times > RULED_OUT and found.rivals[0] != SOUND and matters(found)
    return _with(result, certainty=min(SHOWN, evidence.certainty) if ruled_out else evidence.certainty, row=row)


def _blamed(result: CheckResult, row: Measurement, found: Differential) -> CheckResult:
    """The check as found, whatever it saw by itself."""
    certainty, said = _accusation(result.id, found)
    before = result.evidence
    if before is None or result.status != "found":
        sound = next(r for r in found.replays if r.cause == SOUND)
        better = Measurement(
            name="AUC of a sound replay", value=sound.auc, expected=f"near the model's {found.auc:.2f}"
        )
        rows = (*(before.measurements if before is not None else ()), row, better)
        evidence = Evidence(certainty=certainty, summary=said, fix=FIXES[result.id], measurements=rows)
        return dataclasses.replace(result, status="found", evidence=evidence, reason=None)
    changed = _with(result, certainty=max(certainty, before.certainty), row=row)
    assert changed.evidence is not None
    return dataclasses.replace(
        changed, evidence=dataclasses.replace(changed.evidence, summary=f"{before.summary} {said}")
    )


def _accusation(cause: str, found: Differential) -> tuple[float, str]:
    """How sure it is that it was this one, and why."""
    ends = f"A short training with {WORDS[cause]} ends like the saved embedding"
    if found.settled == cause:
        return BLAMED, f"{ends}, and none of the other replays does."
    others = " or ".join(WORDS[rival] for rival in found.rivals if rival != cause)
    if cause == found.rivals[0]:
        return max(FIRST, BLAMED * found.shares[cause]), f"{ends}, and so, less likely, does one with {others}."
    return RIVAL, f"{ends}, and so does one with {others}."


def of_retraining(cause: str, compared: Comparison) -> Trial:
    """A remedy's recovery as a statement."""
    gained = compared.recovers
    aside = f" Its head took no part: {compared.without_head}." if compared.without_head is not None else ""
    return Trial(
        id="retraining",
        statement=(
            f"Retrained with {compared.remedy}, the encoder gains {gained.points:.0f} points "
            f"[{gained.low:.0f}, {gained.high:.0f}] on {compared.held_out} over the same training without it.{aside}"
        ),
        causes=(cause,),
        measurements=(_gained(compared),),
    )


def after_retraining(result: CheckResult, compared: Comparison, *, settled: str | None) -> CheckResult:
    """A line of evidence more, and the recovery where it settles something.

    A measurement that is neither certainly above zero nor certainly below five points changes no rank: a short
    training on few identities must not acquit a cause. Where the fault itself was only supposed, what it would
    cost is at stake and not yet recovered, unless the differential settled on it.
    """
    if result.evidence is None:
        return result
    gained = compared.recovers
    changed = _with(result, certainty=result.evidence.certainty, row=_gained(compared))
    assert changed.evidence is not None
    if not (gained.low > 0 or gained.high < WORTHWHILE):
        return changed
    if result.id in HYPOTHETICAL and settled != result.id:
        evidence = dataclasses.replace(changed.evidence, at_stake=max(0.0, gained.points))
    else:
        evidence = dataclasses.replace(changed.evidence, recovers=gained)
    return dataclasses.replace(changed, evidence=evidence)


def _gained(compared: Comparison) -> Measurement:
    gained = compared.recovers
    return Measurement(
        name=f"points gained on {compared.held_out} by retraining with: {compared.remedy}",
        value=gained.points,
        low=gained.low,
        high=gained.high,
        expected=f"below {WORTHWHILE:g}",
    )


def _with(result: CheckResult, *, certainty: float, row: Measurement | None = None) -> CheckResult:
    """The result with another certainty, and a line of evidence more."""
    assert result.evidence is not None
    rows = result.evidence.measurements if row is None else (*result.evidence.measurements, row)
    evidence = dataclasses.replace(result.evidence, certainty=certainty, measurements=rows)
    return dataclasses.replace(result, evidence=evidence)
