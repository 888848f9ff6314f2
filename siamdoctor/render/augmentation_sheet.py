"""The answer of `check-augmentation` as a sheet: what the embedding does not stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.numbers import estimate, number, percent, points
from siamdoctor.render.sheet import Notes, Sheet, Table, remarks, title_of

if TYPE_CHECKING:
    from siamdoctor.answer_results import AugmentationCheck
    from siamdoctor.results import Subject

_UNDECLARED = "no augmentation is declared (training.augmentation in siamdoctor.yaml)"


def sheet(subject: Subject, check: AugmentationCheck, assumed: tuple[str, ...]) -> Sheet:
    """What to augment with, what the declared augmentation does, and every transform."""
    return Sheet(
        title=title_of(subject),
        lead=_lead(check),
        facts=(*_tried(check), *_declared(check), *_gap(check)),
        tables=(*_sets(check), *((_drifts(check),) if check.transforms else ())),
        notes=(*_content(check), *remarks(assumed)),
    )


def _lead(check: AugmentationCheck) -> str:
    """The answer in a sentence or two."""
    if check.trial is not None:
        return check.trial.sentence
    if not check.transforms:
        return "No transform was tried."
    names = ", ".join(check.missing)
    if check.falls:
        assert check.still is not None
        assert check.together is not None
        pairs = "the training pairs themselves" if check.gap_train is not None else "the pairs"
        fall = f"from {percent(check.still.value)} to {percent(check.together.value)}"
        return f"Mildly turned, shifted, sheared and zoomed, {pairs} fall {fall}. Augment with: {names}."
    if check.missing:
        return f"The embedding moves too far under: {names}. Augment with these."
    beyond = [f"{d.name.replace('_', ' ')} {number(d.strength)}" for d in check.transforms if d.drift > d.tolerance]
    if beyond:
        return (
            "The embedding keeps still under mild transforms. It moves too far under "
            f"{', '.join(beyond)}, which may make another identity of an image."
        )
    return "The embedding keeps still under every transform that was tried."


def _tried(check: AugmentationCheck) -> tuple[tuple[str, str], ...]:
    """What training with each set showed, in a line."""
    trial = check.trial
    if trial is None:
        return ()
    early = (("partial", "yes: not all sets were trained"),) if trial.partial else ()
    return (
        *early,
        ("pays", trial.pays or "none for certain"),
        ("harms", ", ".join(trial.harms) or "none for certain"),
        ("destroys identity", ", ".join(trial.destroys) or "none of the article's, no flip"),
        ("moves too far", ", ".join(check.missing) or "nothing"),
    )


def _sets(check: AugmentationCheck) -> tuple[Table, ...]:
    """A row a set that was trained with."""
    trial = check.trial
    if trial is None:
        return ()
    rows = tuple(
        (
            trained.name + (" *" if trained.name == trial.pays else ""),
            estimate(trained.accuracy),
            "" if trained.over_none is None else points(trained.over_none),
        )
        for trained in trial.sets
    )
    title = f"TRAINED WITH EACH, {trial.trainings} x {trial.steps} STEPS  (on {trial.held_out}; * pays)"
    return (Table(title=title, columns=("augmentation", "accuracy", "over none"), rows=rows),)


def _content(check: AugmentationCheck) -> tuple[Notes, ...]:
    """What each set that was trained with consists of."""
    trained = check.trial.sets if check.trial is not None else ()
    lines = tuple(
        f"{one.name}: {', '.join(t.removesuffix('_range').replace('_', ' ') for t in one.transforms)}"
        for one in trained
        if one.transforms
    )
    return (Notes(title="SETS", sentences=lines),) if lines else ()


def _declared(check: AugmentationCheck) -> tuple[tuple[str, str], ...]:
    """What the declared augmentation does."""
    declared = check.declared
    if declared is None:
        return (("declared", _UNDECLARED),)
    if not declared.transforms:
        return (("declared", "that nothing is augmented (training.augmentation is empty)"),)
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
