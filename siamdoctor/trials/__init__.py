"""Remedies applied to the saved model and measured on pairs that chose nothing.

A trial is a function from a case to an `Outcome`, registered under the name by which checks ask for it. It
raises `Unavailable` where the remedy does not apply. Trials never change the user's model or files.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from siamdoctor.case import Case
    from siamdoctor.trials.outcome import Outcome

Trial = Callable[["Case"], "Outcome"]
_TRIALS: dict[str, Trial] = {}


def trial(name: str) -> Callable[[Trial], Trial]:
    """Register a trial under a name."""

    def register(run: Trial) -> Trial:
        _TRIALS[name] = run
        return run

    return register


@cache
def all_trials() -> dict[str, Trial]:
    """Every trial of this package by name; importing the modules registers them."""
    for module in iter_modules(__path__, __name__ + "."):
        import_module(module.name)
    return dict(_TRIALS)


def run_trial(name: str, case: Case) -> Outcome:
    """Run the trial of this name on a case."""
    return all_trials()[name](case)
