"""What trials say, and what would settle a tie, stands in every report for people and in the JSON."""

import dataclasses
import json

import pytest
from example_reports import ILL
from siamdoctor.gate import judge
from siamdoctor.render import html, machine, markdown, terminal
from siamdoctor.render.frame import Frame
from siamdoctor.results import Measurement, Tie, Trial

TRIED = dataclasses.replace(
    ILL,
    trials=(
        Trial(
            id="handful",
            statement="Trained anew on 8 pairs alone, the network learns them.",
            measurements=(Measurement(name="accuracy on the eight pairs", value=0.875, expected="1"),),
        ),
    ),
    tie=Tie(
        causes=("inverted-labels", "misaligned-labels"),
        sentence="inverted-labels and misaligned-labels lie close together.",
        command="siamdoctor diagnose --thorough",
        fact="training: {same_label: 0}",
    ),
    partial=True,
    interrupted=True,
)


@pytest.mark.parametrize("renderer", [terminal, markdown, html])
@pytest.mark.parametrize("width", [80, 120])
def test_people_read_it(renderer, width):
    text = " ".join(renderer.render(TRIED, Frame(width=width)).split())
    for wanted in ("the network learns them", "0.875", "siamdoctor diagnose --thorough", "artial: not all was trained"):
        assert wanted in text
    untried = " ".join(renderer.render(ILL, Frame(width=width)).split())
    assert "artial" not in untried


def test_scripts_read_it():
    told = json.loads(machine.render(TRIED, Frame()))
    assert told["partial"] is True
    assert told["trials"][0]["id"] == "handful"
    assert told["trials"][0]["measurements"][0]["value"] == 0.875
    assert told["tie"]["fact"] == "training: {same_label: 0}"
    assert json.loads(machine.render(ILL, Frame()))["tie"] is None


def test_an_interrupted_run_exits_as_interrupted():
    ruling = judge(TRIED)
    assert ruling.exit_code == 130
    assert "nterrupted" in ruling.sentence
