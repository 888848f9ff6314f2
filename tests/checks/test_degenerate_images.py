"""degenerate-images: the fault, near misses that stay clear, and what must make no difference."""

import numpy as np
import pytest
from siamdoctor.data.samples import Unreadable
from siamdoctor.errors import Unavailable
from stand_ins import case, clouds, evidence, pictures, samples, settings


def judged(x, who, **more):
    return case(samples(x, who, kind="images", **more), facts=settings(threshold=150.0))


def test_blank_images_cost_what_their_pairs_cost():
    x, who = pictures()
    blank = np.random.default_rng(1).random(len(x)) < 0.3
    x[blank] = 0
    patient = judged(x, who)
    found = evidence("degenerate-images", patient)
    assert found.certainty == 1
    assert "without contrast" in found.summary
    assert found.recovers.low > 0


def test_sound_images_are_clear():
    assert evidence("degenerate-images", judged(*pictures())).certainty == 0


def test_mostly_empty_drawings_are_pictures():
    x, who = pictures()
    drawing = np.zeros_like(x)
    drawing[:, 2:4] = x[:, 2:4]
    assert evidence("degenerate-images", judged(drawing, who)).certainty == 0


def test_one_picture_under_two_identities():
    x, who = pictures()
    x[who == 1] = x[who == 0]
    found = evidence("degenerate-images", judged(x, who))
    assert found.certainty == 1
    assert "another identity" in found.summary


def test_copies_within_an_identity_are_told_and_forgiven():
    x, who = pictures()
    x[1::24] = x[0::24]
    found = evidence("degenerate-images", judged(x, who))
    assert found.certainty == 0
    assert next(m.value for m in found.measurements if "copies" in m.name) > 0


def test_files_that_cannot_be_decoded_count():
    x, who = pictures()
    lost = tuple(Unreadable(name=f"{i}.png", reason="truncated") for i in range(40))
    assert evidence("degenerate-images", judged(x, who, unreadable=lost)).certainty > 0.5


def test_blank_training_images_are_found_too():
    x, who = pictures()
    bad = x.copy()
    bad[::3] = 255
    good, ill = samples(x, who, kind="images"), samples(bad, who, kind="images")
    found = evidence("degenerate-images", case(good, training=ill))
    assert found.certainty == 1
    assert found.recovers is None
    assert "training images" in found.summary


@pytest.mark.parametrize("scale", [1 / 255, 1.0])
def test_the_stored_scale_makes_no_difference(scale):
    x, who = pictures()
    x[::4] = 0
    found = evidence("degenerate-images", judged(x * scale, who))
    assert found.certainty == 1


def test_tables_have_no_pictures():
    with pytest.raises(Unavailable, match="images"):
        evidence("degenerate-images", case(samples(*clouds())))
