"""The patients: every recipe builds, and those that are trained here are ill, or healthy, as they should be."""

from __future__ import annotations

import csv
import subprocess
import sys

import numpy as np
import pytest
from siamdoctor.errors import BadSettings, UnreadableData
from siamdoctor.faults import FAULTS, STYLES, make_patient
from siamdoctor.faults.datasets import load_splits
from siamdoctor.faults.near_misses import NEAR_MISSES
from siamdoctor.faults.pairing import draw_training_pairs
from siamdoctor.faults.recipe import DataPlan, PairPlan
from siamdoctor.faults.styles import healthy_recipe, recipe_of
from siamdoctor.faults.variation import vary
from siamdoctor.settings import read_settings

# Triplets that are all easy teach nothing more, but on digits what they have taught by then suffices; two towers
# on flattened pixels lose 12 points, not 15.
HARMLESS_ON_DIGITS = {("easy-triplets", "triplet"), ("untied-towers", "euclidean")}
CASES = [(fault.id, style) for fault in FAULTS.values() for style in fault.styles]


def test_the_catalogue_loads_without_tensorflow():
    code = "import sys, siamdoctor.faults; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("cause", "style"), CASES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_fault_changes_the_recipe_and_nothing_betrays_it(cause, style, seed):
    fault = FAULTS[cause]
    healthy = fault.circumstance(healthy_recipe(style, "digits", seed))
    faulty = recipe_of(fault, style, "digits", seed)
    assert faulty != healthy
    assert (faulty.style, faulty.seed) == (style, seed)


@pytest.mark.parametrize("cause", FAULTS)
def test_each_fault_says_in_one_sentence_how_it_is_caused(cause):
    fault = FAULTS[cause]
    assert set(fault.styles) <= set(STYLES)
    assert fault.caused.endswith(".")
    assert len(fault.caused) > 30


@pytest.mark.parametrize("near", NEAR_MISSES.values(), ids=lambda near: near.id)
def test_a_near_miss_resembles_a_known_fault_and_changes_the_recipe(near):
    assert near.looks_like in FAULTS
    for style in near.styles:
        recipe = healthy_recipe(style, "digits", 0)
        assert near.alter(recipe) != recipe


def test_faults_of_pixels_are_refused_for_tables():
    with pytest.raises(BadSettings, match="tabular"):
        recipe_of(FAULTS["preprocessing-mismatch"], "euclidean", "tabular", 0)


def test_an_unsuitable_style_is_refused_with_those_that_suit():
    with pytest.raises(BadSettings, match="triplet"):
        recipe_of(FAULTS["single-unit-softmax"], "triplet", "digits", 0)


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(BadSettings, match="no-such-fault"):
        make_patient("no-such-fault", folder=tmp_path)
    with pytest.raises(BadSettings, match="no-such-style"):
        make_patient(None, style="no-such-style", folder=tmp_path)
    with pytest.raises(UnreadableData, match="no-such-data"):
        load_splits(DataPlan(dataset="no-such-data"), 0)


@pytest.mark.parametrize("dataset", ["digits", "tabular", "series"])
def test_training_and_validation_share_no_sample(dataset):
    splits = load_splits(DataPlan(dataset=dataset), 3)
    seen = {x.tobytes() for x in splits.train.x}
    assert not seen & {x.tobytes() for x in splits.validation.x}


def test_unseen_validation_shares_no_identity():
    splits = load_splits(DataPlan(dataset="series", unseen=True), 3)
    assert not set(splits.train.names) & set(splits.validation.names)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_pairs_are_what_the_plan_says(share):
    identity = np.random.default_rng(0).integers(0, 7, size=300)
    pairs = draw_training_pairs(identity, PairPlan(count=1000, positive_share=share), np.random.default_rng(1))
    assert pairs.same.mean() == pytest.approx(share)
    assert np.array_equal(identity[pairs.left] == identity[pairs.right], pairs.same)
    assert np.array_equal(pairs.label == 1, pairs.same)
    assert (pairs.left != pairs.right).all()


def test_pairs_with_mistakes():
    identity = np.repeat(np.arange(5), 20)
    rng = np.random.default_rng(1)
    twice = draw_training_pairs(identity, PairPlan(positives="identical"), rng)
    assert (twice.left[twice.label == 1] == twice.right[twice.label == 1]).all()
    careless = draw_training_pairs(identity, PairPlan(negatives="anyone"), rng)
    assert (careless.left[careless.label == 0] == careless.right[careless.label == 0]).any()
    shuffled = draw_training_pairs(identity, PairPlan(labels="shuffled"), rng)
    assert np.mean((shuffled.label == 1) == shuffled.same) == pytest.approx(0.5, abs=0.05)


def test_variation_turns_and_shifts_but_keeps_the_kind_of_data():
    images = load_splits(DataPlan(dataset="digits"), 0).train.x[:20].astype(np.uint8)
    varied = vary(images, {"rotation_range": 20, "brightness_range": 0.2}, np.random.default_rng(0))
    assert varied.shape == images.shape
    assert varied.dtype == np.uint8
    assert np.abs(varied.astype(int) - images).mean() > 3
    assert vary(images, {}, np.random.default_rng(0)) is images


def test_a_healthy_control_is_healthy_and_saved_as_a_user_would(tmp_path):
    told = []
    patient = make_patient(None, folder=tmp_path, progress=lambda what, share: told.append((what, share)))
    assert patient.accuracy > 0.9
    assert not patient.ill
    settings = read_settings(patient.settings)
    assert settings.model.path == patient.model
    assert settings.data.path == patient.data
    assert settings.decision.threshold is not None
    with (tmp_path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert sorted(p.name for p in patient.data.iterdir()) == [str(i) for i in range(10)]
    assert told[-1] == ("training", 1.0)


@pytest.mark.parametrize("cause", ["single-unit-softmax", "wrong-threshold", "inverted-metric"])
def test_a_patient_is_ill_and_does_not_know_why(cause, tmp_path):
    patient = make_patient(cause, folder=tmp_path, epochs=6)
    assert patient.ill
    assert patient.accuracy < 0.6
    assert cause not in patient.settings.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(("cause", "style"), CASES)
def test_every_patient_is_ill(cause, style, tmp_path):
    patient = make_patient(cause, style=style, folder=tmp_path, with_twin=True)
    assert patient.ill or FAULTS[cause].misleads or (cause, style) in HARMLESS_ON_DIGITS


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_every_healthy_control_is_healthy(style, tmp_path):
    assert make_patient(None, style=style, folder=tmp_path).accuracy > 0.85
