"""Load, run, rank, report: the only place where the stages meet."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING

from siamdoctor import __version__, answers, sweeping
from siamdoctor.answer_results import AugmentationCheck, ChanceLevel, MarginSweep, MetricComparison
from siamdoctor.case import Case, Progress
from siamdoctor.data.given import given_samples
from siamdoctor.data.reading import find_training_split, read_samples
from siamdoctor.describing import assumptions, subject, warnings
from siamdoctor.errors import BadSettings, Unavailable
from siamdoctor.models.reading import read_blueprint
from siamdoctor.models.trust import demand_trust
from siamdoctor.picturing import pictures
from siamdoctor.ranking import rank
from siamdoctor.registry import select
from siamdoctor.results import Accuracy, Report, Subject
from siamdoctor.runner import run_checks
from siamdoctor.settings import FILE_NAME, Settings, find_settings
from siamdoctor.texts import as_tokens
from siamdoctor.ties import tie_between
from siamdoctor.trials.thorough import Thorough, thorough
from siamdoctor.verdict import attainable, headline, verdict

if TYPE_CHECKING:
    from siamdoctor.data.samples import Samples
    from siamdoctor.models.blueprint import Blueprint
    from siamdoctor.models.runtime import Twin

CHANCE = 0.5


def diagnose(
    model: str | Path | object | None = None,
    data: object = None,
    *,
    train: object = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    resume: Path | None = None,
) -> Report:
    """Run every check that can run and rank the causes.

    Args:
        model: path of a saved model, or a live `keras.Model`; None to take it from the settings.
        data: path of the data set, or arrays: (samples, classes), or ((left, right), labels). None to take it
            from the settings.
        train: the training data in the same forms, for the checks that compare them with the data.
        settings: facts and settings; without them `siamdoctor.yaml` is looked for beside the model and in
            the working directory.
        progress: called with what is being done and the share that is done, 0 to 1.
        resume: journal of the trainings of a thorough run, read if it exists and added to.

    Raises:
        SiamdoctorError: something given cannot be read or used; the message says what to do.
    """
    began = time.monotonic()
    settings = _completed(model, data, train, settings)
    checks = select(settings.report.select, settings.report.ignore)
    case = open_case(
        settings, progress=progress, live=_unless_path(model), data=_unless_path(data), train=_unless_path(train)
    )
    results = run_checks(checks, case, budget=settings.budget)
    tried = Thorough(results=results)
    if settings.thorough:
        left = None if settings.budget is None else max(0.0, began + settings.budget - time.monotonic())
        tried = thorough(case.mended, results, checks, budget=left, resume=resume)
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


def _unless_path(given: object) -> object:
    """What was given, where it is an object in memory."""
    return None if isinstance(given, str | Path) else given


def _completed(model: object, data: object, train: object, settings: Settings | None) -> Settings:
    """The settings with the paths of the call put in."""
    path = Path(model) if isinstance(model, str | Path) else None
    if settings is None:
        settings = find_settings(path, Path.cwd())
    if path is not None:
        settings = dataclasses.replace(settings, model=dataclasses.replace(settings.model, path=path))
    kept = settings.data
    return dataclasses.replace(
        settings,
        data=dataclasses.replace(
            kept,
            path=Path(data) if isinstance(data, str | Path) else kept.path,
            train=Path(train) if isinstance(train, str | Path) else kept.train,
        ),
    )


def open_case(
    settings: Settings,
    *,
    progress: Progress | None = None,
    live: object | None = None,
    data: object = None,
    train: object = None,
) -> Case:
    """Read the model's description and the data set's, without running anything.

    Args:
        settings: with the paths of what is not in memory.
        progress: called with what is being done.
        live: a model in memory.
        data: arrays in memory, in place of the settings' path.
        train: the same of the training data.

    Raises:
        BadSettings: no model or no data was named.
        UnreadableModel, UnreadableData: they cannot be read, or the model is a program that is not trusted.
    """
    blueprint = inspect_model(settings, live=live)
    demand_trust(blueprint)
    if settings.model.custom_objects is not None:
        from siamdoctor.models.runtime.own_heads import with_head_run  # noqa: PLC0415  (runs the user's code: asked for)

        blueprint = with_head_run(blueprint)
    samples, training_samples = _samples(settings, data, train)
    samples = as_tokens(samples, blueprint, settings)
    training_samples = None if training_samples is None else as_tokens(training_samples, blueprint, settings)

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


def _samples(settings: Settings, data: object, train: object) -> tuple[Samples, Samples | None]:
    """The data to judge by and the training data, each from memory or from its path."""
    path, same_label = settings.data.path, settings.training.same_label
    if data is not None:
        samples, beside = given_samples(data, same_label=same_label), None
    elif path is not None:
        samples, beside = read_samples(path, same_label=same_label), find_training_split(path)
    else:
        raise BadSettings(f"No data set was named. Give it as DATA, or write data: {{path: ...}} in {FILE_NAME}.")
    if train is not None:
        return samples, given_samples(train, name="train", same_label=same_label)
    folder = settings.data.train or beside
    return samples, read_samples(folder, split="train", same_label=same_label) if folder is not None else None


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
    settings: Settings, progress: Progress | None = None, *, resume: Path | None = None
) -> tuple[Subject, AugmentationCheck, tuple[str, ...]]:
    """What the embedding is and is not invariant to; see `answers.check_augmentation`."""
    case = open_case(settings, progress=progress)
    answer, said = answers.check_augmentation(case)
    if settings.thorough:
        tried, gaps = answers.tried_augmentation(case, settings.budget, resume)
        answer, said = dataclasses.replace(answer, trial=tried), said + gaps
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
