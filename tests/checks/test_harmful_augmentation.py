"""harmful-augmentation: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from siamdoctor.errors import Unavailable
from stand_ins import case, evidence, pictures, samples, settings


def trained_with(augmentation, *, embed=None, noise=12):
    x, who = pictures()
    x = np.clip(x + noise * np.random.default_rng(9).normal(size=x.shape), 0, 255)
    data = samples(x, who, kind="images")
    facts = settings(augmentation=augmentation)
    return case(data, training=data, embed=embed, facts=facts)


def ruined(x):
    """Little but the mean brightness is left: what survives any shift and turn."""
    flat = x.reshape(len(x), -1)
    return np.round(flat.mean(1, keepdims=True) / 20)


def test_turns_and_shifts_that_leave_no_identity():
    wild = {"rotation_range": 180, "width_shift_range": 0.6, "height_shift_range": 0.6}
    found = evidence("harmful-augmentation", trained_with(wild, embed=ruined, noise=30))
    assert found.certainty > 0.5
    assert found.recovers is None


def test_the_same_pipeline_under_a_model_that_copes_is_clear():
    """Nothing is amiss where training identities are told apart nevertheless."""
    wild = {"rotation_range": 180, "width_shift_range": 0.6, "height_shift_range": 0.6}
    assert evidence("harmful-augmentation", trained_with(wild)).certainty < 0.25


def test_mild_augmentation_of_a_weak_model_is_clear():
    mild = {"rotation_range": 3, "width_shift_range": 0.03}
    found = evidence("harmful-augmentation", trained_with(mild, embed=ruined, noise=30))
    assert found.certainty < 0.25


def test_a_shear_of_a_fraction_of_a_degree_is_told_as_idle():
    found = evidence("harmful-augmentation", trained_with({"shear_range": 0.2}))
    assert 0.25 <= found.certainty < 0.5
    assert "shear_range" in found.summary


def test_undeclared_augmentation_is_not_judged():
    with pytest.raises(Unavailable, match="augmentation"):
        evidence("harmful-augmentation", trained_with(None))


def test_images_that_were_recognised_by_chance_before_have_nothing_to_lose():
    rng = np.random.default_rng(3)
    data = samples(rng.uniform(0, 255, size=(200, 12, 12, 1)), np.repeat(np.arange(10), 20), kind="images")
    wild = {"rotation_range": 180, "width_shift_range": 0.6, "height_shift_range": 0.6}
    patient = case(data, training=data, embed=ruined, facts=settings(augmentation=wild))
    assert evidence("harmful-augmentation", patient).certainty < 0.25
