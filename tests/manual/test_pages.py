"""Every page of the manual teaches, and every block of code in it runs and shows what it says that it shows.

The last line of an example asserts the fault, the last of the corrected lines asserts that it is gone. One process
runs them all, so that Keras is imported once; the longer half is run by `make slow`.
"""

import ast
import re
import warnings

import pytest
from fenced import fenced
from siamdoctor import examples, manual_pages

PAGES = {entry.id: entry.page for entry in manual_pages.entries()}
QUICK = {
    "batch-coupled-output",
    "harmful-augmentation",
    "inverted-metric",
    "mismatched-metric",
    "preprocessing-mismatch",
    "same-input-twice",
    "single-unit-softmax",
    "underpowered-evaluation",
    "untrained-encoder",
}
NOT_RUN = {("too-few-identities", "MobileNetV2's weights are downloaded")}
WIDEST = 76  # with the indent of four that `explain` gives it, a terminal of 80 columns shows it whole


def python_of(page: str):
    return fenced(page, "python")


@pytest.mark.parametrize("cause", PAGES)
def test_a_page_says_what_it_is_how_it_looks_what_mends_it_and_who_saw_it(cause):
    page = PAGES[cause]
    places = [
        page.find(words)
        for words in ("\n\nHow it looks: ", "that has it:\n\n```python\n", "```python\n", "\n\nSeen in: ", "\n\nSee: ")
    ]
    assert -1 not in places
    assert places == sorted(places)
    assert len(page[: places[0]].split("\n\n")[1]) > 100, "the first paragraph says what the fault is"
    assert re.search(r"\n\n(The corrected|What helps)", page)
    assert re.search(r"(19|20)\d\d \(|documentation of", page.partition("\n\nSee: ")[2])


@pytest.mark.parametrize("cause", PAGES)
def test_code_is_shown_whole_and_asserts_what_it_shows(cause):
    blocks = python_of(PAGES[cause])
    assert blocks == fenced(PAGES[cause]), "all code of a page is Python"
    run = [ast.parse(block.code) for block in blocks if block.reason is None]
    assert all(max(map(len, block.code.splitlines())) <= WIDEST for block in blocks)
    holding = [any(isinstance(node, ast.Assert) for node in tree.body) for tree in run]
    # A set of data has no number of its own to assert; there the corrected lines compare with it.
    assert holding[0] or cause == "degenerate-images"
    assert any(holding[1:])


def test_what_is_not_run_says_why():
    blocks = {(cause, block.note) for cause, page in PAGES.items() for block in fenced(page) if block.note}
    assert blocks == {(cause, f"no-run: {reason}") for cause, reason in NOT_RUN}


HALVES = [pytest.param(cause, marks=[] if cause in QUICK else [pytest.mark.slow]) for cause in sorted(PAGES)]


@pytest.mark.parametrize("cause", HALVES)
def test_the_examples_run_and_the_model_has_the_fault(cause):
    import keras  # noqa: PLC0415  (seconds, which collecting these tests should not take)

    keras.utils.set_random_seed(0)
    names = {"__name__": "example"}
    with warnings.catch_warnings():
        # Keras itself warns of some of these faults, such as a softmax over one unit.
        warnings.simplefilter("ignore", UserWarning)
        for block in python_of(PAGES[cause]):
            if block.reason is None:
                exec(compile(block.code, f"explain {cause}", "exec"), names)  # noqa: S102  (the manual's own code)


def test_example_pairs_are_balanced_and_never_a_digit_with_itself():
    x, y = examples.digits()
    left, right, same = examples.digit_pairs(200, seed=3)
    assert left.shape == right.shape == (200, 64)
    assert same.shape == (200, 1)
    assert same.mean() == 0.5
    assert 0 <= left.min() < left.max() <= 1
    identity = {row.tobytes(): label for row, label in zip(x, y, strict=True)}
    for one, other, alike in zip(left, right, same[:, 0], strict=True):
        assert (identity[one.tobytes()] == identity[other.tobytes()]) == bool(alike)
        assert one.tobytes() != other.tobytes()
    assert (examples.digit_pairs(200, seed=3)[0] == left).all()
    assert not (examples.digit_pairs(200, seed=4)[0] == left).all()
