"""Small twin networks with exactly one fault, caused the way users cause it, and healthy controls.

They serve `siamdoctor demo`, the tests' patients and the benchmark. Importing this package loads no
TensorFlow; `make_patient` does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from siamdoctor.errors import BadSettings
from siamdoctor.faults import architecture, data, embedding, objective, scoring  # noqa: F401  (they register)
from siamdoctor.faults.catalogue import Fault, registered
from siamdoctor.faults.styles import STYLES as _RECIPES
from siamdoctor.faults.styles import recipe_of, with_epochs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from siamdoctor.faults.patients import Patient

__all__ = ["DATASETS", "FAULTS", "STYLES", "Fault", "make_patient"]

FAULTS: Mapping[str, Fault] = registered()
STYLES: tuple[str, ...] = tuple(_RECIPES)
DATASETS: tuple[str, ...] = ("digits", "mnist", "omniglot", "tabular", "series")


def make_patient(
    cause: str | None,
    *,
    folder: Path,
    style: str | None = None,
    dataset: str = "digits",
    source: str | None = None,
    seed: int = 0,
    epochs: int | None = None,
    with_twin: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> Patient:
    """Train a small twin network with one fault and save it as a user would.

    Args:
        cause: id of the fault, or None for a healthy control.
        folder: receives model.keras, data/, train/, history.csv and siamdoctor.yaml.
        style: one of `STYLES`; None is the fault's most natural one ("euclidean" for a control).
        dataset: one of `DATASETS`.
        source: path of the Omniglot zip, where the data set is that.
        seed: of the data split, the pairs and the network; it also chooses among the ways to cause a fault.
        epochs: instead of the recipe's own number.
        with_twin: also trains the same network without the fault, to know what the fault costs.
        progress: told what is being done and the share done (0..1).

    Raises:
        BadSettings: unknown cause or style, or a style into which the fault cannot be injected.
        UnreadableData: unknown data set, or one whose source is missing.
    """
    if cause is not None and cause not in FAULTS:
        raise BadSettings(
            f"There is no such fault to inject. Received: cause={cause!r}. Use one of {', '.join(FAULTS)}."
        )
    fault = FAULTS[cause] if cause is not None else None
    chosen = style or (fault.styles[0] if fault else "euclidean")
    recipe = with_epochs(recipe_of(fault, chosen, dataset, seed, source), epochs)
    from siamdoctor.models.runtime import import_keras  # noqa: PLC0415  (the catalogue does without TensorFlow)

    import_keras()
    from siamdoctor.faults import patients  # noqa: PLC0415  (imports Keras, which by now is there and silent)

    patient = patients.raise_patient(recipe, cause, folder, progress or (lambda _what, _share: None))
    if not with_twin or fault is None:
        return patient
    twin = fault.circumstance(recipe_of(None, chosen, dataset, seed, source))
    return replace(patient, healthy_accuracy=patients.accuracy_of(with_epochs(twin, epochs)))
