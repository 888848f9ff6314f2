"""Load, run, rank, report: the only place where the stages meet."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor import __version__, answers, sweeping
from siamdoctor.answer_results import AugmentationCheck, ChanceLevel, MarginSweep, MetricComparison
from siamdoctor.case import Case, Progress
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.describing import assumptions, subject, warnings
from siamdoctor.errors import BadSettings, Unavailable
from siamdoctor.models.reading import read_blueprint
from siamdoctor.picturing import pictures
from siamdoctor.ranking import rank
from siamdoctor.registry import select
from siamdoctor.results import Accuracy, Report, Subject
from siamdoctor.runner import run_checks
from siamdoctor.settings import FILE_NAME, Settings, find_settings_file, read_settings
from siamdoctor.ties import tie_between
from siamdoctor.trials.thorough import Thorough, thorough
from siamdoctor.verdict import attainable, headline, verdict

if TYPE_CHECKING:
    from siamdoctor.models.blueprint import Blueprint
    from siamdoctor.models.runtime import Twin

CHANCE = 0.5


def diagnose(
    model: str | Path | object | None = None,
    data: str | Path | None = None,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run every check that can run and rank the causes.

    Args:
        model: path of a saved model, or a live `keras.Model`; None to take it from the settings.
        data: path of the data set; None to take it from the settings.
        settings: facts and settings; without them `siamdoctor.yaml` is looked for beside the model and in
            the working directory.
        progress: called with what is being done and the share that is done, 0 to 1.

    Raises:
        SiamdoctorError: something given cannot be read or used; the message says what to do.
    """
    settings = _completed(model, data, settings)
    checks = select(settings.report.select, settings.report.ignore)
    case = open_case(settings, progress=progress, live=None if isinstance(model, str | Path) else model)
    results = run_checks(checks, case, budget=settings.budget)
    tried = thorough(case, results, checks, budget=settings.budget) if settings.thorough else Thorough(results=results)
    results = tried.results
    best = attainable(case)
    accuracy = measured_accuracy(case)
    causes = rank(
        results,
        checks,
        attainable=best.value if best is not None else None,
        accuracy_low=accuracy.low if accuracy is not None else None,
    )
    judged = verdict(accuracy, causes, results)
    return Report(
        siamdoctor_version=__version__,
        subject=subject(case),
        verdict=judged,
        headline=headline(judged, accuracy, best, causes),
        accuracy=accuracy,
        attainable=best,
        causes=causes,
        checks=results,
        assumed=assumptions(case),
        warnings=warnings(case),
        pictures=pictures(case),
        trials=tried.trials,
        tie=tie_between(causes, results, settings),
        partial=tried.partial,
        interrupted=tried.interrupted,
    )


def _completed(model: object, data: str | Path | None, settings: Settings | None) -> Settings:
    """The settings with the model and data of the call put in."""
    path = Path(model) if isinstance(model, str | Path) else None
    if settings is None:
        found = find_settings_file(path, Path.cwd())
        settings = read_settings(found) if found is not None else Settings()
    if path is not None:
        settings = dataclasses.replace(settings, model=dataclasses.replace(settings.model, path=path))
    if data is not None:
        settings = dataclasses.replace(settings, data=dataclasses.replace(settings.data, path=Path(data)))
    return settings


def open_case(settings: Settings, *, progress: Progress | None = None, live: object | None = None) -> Case:
    """Read the model's description and the data set's, without running anything.

    Raises:
        BadSettings: no model or no data was named.
        UnreadableModel, UnreadableData: they cannot be read.
    """
    blueprint = inspect_model(settings, live=live)
    if settings.data.path is None:
        raise BadSettings(f"No data set was named. Give it as DATA, or write data: {{path: ...}} in {FILE_NAME}.")
    same_label = settings.training.same_label
    samples = read_samples(settings.data.path, same_label=same_label)
    train = settings.data.train or find_training_split(settings.data.path)
    training_samples = read_samples(train, split="train", same_label=same_label) if train is not None else None

    def load(blueprint: Blueprint) -> Twin:
        from siamdoctor.models.runtime import load_twin  # noqa: PLC0415  (TensorFlow: four seconds, only when needed)

        return load_twin(blueprint, settings.model)

    return Case(
        blueprint=blueprint,
        samples=samples,
        training_samples=training_samples,
        settings=settings,
        load_twin=load,
        progress=progress,
    )


def inspect_model(settings: Settings, *, live: object | None = None) -> Blueprint:
    """What the model file holds, read without running it."""
    if live is not None:
        from siamdoctor.models.runtime import read_live  # noqa: PLC0415  (a live model means that TensorFlow is loaded)

        return read_live(live)
    if settings.model.path is None:
        raise BadSettings(f"No model was named. Give it as MODEL, or write model: {{path: ...}} in {FILE_NAME}.")
    return read_blueprint(settings.model.path, settings.model)


def sweep_margin(
    settings: Settings,
    *,
    margins: tuple[float, ...] | None = None,
    depth: sweeping.Depth | None = None,
    loss: str | None = None,
    resume: Path | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[Subject, MarginSweep, tuple[str, ...]]:
    """Which margin would work; see `sweeping.sweep_margin`."""
    case = open_case(settings, progress=progress)
    sweep = sweeping.sweep_margin(
        case, margins=margins, depth=depth, loss=loss, budget=settings.budget, resume=resume, jobs=jobs
    )
    return subject(case), sweep, assumptions(case)


def compare_metrics(
    settings: Settings, progress: Progress | None = None
) -> tuple[Subject, MetricComparison, tuple[str, ...]]:
    """Which metric the embedding is good for; see `answers.compare_metrics`."""
    case = open_case(settings, progress=progress)
    answer = answers.compare_metrics(case)
    return subject(case), answer, assumptions(case)


def check_augmentation(
    settings: Settings, progress: Progress | None = None
) -> tuple[Subject, AugmentationCheck, tuple[str, ...]]:
    """What the embedding is and is not invariant to; see `answers.check_augmentation`."""
    case = open_case(settings, progress=progress)
    answer, said = answers.check_augmentation(case)
    return subject(case), answer, assumptions(case) + said


def chance_level(settings: Settings, progress: Progress | None = None) -> tuple[Subject, ChanceLevel, tuple[str, ...]]:
    """Whether the accuracy can be told from chance; see `answers.chance_level`."""
    case = open_case(settings, progress=progress)
    answer = answers.chance_level(case, _required(measured_accuracy(case)))
    return subject(case), answer, assumptions(case)


def _required(accuracy: Accuracy | None) -> Accuracy:
    if accuracy is None:
        raise Unavailable("the accuracy could not be measured")
    return accuracy


def measured_accuracy(case: Case) -> Accuracy | None:
    """Balanced accuracy as deployed, or None where the model or the data cannot be run."""
    try:
        value = case.accuracy
        return Accuracy(
            value=value.value,
            low=value.low,
            high=value.high,
            chance=CHANCE,
            pairs=int(case.pairs.same.size),
            identities=case.pairs.identities,
        )
    except Unavailable:
        return None
