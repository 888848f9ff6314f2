"""Signs that a training has gone wrong, judged from epoch to epoch. Pure: losses and outputs in, findings out.

One epoch proves nothing: a healthy network may begin at the loss of a constant, with all its predictions on one
side. So a sign must last, nothing may get better meanwhile, and outputs that tell pairs apart overrule it. Only
what is not a number is said at once, because it never heals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from siamdoctor.callbacks.looks import HALF, Look
from siamdoctor.stats.signatures import TOLERANCE, Signature

Symptom = Literal["not a number", "dead loss", "nothing learned", "collapse", "one side", "data"]
SAME_VALUE = 1e-3  # spread of outputs over their size below which they count as one value
AT_ONE_POINT = 0.1  # the same of embeddings beside a loss that says so
TELLING = 0.2  # |AUC - 1/2| of the outputs above which something is being learned
PROGRESS = 0.004  # fall of the loss, over its size, that counts as getting better
_GRAVE: frozenset[Symptom] = frozenset({"not a number", "collapse", "dead loss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong, and since which epoch (the first is 1; 0 = before training).

    cause: id of the cause that it is most typical of; also: others that end alike. fatal: whether going on is a
    waste, so that `stop=True` stops.
    """

    symptom: Symptom
    cause: str
    says: str
    epoch: int
    also: tuple[str, ...] = ()
    fatal: bool = True

    def __str__(self) -> str:
        """The sentence, and where to read on."""
        others = f" (or {', '.join(self.also)})" if self.also else ""
        since = f"epoch {self.epoch}: " if self.epoch else ""
        return f"{since}{self.says} Suspect: {self.cause}{others}. Read: siamdoctor explain {self.cause}"


