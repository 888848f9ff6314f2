"""What a report says about itself: the subject, what was assumed, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import Unavailable
from siamdoctor.results import Subject

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.models.blueprint import Head


def subject(case: Case) -> Subject:
    """What was examined, for the head of a report."""
    blueprint, samples = case.blueprint, case.samples
    encoder = blueprint.encoder
    return Subject(
        model=str(blueprint.path),
        data=str(samples.path),
        format=blueprint.format,
        twins=blueprint.twins,
        encoder=f"{encoder.name} ({encoder.dimension} coordinates)" if encoder is not None else None,
        head=_head_words(blueprint.head),
        inputs=tuple(f"{port.name} {port.shape}" for port in blueprint.inputs),
        loss=case.settings.training.loss or blueprint.loss,
        samples=len(samples),
        identities=len(samples.identity_names),
        seed=case.settings.seed,
    )


def _head_words(head: Head) -> str:
    """The head in a few words."""
    if not head.learned:
        return head.kind
    units = "units unknown" if head.units is None else f"{head.units} {head.activation or 'linear'}"
    return f"{head.kind} ({head.merge or 'merge not recognised'} + {units})"


def assumptions(case: Case) -> tuple[str, ...]:
    """Everything that was taken for granted for want of a declared fact."""
    said = [*case.blueprint.assumed, *case.samples.assumed]
    try:
        said += case.rule.assumed
        if case.samples.kind != "tokens" and not case.scaling_declared and not case.encoder.has_rescaling:
            said.append(f"pixels are {case.scaling.name} before the model (no data.rescale declared)")
        if not np.array_equal(case.identity[case.pairs.left], case.pairs.cluster_left):
            said.append(
                f"with {case.pairs.identities} identities, intervals are over samples and say nothing of new identities"
            )
        if case.drawn.left_out:
            said.append(
                f"{case.drawn.left_out} of the samples drawn hold NaN or could not be decoded, and were left out; "
                "the deployed pipeline would not leave them out"
            )
    except Unavailable:
        pass
    return tuple(dict.fromkeys(said))


def warnings(case: Case) -> tuple[str, ...]:
    """Samples that were skipped, and parts of the model that could not be read."""
    skipped = case.samples.unreadable()
    said = list(case.blueprint.unreadable)
    if skipped:
        named = "; ".join(f"{s.name} ({s.reason})" for s in skipped[:3])
        more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""  # noqa: PLR2004
        said.append(f"{len(skipped)} unreadable samples were skipped: {named}{more}")
    return tuple(said)
