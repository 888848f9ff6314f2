"""A few of the ward's patients, raised and diagnosed anew: the figures that are committed must hold.

`make bench` runs the whole ward; this runs the small ones, on which a change that breaks the ranking shows.
"""

from fnmatch import fnmatch

import pytest
from outcome import ALARMS, read
from patients_cache import RESULTS, beds
from siamdoctor.api import diagnose
from siamdoctor.faults.patients import raise_patient

QUICK = (
    "inverted-labels/euclidean/tabular/*",
    "single-unit-softmax/absolute-difference/tabular/*",
    "untrained-encoder/absolute-difference/tabular/*",
    "same-input-twice/absolute-difference/tabular/*",
    "margin-too-large/euclidean/tabular/*",
    "inverted-metric/euclidean/tabular/*",
    "loss-head-mismatch/euclidean/tabular/*",
    "imbalanced-pairs/absolute-difference/tabular/*",
    "preprocessing-mismatch/absolute-difference/digits/*",
    "healthy/euclidean/tabular/0",
    "healthy/absolute-difference/tabular/0",
    "healthy/euclidean/digits/0",
    "odd-margin/euclidean/digits/0",
    "scaled-inside/euclidean/digits/0",
)
GIVEN = {o.name: o for o in read(RESULTS)}
NAMES = sorted(n for pattern in QUICK for n in GIVEN if fnmatch(n, pattern))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Name to the first cause that was named, and to all that were named likely or proven."""
    reports = {}
    for name in NAMES:
        _, _, dataset, seed = name.split("/")
        [bed] = beds(datasets=[dataset], seeds=[int(seed)], healthy_seeds=[int(seed)], only=name, source=None)
        folder = tmp_path_factory.mktemp("patient")
        raise_patient(bed.recipe, bed.cause, folder, lambda _what, _share: None)
        reports[name] = diagnose(folder / "model.keras")
    return reports


def test_the_quick_part_of_the_ward_is_there():
    assert len(NAMES) == len(QUICK)


def test_at_most_one_true_cause_fewer_is_named_first_than_is_committed(found):
    ill = [n for n in NAMES if GIVEN[n].truth]
    committed = sum(GIVEN[n].rank() == 1 for n in ill)
    now = {n: [c.id for c in found[n].causes][:1] for n in ill}
    assert sum(first == [GIVEN[n].truth] for n, first in now.items()) >= committed - 1, now


def test_no_control_is_accused_that_was_not(found):
    for name in NAMES:
        if GIVEN[name].truth is None:
            assert GIVEN[name].alarms() == []
            assert [c.id for c in found[name].causes if str(c.level) in ALARMS] == [], name
