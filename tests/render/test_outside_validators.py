"""Reports held against what others demand: JUnit's and SARIF's schemas, a Markdown parser, GitHub's command syntax."""

import dataclasses
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
import xmlschema
from example_reports import CRASHED, HEALTHY, ILL, UNJUDGED, with_pictures
from markdown_it import MarkdownIt
from siamdoctor import manual_pages
from siamdoctor.gate import judge
from siamdoctor.render import github, junit, markdown, sarif
from siamdoctor.render.frame import Frame, Page

SCHEMAS = Path(__file__).parent / "schemas"
SARIF = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
MANUAL = {e.id: Page(code=e.code, title=e.title, family=e.family, text=e.page) for e in manual_pages.entries()}
HOSTILE = dataclasses.replace(
    ILL,
    headline="a\x00b\x1b[31m\udcff ]]> <x> | ` \ufffe \U0001f600 100%0A\r\n::error::x",
    subject=dataclasses.replace(ILL.subject, model="/abs/ü %\udcff:x,y|`<b>.keras"),
)
REPORTS = {
    "ill": ILL,
    "healthy": HEALTHY,
    "unjudged": UNJUDGED,
    "crashed": CRASHED,
    "hostile": HOSTILE,
    "pictured": with_pictures(),
}
FRAMES = {
    "bare": Frame(),
    "manual": Frame(pages=MANUAL),
    "never": Frame(ruling=judge(ILL, fail_on="never"), pages=MANUAL),
    "baseline": Frame(ruling=judge(ILL, baseline=HEALTHY), pages=MANUAL),
}
every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
every_frame = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)


@every_report
@every_frame
def test_junit_holds_to_the_schema_of_jenkins(report, frame):
    JUNIT.validate(junit.render(report, frame))


def test_the_schema_of_jenkins_refuses_what_is_no_junit():
    broken = junit.render(ILL, Frame()).replace("<testcase ", "<test ").replace("</testcase>", "</test>")
    assert not JUNIT.is_valid(broken)


@every_report
@every_frame
def test_sarif_holds_to_the_schema_of_oasis(report, frame):
    document = json.loads(sarif.render(report, frame))
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(document)


def test_the_schema_of_oasis_refuses_what_is_no_sarif():
    broken = json.loads(sarif.render(ILL, Frame()))
    broken["runs"][0]["results"][0]["level"] = "certain"
    with pytest.raises(jsonschema.ValidationError, match="certain"):
        jsonschema.Draft4Validator(SARIF).validate(broken)


def test_sarif_brings_the_whole_manual_page_of_each_rule():
    rules = json.loads(sarif.render(ILL, Frame(pages=MANUAL)))["runs"][0]["tool"]["driver"]["rules"]
    pages = {rule["properties"]["id"]: rule["help"]["markdown"] for rule in rules}
    assert set(pages) >= set(MANUAL)
    for cause, entry in MANUAL.items():
        assert pages[cause] == entry.text


@every_report
def test_markdown_has_whole_tables_and_no_markup_of_the_users(report):
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render(report, Frame()))
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    # What GitHub folds away is HTML of our own; everything else of the kind would be the user's.
    html = "".join(token.content for token in flat if token.type.startswith("html"))
    assert set(re.findall(r"</?(\w+)", html)) <= {"details", "summary", "br", "sub", "code", "b"}
    counts = Counter(token.type for token in flat)
    assert counts["h1_open"] == 0
    assert counts["heading_open"] >= 1
    assert counts["table_open"] == counts["table_close"]
    cells, width = 0, None
    for token in tokens:
        if token.type == "tr_open":
            cells = 0
        elif token.type in {"th_open", "td_open"}:
            cells += 1
        elif token.type == "tr_close":
            assert width in {None, cells}
            width = cells
        elif token.type == "table_close":
            width = None


def commands_of(text):
    """Workflow commands as GitHub's runner reads them: name, properties, message, with its escapes undone."""
    for line in text.splitlines():
        name, properties, message = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", line).groups()
        given = dict(item.split("=", 1) for item in (properties or "").split(",") if item)
        yield name, {key: unquote(value) for key, value in given.items()}, unquote(message)


@every_report
@every_frame
def test_annotations_are_commands_that_github_knows(report, frame):
    found = list(commands_of(github.render(report, frame)))
    assert found
    for name, properties, message in found:
        assert name in {"error", "warning", "notice"}
        assert set(properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert message.strip()
    headline = found[0][2]
    if report is HOSTILE:
        assert "::error::x" in headline, "a command within a message stays a message"
