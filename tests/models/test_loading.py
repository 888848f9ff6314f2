"""Each kind of saved model in the README's table, read by Keras and here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from loading import KINDS, attempt

README = Path(__file__).parent.parent.parent / "README.md"
NEVER = {"Git LFS pointer"}


def rows():
    text = README.read_text(encoding="utf-8")
    part = re.search(r"<!-- loading: begin -->\n(.*?)\n<!-- loading: end -->", text, re.DOTALL)[1]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in part.splitlines()[2:]]
    return {(what, saved): tuple(rest) for what, saved, *rest in cells}


def test_every_kind_has_one_row_in_the_readme():
    assert list(rows()) == [(kind.what, kind.saved) for kind in KINDS]
    assert len(KINDS) >= 25


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[pytest.mark.slow] if k.slow else [], id=f"{k.what} {k.saved}") for k in KINDS],
)
def test_readme_says_what_reads_a_file(kind):
    tried = attempt(kind)
    assert tried.here == (kind.what not in NEVER)
    assert tried.bare == (tried.here and not kind.option), "the option is named where it is needed, and only there"
    in_keras, here, option = rows()[kind.what, kind.saved]
    assert (in_keras, here) == ("yes" if tried.keras else "no", "yes" if tried.here else "no")
    assert option == (f"`{kind.option}`" if kind.option else "")
