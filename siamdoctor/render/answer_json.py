"""The answers of the other commands as JSON, each in the shape that the contract spells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.render.machine import accuracy
from siamdoctor.render.plain_values import bounds, finite, gain, interval, json_list, optional, share

if TYPE_CHECKING:
    from siamdoctor.answer_results import (
        AugmentationCheck,
        AugmentationTrial,
        ChanceLevel,
        MarginSweep,
        MetricComparison,
    )
    from siamdoctor.changes import Change, Changes
    from siamdoctor.results import Json


def margin_sweep(sweep: MarginSweep) -> dict[str, Json]:
    """The part of `sweep-margin`."""
    return {
        "depth": sweep.depth,
        "loss": sweep.loss,
        "margins": [
            {
                "margin": finite(point.margin, otherwise=0.0),
                "accuracy": interval(point.accuracy),
                "auc": share(point.auc, otherwise=0.5),
                "active": share(point.active, otherwise=0.0),
                "spread": optional(point.spread),
                "effective_rank": optional(point.effective_rank),
                "auc_interval": bounds(point.auc_interval),
                "active_interval": bounds(point.active_interval),
                "spread_interval": bounds(point.spread_interval),
                "effective_rank_interval": bounds(point.effective_rank_interval),
            }
            for point in sweep.margins
        ],
        "recommended": optional(sweep.recommended),
        "plateau": bounds(sweep.plateau),
        "declared": optional(sweep.declared),
        "gain": gain(sweep.gain),
        "partial": sweep.partial,
        "advice": sweep.advice,
        "code": sweep.code or None,
        "next_step": sweep.next_step or None,
        "notes": json_list(sweep.notes),
    }


def metric_comparison(comparison: MetricComparison) -> dict[str, Json]:
    """The part of `compare-metrics`."""
    return {
        "metrics": [
            {
                "metric": score.metric,
                "accuracy": interval(score.accuracy),
                "auc": share(score.auc, otherwise=0.5),
                "threshold": finite(score.threshold, otherwise=0.0),
            }
            for score in comparison.metrics
        ],
        "in_use": comparison.in_use,
        "best": comparison.best,
        "gain": gain(comparison.gain) or {"points": 0.0, "low": -100.0, "high": 100.0},
    }


def augmentation_check(check: AugmentationCheck) -> dict[str, Json]:
    """The part of `check-augmentation`."""
    declared: Json = None
    if check.declared is not None:
        declared = {
            "diversity": optional(check.declared.diversity),
            "no_op": json_list(check.declared.no_op),
            "harmful": json_list(check.declared.harmful),
        }
    gap: Json = None
    if check.gap_train is not None and check.gap_validation is not None:
        gap = {"train": optional(check.gap_train), "validation": optional(check.gap_validation)}
    return {
        "transforms": [
            {
                "name": drift.name,
                "strength": finite(drift.strength, otherwise=0.0),
                "drift": finite(drift.drift, otherwise=0.0),
                "tolerance": finite(drift.tolerance, otherwise=0.0),
            }
            for drift in check.transforms
        ],
        "declared": declared,
        "gap": gap,
        "missing": json_list(check.missing),
        "together": None
        if check.still is None or check.together is None
        else {"before": interval(check.still), "after": interval(check.together)},
        "trial": None if check.trial is None else _augmentation_trial(check.trial),
    }


def _augmentation_trial(trial: AugmentationTrial) -> Json:
    """Training with each set of transforms."""
    return {
        "sets": [
            {
                "name": trained.name,
                "transforms": json_list(trained.transforms),
                "accuracy": interval(trained.accuracy),
                "over_none": gain(trained.over_none),
            }
            for trained in trial.sets
        ],
        "pays": trial.pays,
        "harms": json_list(trial.harms),
        "destroys": json_list(trial.destroys),
        "held_out": trial.held_out,
        "trainings": trial.trainings,
        "steps": trial.steps,
        "sentence": trial.sentence,
        "partial": trial.partial,
    }


def chance_level(level: ChanceLevel) -> dict[str, Json]:
    """The part of `chance-level`."""
    return {
        "accuracy": accuracy(level.accuracy),
        "auc": interval(level.auc),
        "p_value": share(level.p_value, otherwise=1.0),
        "exact_p_value": share(level.exact_p_value, otherwise=1.0),
        "detectable": {
            "accuracy": share(level.detectable, otherwise=1.0),
            "pairs_needed": level.pairs_needed,
        },
        "verdict": level.verdict,
    }


def changes(found: Changes) -> dict[str, Json]:
    """The part of `compare`."""
    return {
        "before": accuracy(found.before),
        "after": accuracy(found.after),
        "accuracy_fell": found.accuracy_fell,
        "accuracy_rose": found.accuracy_rose,
        "changes": [_change(change) for change in found.causes],
    }


def _change(change: Change) -> Json:
    """One cause in two reports."""
    return {
        "id": change.id,
        "code": change.code,
        "kind": change.kind,
        "before": change.before.value if change.before else None,
        "after": change.after.value if change.after else None,
    }
