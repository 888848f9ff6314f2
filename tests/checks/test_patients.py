"""Every fault of the catalogue, injected alone into a small network: the report names it first.

The quick ones run always; the rest with `make slow`.
"""

import pytest
from siamdoctor import api
from siamdoctor.faults import FAULTS, STYLES, make_patient
from siamdoctor.results import Level
from siamdoctor.settings import read_settings

QUICK = ("wrong-threshold", "loss-head-mismatch", "batch-coupled-output", "non-finite-weights", "misaligned-labels")
# Its patient is made with a margin of .001, so the margin is to blame; and on digits it hardly hurts.
ALSO_RIGHT = {"easy-triplets": {"margin-too-small"}}
# These cost no accuracy, or too little to fail a build.
LEFT_IN_PEACE = {fault.id for fault in FAULTS.values() if fault.misleads} | {"easy-triplets"}
# Diagnoses that are wrong as yet. Strict: whoever mends one is told to strike it off.
OPEN = {
    "untied-towers": "named first but as possible only: what one tower for both sides recovers is not surely above 0",
}


def slow_ones():
    for cause in sorted(set(FAULTS) - set(QUICK)):
        marks = [pytest.mark.xfail(strict=True, reason=OPEN[cause])] if cause in OPEN else []
        yield pytest.param(cause, marks=marks)


def diagnosed(folder, cause, style=None, *, seed=0):
    patient = make_patient(cause, style=style, folder=folder, seed=seed)
    return api.diagnose(settings=read_settings(patient.settings))


def judge(report, cause):
    first = report.causes[0]
    assert first.id in {cause} | ALSO_RIGHT.get(cause, set())
    assert first.explained_by is None
    assert not [c for c in report.checks if c.status == "crashed"]
    if cause not in LEFT_IN_PEACE:
        assert first.level in {Level.PROVEN, Level.LIKELY}
        assert report.verdict in {"chance", "impaired"}


@pytest.mark.parametrize("cause", QUICK)
def test_a_fault_is_named_first(cause, tmp_path):
    judge(diagnosed(tmp_path, cause), cause)


@pytest.mark.slow
@pytest.mark.parametrize("cause", list(slow_ones()))
def test_every_other_fault_is_named_first_as_well(cause, tmp_path):
    judge(diagnosed(tmp_path, cause), cause)


def test_a_sound_model_is_left_in_peace(tmp_path):
    report = diagnosed(tmp_path, None, "euclidean")
    assert report.verdict == "healthy"
    assert all(cause.level is Level.POSSIBLE for cause in report.causes)


@pytest.mark.slow
@pytest.mark.parametrize("style", sorted(set(STYLES) - {"euclidean"}))
def test_sound_models_of_every_style_are_left_in_peace(style, tmp_path):
    report = diagnosed(tmp_path, None, style)
    assert not [c.id for c in report.causes if c.level is not Level.POSSIBLE]
