"""How a report names the head of the model."""

import pytest
from siamdoctor.describing import subject
from stand_ins import a_comparison, case, clouds, head, learned, samples


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (head("euclidean"), "euclidean"),
        (learned(), "learned (absolute_difference + 1 sigmoid)"),
        (learned(merge=None, activation=None), "learned (merge not recognised + 1 linear)"),
        (learned(merge=None, units=None), "learned (merge not recognised + units unknown)"),
    ],
)
def test_head_is_named_in_words(described, words):
    assert subject(case(samples(*clouds()), head=described, compare=a_comparison)).head == words
