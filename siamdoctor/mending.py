"""One fault mended, to see what is behind it. The user's model and files stay as they are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from siamdoctor.errors import Unavailable

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.data.scaling import Scaling
    from siamdoctor.models.blueprint import Blueprint
    from siamdoctor.models.runtime import Twin
    from siamdoctor.results import Evidence
    from siamdoctor.view import View

STATISTICS_SAMPLES, STATISTICS_PAIRS = 512, 256


def seen_behind_a_constant(case: Case) -> Case:
    """The same pairs under a sigmoid, where the output is a softmax over one unit; else the case itself.

    Nothing else can be seen in a constant: which scaling fits, what the threshold costs, what training left. A head
    that cannot be rebuilt stays as it is.
    """
    try:
        blueprint = case.blueprint
    except Unavailable:
        return case
    if not blueprint.head.constant:
        return case

    def load(_: Blueprint) -> Twin:
        try:
            return case.twin.with_sigmoid()
        except Unavailable:
            return case.twin

    head = dataclasses.replace(blueprint.head, activation="sigmoid")
    return case.after(blueprint=dataclasses.replace(blueprint, head=head), load_twin=load)


def rescaled(case: Case, scaling: Scaling) -> Case:
    """The same pairs with stored values scaled another way."""
    mended = case.after(blueprint=case.blueprint, load_twin=lambda _: case.twin)
    mended.__dict__["scaling"] = scaling
    return mended


def under_fresh_statistics(case: Case) -> View:
    """The same pairs with every BatchNormalization's statistics taken anew from these samples and pairs.

    Raises:
        Unavailable: the model has none.
    """
    if not case.encoder.has_batch_norm and not case.blueprint.head.has_batch_norm:
        raise Unavailable("the model has no BatchNormalization")
    pairs = case.pairs
    chosen = np.linspace(0, pairs.same.size - 1, min(pairs.same.size, STATISTICS_PAIRS)).astype(int)
    sides = case.inputs[pairs.left[chosen]], case.inputs[pairs.right[chosen]]
    return case.view(twin=case.twin.with_batch_statistics(case.inputs[:STATISTICS_SAMPLES], sides))


def found_behind(evidence: Evidence, fault: str, once: str) -> Evidence:
    """Evidence with the words that it was found once another fault was mended: "With pixels as stored: ..."."""
    summary = f"{once}: {evidence.summary[0].lower()}{evidence.summary[1:]}"
    return dataclasses.replace(evidence, summary=summary, behind=fault)
