"""The answer of `check-augmentation` as a sheet: what the embedding does not stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import number, percent
from siamdoctor.render.sheet import Sheet, Table, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.answer_results import AugmentationCheck
    from siamdoctor.results import Subject

_UNDECLARED = "no augmentation is declared (training.augmentation in siamdoctor.yaml)"


def sheet(subject: Subject, check: AugmentationCheck, assumed: tuple[str, ...]) -> Sheet:
    """What to augment with, what the declared augmentation does, and every transform."""
    lead = "The embedding keeps still under every transform that was tried."
    if check.missing:
        lead = f"The embedding moves too far under: {', '.join(check.missing)}. Augment with these."
    return Sheet(
        title=title_of(subject),
        lead=lead,
        facts=(*_declared(check), *_gap(check)),
        tables=(_drifts(check),) if check.transforms else (),
        notes=remarks(assumed),
    )


def _declared(check: AugmentationCheck) -> tuple[tuple[str, str], ...]:
    """What the declared augmentation does."""
    declared = check.declared
    if declared is None:
        return (("declared", _UNDECLARED),)
    return (
        ("diversity", f"{number(declared.diversity)} of the distance between two images"),
        ("without effect", ", ".join(declared.no_op) or "none"),
        ("harmful", ", ".join(declared.harmful) or "none"),
    )


def _gap(check: AugmentationCheck) -> tuple[tuple[str, str], ...]:
    """Training against validation."""
    if check.gap_train is None or check.gap_validation is None:
        return ()
    gap = 100 * (check.gap_train - check.gap_validation)
    accuracies = f"{percent(check.gap_train)}, {percent(check.gap_validation)}"
    return (("train, validation", f"{accuracies} (gap {gap:.1f} points)"),)


def _drifts(check: AugmentationCheck) -> Table:
    """A row a transform and strength."""
    rows = tuple(
        (
            drift.name.replace("_", " "),
            number(drift.strength),
            number(drift.drift),
            number(drift.tolerance),
            "beyond" if drift.drift > drift.tolerance else "",
        )
        for drift in check.transforms
    )
    return Table(
        title="DRIFT  (1 is as far as another identity)",
        columns=("transform", "strength", "drift", "tolerance", ""),
        rows=rows,
        numeric=frozenset({"strength", "drift", "tolerance"}),
    )
