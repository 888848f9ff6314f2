"""Text loses nothing that JSON says: at 80 and 120 columns and in a pipe, what is long is wrapped and never cut."""

import json
import re

import pytest
from example_reports import CRASHED, HEALTHY, ILL, UNJUDGED, with_pictures
from siamdoctor.render import machine, terminal, terminal_sheet
from siamdoctor.render.frame import Frame
from test_answers import SHEETS

REPORTS = {"ill": ILL, "healthy": HEALTHY, "unjudged": UNJUDGED, "crashed": CRASHED, "pictured": with_pictures()}
WIDTHS = (80, 120)


def words(text):
    """Its words without what is said by colour or wrapping; a table's cells stand beside each other, so no order."""
    return set(re.sub(r"[`]", "", text).split())


def letters(text):
    return re.sub(r"[\s`]", "", text)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_cause_number_and_line_of_code_is_printed(report, width):
    told = json.loads(machine.render(report, Frame()))
    shown = terminal.render(report, Frame(width=width))
    assert max(map(len, shown.splitlines())) <= width
    for cause in told["causes"]:
        for text in (cause["id"], cause["code"], cause["level"].upper()):
            assert text in words(shown.replace(",", " "))
        assert letters(cause["title"]) in letters(shown)
        assert letters(cause["summary"]) in letters(shown)
        for line in cause["fix"].replace("```python", "").splitlines():
            assert letters(line) in letters(shown)
        for seen in cause["evidence"]:
            assert words(seen["name"]) <= words(shown)
            assert words(seen["expected"]) <= words(shown)
    for check in told["checks"]:
        assert check["id"] in shown
        if check["status"] in {"skipped", "crashed"}:
            assert letters(check["reason"]) in letters(shown)
    for sentence in (told["headline"], *told["assumed"]):
        assert letters(sentence) in letters(shown)
    assert "…" not in shown
    assert "siamdoctor explain" in shown or not told["causes"]


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_cell_of_an_answer_is_printed(sheet, width):
    shown = terminal_sheet.render(sheet, Frame(width=width))
    assert max(map(len, shown.splitlines())) <= width
    for name, value in sheet.facts:
        assert words(f"{name} {value}") <= words(shown)
    for table in sheet.tables:
        for row in table.rows:
            dispensable = frozenset().union(*table.extra)  # intervals beside a value that is shown
            for cell in (c for c, name in zip(row, table.columns, strict=True) if name not in dispensable):
                assert letters(cell) in letters(shown) or words(cell) <= words(shown)
    for notes in sheet.notes:
        for sentence in notes.sentences:
            assert letters(sentence) in letters(shown)
    assert "…" not in shown
