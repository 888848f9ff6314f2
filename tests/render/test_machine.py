import dataclasses
import json
import math

import pytest
from example_reports import CRASHED, HEALTHY, ILL, SOFTMAX, UNJUDGED, with_pictures
from hypothesis import given
from hypothesis import strategies as st
from siamdoctor.errors import BadSettings
from siamdoctor.render import machine
from siamdoctor.render.frame import Frame
from siamdoctor.render.saved import read_report, report_of
from siamdoctor.results import Accuracy, Attainable, Measurement, Recovery

ANY = st.floats(allow_nan=True, allow_infinity=True)


def loaded(report):
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(machine.render(report, Frame()), parse_constant=refuse)


def test_the_contracts_keys_come_out():
    told = loaded(ILL)
    assert told["schema_version"] == 1
    assert told["verdict"] == "chance"
    assert set(told) >= {"siamdoctor_version", "subject", "accuracy", "attainable", "causes", "checks", "assumed"}
    assert told["accuracy"] == {
        "value": 0.5,
        "low": 0.48,
        "high": 0.52,
        "chance": 0.5,
        "pairs": 2000,
        "identities": 20,
    }
    assert told["causes"][0]["recovers"] == {"points": 42.0, "low": 35.2, "high": 48.1}
    assert told["causes"][1]["explained_by"] == "single-unit-softmax"
    assert told["checks"][4] == {
        "id": "leaky-evaluation",
        "code": "SD104",
        "status": "skipped",
        "seconds": 0.0,
        "reason": "no training data is declared (data.train in siamdoctor.yaml)",
        "certainty": None,
        "summary": None,
        "recovers": None,
        "evidence": [],
    }
    assert told["gate"]["exit_code"] == 1


def test_what_could_not_be_measured_is_the_widest_interval_and_no_pairs():
    told = loaded(UNJUDGED)
    assert told["accuracy"] == {
        "value": 0.5,
        "low": 0.0,
        "high": 1.0,
        "chance": 0.5,
        "pairs": 0,
        "identities": 0,
    }
    assert told["attainable"]["by"] == "no remedy was measured"
    assert told["attainable"]["value"] == 0.5


def test_without_a_remedy_what_is_attainable_is_what_is_there():
    assert loaded(HEALTHY)["attainable"] == {
        "value": 0.93,
        "low": 0.9,
        "high": 0.95,
        "by": "no remedy was measured",
    }


@given(st.tuples(ANY, ANY, ANY, ANY))
def test_no_number_breaks_the_document(numbers):
    value, low, high, other = numbers
    cause = dataclasses.replace(
        SOFTMAX,
        probability=other,
        recovers=Recovery(points=value, low=low, high=high),
        evidence=(Measurement(name="n", value=value, low=low, high=high, expected=""),),
    )
    told = loaded(
        dataclasses.replace(
            ILL,
            accuracy=Accuracy(value=value, low=low, high=high, chance=other, pairs=2, identities=2),
            attainable=Attainable(value=value, low=low, high=high, by="x"),
            causes=(cause,),
        )
    )
    for key in ("accuracy", "attainable"):
        assert 0 <= told[key]["value"] <= 1
        assert 0 <= told[key]["low"] <= 1
        assert 0 <= told[key]["high"] <= 1
    assert told["causes"][0]["evidence"][0]["value"] == (value if math.isfinite(value) else None)


def test_the_document_is_ascii_whatever_a_file_is_called():
    named = dataclasses.replace(ILL, subject=dataclasses.replace(ILL.subject, model="\udcff模型[/bold].keras"))
    text = machine.render(named, Frame())
    text.encode("ascii")
    assert json.loads(text)["subject"]["model"] == "\udcff模型[/bold].keras"


@pytest.mark.parametrize("report", [ILL, HEALTHY, CRASHED, UNJUDGED])
def test_a_report_survives_being_written_and_read(report, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(machine.render(with_pictures(report), Frame()), encoding="utf-8")
    read = read_report(path)
    assert read.causes == report.causes
    assert read.accuracy == report.accuracy
    assert read.subject == report.subject
    assert [(c.id, c.status, c.reason) for c in read.checks] == [(c.id, c.status, c.reason) for c in report.checks]
    if report.attainable is not None:
        assert read.attainable == report.attainable


def test_a_file_that_is_no_report_is_refused_with_the_place(tmp_path):
    told = loaded(ILL)
    told["causes"][1]["level"] = "certain"
    with pytest.raises(BadSettings, match=r"causes\[1\]\.level is 'certain'"):
        report_of(told, "old.json")
    with pytest.raises(BadSettings, match="schema_version=2"):
        report_of({**told, "schema_version": 2}, "old.json")
    for content in ("", "[" * 100_000, "[]", '{"schema_version": true}', "3"):
        path = tmp_path / "odd.json"
        path.write_text(content)
        with pytest.raises(BadSettings, match=r"odd\.json"):
            read_report(path)
    with pytest.raises(BadSettings, match="cannot be read"):
        read_report(tmp_path / "none.json")
