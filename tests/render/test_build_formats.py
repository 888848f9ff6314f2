"""JUnit, SARIF and GitHub: what build servers read."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from importlib.resources import files

import jsonschema
import pytest
from example_reports import CRASHED, FEW, HEALTHY, ILL, SOFTMAX, THRESHOLD, UNJUDGED, with_pictures
from siamdoctor.gate import judge
from siamdoctor.render import FORMATS, github, junit, machine, renderer, sarif
from siamdoctor.render.frame import Frame, Page
from siamdoctor.results import Accuracy

PAGES = {
    c.id: Page(code=c.code, title=c.title, family="objective", text=f"{c.title}.\n\nHow it looks.")
    for c in (SOFTMAX, THRESHOLD, FEW)
}
HOSTILE = dataclasses.replace(
    ILL,
    headline="a\x00b\x1b[31m\udcff ]]> <x> \ufffe \U0001f600 100%0A\r\n::error::x",
    subject=dataclasses.replace(ILL.subject, model="/abs/ü %\udcff:x,y.keras"),
)
REPORTS = (ILL, HEALTHY, UNJUDGED, CRASHED, HOSTILE)
SCHEMA = json.loads(files("siamdoctor.render").joinpath("report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("report", REPORTS)
def test_every_format_renders_every_report_twice_the_same(name, report):
    frame = Frame(pages=PAGES)
    assert renderer(name)(report, frame) == renderer(name)(report, frame)


@pytest.mark.parametrize("report", [*REPORTS, with_pictures()])
def test_json_holds_to_the_published_schema(report):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(machine.render(report, Frame(pages=PAGES))))


def test_the_schema_refuses_what_is_no_report():
    broken = json.loads(machine.render(ILL, Frame()))
    broken["causes"][0]["level"] = "certain"
    with pytest.raises(jsonschema.ValidationError, match="certain"):
        jsonschema.Draft202012Validator(SCHEMA).validate(broken)


def suite_of(report, frame=None):
    suites = ET.fromstring(junit.render(report, frame or Frame(pages=PAGES)))  # noqa: S314  (our own text)
    assert suites.tag == "testsuites"
    (suite,) = suites
    return suite


@pytest.mark.parametrize("report", REPORTS)
def test_junit_counts_agree_with_its_cases(report):
    suite = suite_of(report)
    cases = suite.findall("testcase")
    assert [child.tag for child in suite] == ["properties"] + ["testcase"] * len(cases)
    assert int(suite.get("tests")) == len(cases) == 1 + len(report.checks)
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(attribute)) == len(suite.findall(f"testcase/{tag}"))
    assert all(re.fullmatch(r"\d+\.\d{3}", case.get("time")) for case in cases)


def test_junit_tells_failed_skipped_and_crashed_apart():
    cases = {case.get("name"): case for case in suite_of(CRASHED).findall("testcase")}
    assert cases["single-unit-softmax"].find("failure").get("type") == "proven"
    assert 'Dense(1, activation="sigmoid"' in cases["single-unit-softmax"].find("failure").text
    assert cases["single-unit-softmax"].get("classname") == "siamdoctor.objective"
    assert cases["collapsed-embedding"].find("failure") is None
    assert "data.train" in cases["leaky-evaluation"].find("skipped").get("message")
    assert cases["narrow-embedding"].find("error").text == "ValueError: <oops> & ]]>"
    assert cases["verdict"].find("error") is not None
    assert cases["too-few-identities"].find("failure") is None
    assert "Collect more identities." in cases["too-few-identities"].find("system-out").text


def test_junit_shows_what_xml_cannot_hold():
    output = suite_of(HOSTILE).find("testcase/system-out").text
    assert "a\\x00b\\x1b[31m\\xdcff ]]> <x> \\xfffe \U0001f600" in output


def test_a_lower_accuracy_than_the_baselines_is_a_failure_of_its_own():
    low = Accuracy(value=0.8, low=0.77, high=0.83, chance=0.5, pairs=2000, identities=20)
    report = dataclasses.replace(HEALTHY, accuracy=low)
    ruling = judge(report, baseline=HEALTHY)
    case = suite_of(report, Frame(ruling=ruling)).find("testcase")
    assert case.find("failure").get("type") == "accuracy"


def run_of(report, frame=None):
    document = json.loads(sarif.render(report, frame or Frame(pages=PAGES)))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


@pytest.mark.parametrize("frame", [Frame(), Frame(pages=PAGES)])
@pytest.mark.parametrize("report", REPORTS)
def test_sarif_results_point_at_their_rules(report, frame):
    run = run_of(report, frame)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(report.causes)
    for result, cause in zip(run["results"], report.causes, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == cause.code
        assert result["message"]["text"]
        assert result["level"] in {"error", "warning", "note"}
    for note in run["invocations"][0]["toolExecutionNotifications"]:
        if "associatedRule" in note:
            assert rules[note["associatedRule"]["index"]]["id"] == note["associatedRule"]["id"]


def test_sarif_levels_follow_the_gate():
    assert [r["level"] for r in run_of(ILL)["results"]] == ["error", "error", "note"]
    never = Frame(ruling=judge(ILL, fail_on="never"))
    assert [r["level"] for r in run_of(ILL, never)["results"]] == ["warning", "warning", "note"]
    known = run_of(ILL, Frame(ruling=judge(ILL, baseline=ILL)))["results"][0]
    assert known["level"] == "warning"
    assert known["suppressions"][0]["justification"] == "known in the baseline"


def test_sarif_paths_are_uris_and_its_pages_are_the_manual():
    run = run_of(HOSTILE)
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///abs/%C3%BC%20%25%FF%3Ax%2Cy.keras", "index": 0}
    assert run["tool"]["driver"]["rules"][0]["help"]["text"].endswith("How it looks.")
    assert run_of(CRASHED)["invocations"][0]["executionSuccessful"] is False


def test_annotations_say_what_fails_and_escape_what_would_break_out():
    lines = github.render(ILL, Frame()).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::error", "::notice"]
    assert "title=SD204 A softmax over a single unit (proven)::" in lines[1]
    hostile = github.render(HOSTILE, Frame()).splitlines()
    assert len(hostile) == len(lines)
    assert "100%250A" in hostile[0]
    assert "file=/abs/ü %25\\udcff%3Ax%2Cy.keras," in hostile[1]


def test_annotations_of_a_healthy_model_raise_no_alarm():
    (line,) = github.render(HEALTHY, Frame()).splitlines()
    assert line.startswith("::notice title=siamdoctor%3A healthy::")
