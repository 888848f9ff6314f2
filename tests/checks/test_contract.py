"""What every check owes, whoever wrote it: a public name, a page, honest edges, and silence where nothing is known."""

import ast
import re

import pytest
from siamdoctor.case import Case
from siamdoctor.ranking import closed_under_explanation
from siamdoctor.registry import all_checks, find
from siamdoctor.runner import run_check

# The public catalogue. Codes and ids are a promise: they are added to, never changed.
CATALOGUE = {
    "SD101": "inverted-metric",
    "SD102": "wrong-threshold",
    "SD103": "mismatched-metric",
    "SD104": "leaky-evaluation",
    "SD201": "inverted-labels",
    "SD202": "misaligned-labels",
    "SD203": "loss-head-mismatch",
    "SD204": "single-unit-softmax",
    "SD205": "inexpressive-head",
    "SD206": "margin-too-large",
    "SD207": "margin-too-small",
    "SD208": "easy-triplets",
    "SD209": "batch-coupled-output",
    "SD301": "collapsed-embedding",
    "SD302": "non-finite-weights",
    "SD303": "saturated-output",
    "SD304": "narrow-embedding",
    "SD305": "untrained-encoder",
    "SD306": "undertrained",
    "SD307": "stale-batch-statistics",
    "SD401": "preprocessing-mismatch",
    "SD402": "insufficient-augmentation",
    "SD403": "harmful-augmentation",
    "SD404": "too-few-identities",
    "SD405": "imbalanced-pairs",
    "SD406": "identical-positive-pairs",
    "SD407": "degenerate-images",
    "SD408": "underpowered-evaluation",
    "SD501": "untied-towers",
    "SD502": "same-input-twice",
}
FAMILIES = {"1": "scoring", "2": "objective", "3": "embedding", "4": "data", "5": "architecture"}
CHECKS = all_checks()
each_check = pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)


def code_blocks(page):
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


def test_the_catalogue_is_complete_and_nothing_is_in_it_twice():
    assert {c.code: c.id for c in CHECKS} == CATALOGUE
    assert len(CHECKS) == len(CATALOGUE)


@each_check
def test_it_is_filed_under_the_family_of_its_code(check):
    assert check.family == FAMILIES[check.code[2]]
    assert check.run.__module__.endswith(check.id.replace("-", "_"))


@each_check
def test_its_title_reads_as_one_sentence_without_a_stop(check):
    assert 10 < len(check.title) < 100
    assert not check.title.endswith(".")
    assert check.title[0].isupper()


@each_check
def test_its_page_says_how_it_looks_and_what_to_write_instead(check):
    page = check.page.lower()
    assert "how it looks:" in page or check.id in {"non-finite-weights", "single-unit-softmax"}
    assert "that has it" in page
    assert "corrected line" in page or "what helps:" in page
    assert "seen in:" in page or "see:" in page or check.id == "same-input-twice"


@each_check
def test_the_code_on_its_page_parses(check):
    blocks = code_blocks(check.page)
    assert blocks
    for block in blocks:
        ast.parse(block)


@each_check
def test_lines_of_its_page_fit_a_terminal(check):
    assert max(map(len, check.page.splitlines())) <= 120


@each_check
def test_it_explains_only_what_exists_and_not_itself(check):
    assert check.explains <= set(CATALOGUE.values())
    assert check.id not in check.explains


def test_explanations_run_in_no_circle():
    closed = closed_under_explanation({c.id: c for c in CHECKS})
    assert all(name not in closed[name] for name in closed)


@each_check
def test_without_a_model_and_data_it_is_skipped_with_a_reason(check):
    result = run_check(check, Case())
    assert result.status == "skipped"
    assert result.reason
    assert not result.reason.endswith(".")
    assert result.evidence is None


@each_check
def test_it_is_found_by_code_and_by_id_in_any_case(check):
    assert find(check.id) is find(check.code) is find(check.code.lower()) is check