@dataclass(slots=True, kw_only=True)
class Vigil:
    """What was seen so far of one training. signatures: losses that a constant output would have.

    patience: how many epochs (or looks) a sign must last.
    """

    signatures: tuple[Signature, ...] = ()
    patience: int = 3
    losses: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    said: set[Symptom] = field(default_factory=set)

    def wants_look(self) -> bool:
        """Whether a look at the outputs would decide something now, because the loss stands still."""
        return self._resting() is not None and not self.said & {"dead loss", "nothing learned"}

    def doubts(self) -> bool:
        """Whether the last look showed one value for everything, which one more look would confirm or refute."""
        return bool(self.looks) and self.looks[-1].spread <= SAME_VALUE and not self.said & _GRAVE

    def after_batch(self, loss: float, epoch: int) -> Finding | None:
        """Only what is not a number can be told from a batch."""
        return None if math.isfinite(loss) else self._once(_not_a_number("The loss", epoch))

    def after_epoch(self, loss: float | None, look: Look | None, epoch: int, *, last: bool = False) -> list[Finding]:
        """Take in an epoch, and say what can be said now that was not said before; see `note` and `judge`."""
        self.note(loss)
        return self.judge(look, epoch, last=last)

    def note(self, loss: float | None) -> None:
        """Take in the loss of an epoch, None where the model reports none."""
        if loss is not None:
            self.losses.append(loss)

    def judge(self, look: Look | None, epoch: int, *, last: bool = False) -> list[Finding]:
        """What can be said now that was not said before.

        Args:
            look: outputs after the epoch, None where nobody looked.
            epoch: counted from 1.
            last: the training is over, so that outputs of one value will stay so.
        """
        if look is not None:
            self.looks = [*self.looks, look][-2 * self.patience :]
        running = 1 if last else 2
        signs = (
            self._numbers(epoch, new=look),
            self._dead(epoch),
            self._collapsed(epoch, running),
            self._one_side(epoch),
        )
        return [said for sign in signs if sign is not None and (said := self._once(sign)) is not None]

    def _once(self, finding: Finding) -> Finding | None:
        """The finding, unless its symptom was named before, or a graver one that includes it."""
        if finding.symptom in self.said:
            return None
        if self.said & _GRAVE and finding.symptom != "not a number":
            return None
        self.said.add(finding.symptom)
        return finding

    def _numbers(self, epoch: int, *, new: Look | None) -> Finding | None:
        if self.losses and not math.isfinite(self.losses[-1]):
            return _not_a_number("The loss", epoch)
        return _not_a_number("The output", epoch) if new is not None and not new.finite else None

    def _resting(self) -> Signature | None:
        """The signature on which the last epochs rest without getting better, the nearest of several."""
        window = self.losses[-self.patience :]
        if len(self.losses) <= self.patience or not all(math.isfinite(v) for v in window):
            return None
        best_before = min(self.losses[: -self.patience])
        if min(window) < (1 - PROGRESS) * best_before or window[-1] < (1 - PROGRESS) * window[0]:
            return None
        near = [(max(_beyond(v, s) for v in window), s) for s in self.signatures]
        found = min(near, key=lambda pair: pair[0], default=(math.inf, None))
        return found[1] if found[0] <= TOLERANCE else None

    def _dead(self, epoch: int) -> Finding | None:
        """A loss that rests on the value that a constant output has."""
        signature = self._resting()
        if signature is None or not self._borne_out(signature):
            return None
        value = f"{self.losses[-1]:.4g}"
        first = f"The loss has been {value} for {self.patience} epochs. That is the value for: {signature.meaning}."
        if signature.dead:
            return Finding(symptom="dead loss", cause="collapsed-embedding", says=first, epoch=epoch)
        also = ("inverted-labels", "undertrained")
        return Finding(symptom="nothing learned", cause="misaligned-labels", says=first, epoch=epoch, also=also)

    def _borne_out(self, signature: Signature) -> bool:
        """Whether the outputs agree that nothing is told apart; without a look it takes twice the epochs."""
        if not self.looks:
            return len(self.losses) > 2 * self.patience
        last = self.looks[-1]
        if last.telling is None:
            return not signature.dead or last.outputs.shape[1] == 1 or last.spread < AT_ONE_POINT
        return last.telling < TELLING

    def _collapsed(self, epoch: int, running: int) -> Finding | None:
        """Outputs that are one value whatever goes in, so many looks running."""
        last = self.looks[-running:]
        if len(last) < running or any(not each.finite or each.spread > SAME_VALUE for each in last):
            return None
        value = float(last[-1].outputs.mean())
        if last[-1].outputs.shape[1] > 1:
            says = "The model gives the same embedding for every input."
            return Finding(symptom="collapse", cause="collapsed-embedding", says=says, epoch=epoch)
        says = f"The model's output is {value:.4g} for every pair, whatever it shows."
        if value == 1 and last[-1].probabilities:
            ends = ("saturated-output", "collapsed-embedding")
            return Finding(symptom="collapse", cause="single-unit-softmax", says=says, epoch=epoch, also=ends)
        others = ("untrained-encoder", "preprocessing-mismatch")
        return Finding(symptom="collapse", cause="collapsed-embedding", says=says, epoch=epoch, also=others)

    def _one_side(self, epoch: int) -> Finding | None:
        """Probabilities that stay on one side of one half while the loss stands still."""
        last = self.looks[-self.patience :]
        if len(last) < self.patience or not all(look.finite and look.one_sided for look in last):
            return None
        window = self.losses[-self.patience :]
        if window and window[-1] < (1 - PROGRESS) * window[0]:
            return None
        side = "above" if last[-1].outputs[0, 0] > HALF else "below"
        says = f"All predictions are {side} one half, so every pair is judged alike."
        told = last[-1].telling
        if told is not None and told >= TELLING:
            says += " They do tell pairs apart, at another threshold."
            also: tuple[str, ...] = ("imbalanced-pairs",)
            return Finding(symptom="one side", cause="wrong-threshold", says=says, epoch=epoch, also=also, fatal=False)
        also = ("imbalanced-pairs", "misaligned-labels")
        return Finding(symptom="one side", cause="undertrained", says=says, epoch=epoch, also=also)


def _not_a_number(what: str, epoch: int) -> Finding:
    says = f"{what} is no longer a number (NaN or infinite); it will not come back."
    return Finding(symptom="not a number", cause="non-finite-weights", says=says, epoch=epoch)


def _beyond(value: float, signature: Signature) -> float:
    """How far a loss lies outside a signature's range, over the signature."""
    return max(signature.low - value, value - signature.high, 0.0) / max(signature.value, 1e-12)
