"""The commands beside `diagnose`, against a literal engine."""

import csv
import dataclasses
import json
import sys

import pytest
from example_reports import HEALTHY, ILL, SUBJECT, UNJUDGED
from siamdoctor.render import machine
from siamdoctor.render.frame import Frame
from test_answers import AUGMENTATION, CHANCE, METRICS, SWEEP

ARGUMENTS = ("model.keras", "data/val")
ASSUMED = ("a [guess]",)


@pytest.fixture
def answers(engine, project, monkeypatch):
    """An engine that answers every command and remembers how it was asked."""
    del engine, project
    asked = {}
    api = sys.modules["siamdoctor.api"]

    def answering(name, answer):
        def run(settings, progress, **given):
            asked[name] = given
            assert settings.data.path.name == "val"
            progress("working", 0.5)
            return SUBJECT, answer, ASSUMED

        return run

    for name, answer in (
        ("compare_metrics", METRICS),
        ("check_augmentation", AUGMENTATION),
        ("chance_level", CHANCE),
    ):
        monkeypatch.setattr(api, name, answering(name, answer), raising=False)

    def sweep(settings, *, progress, **options):
        return answering("sweep_margin", SWEEP)(settings, progress, **options)

    monkeypatch.setattr(api, "sweep_margin", sweep, raising=False)
    return asked


COMMANDS = ("sweep-margin", "compare-metrics", "check-augmentation", "chance-level")


@pytest.mark.parametrize("command", COMMANDS)
def test_json_has_the_envelope_and_the_part(run, answers, command):
    done = run(command, *ARGUMENTS, "--format", "json")
    told = json.loads(done.out)
    assert told["schema_version"] == 1
    assert told["subject"]["model"] == SUBJECT.model
    assert told["assumed"] == list(ASSUMED)
    part = {"sweep-margin": "margins", "compare-metrics": "metrics", "check-augmentation": "transforms"}
    assert part.get(command, "detectable") in told
    assert command.replace("-", "_") in answers


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("answers")
def test_a_bare_command_works_inside_a_project(run, project, command):
    (project / "siamdoctor.yaml").write_text("model: {path: model.keras}\ndata: {path: data/val}\n")
    done = run(command)
    assert done.code == (3 if command == "chance-level" else 0)
    assert "a [guess]" in done.out


@pytest.mark.usefixtures("answers")
def test_the_files_of_an_answer_are_written(run, project):
    done = run("compare-metrics", *ARGUMENTS, "--output", "markdown=m.md", "--output", "json=m.json")
    assert done.code == 0
    assert "cosine is better" in done.out
    assert "cosine is better" in (project / "m.md").read_text()
    assert json.loads((project / "m.json").read_text())["best"] == "cosine"


@pytest.mark.usefixtures("answers")
def test_a_format_that_only_reports_have_names_those_that_work(run):
    done = run("compare-metrics", *ARGUMENTS, "--format", "sarif")
    assert done.code == 2
    assert "terminal, json, markdown, html" in done.err


@pytest.mark.usefixtures("answers")
def test_a_sweep_is_written_as_a_table_and_as_pictures(run, project):
    files = [word for kind in ("csv", "png", "svg") for word in ("--output", f"{kind}=m.{kind}")]
    assert run("sweep-margin", *ARGUMENTS, *files).code == 0
    rows = list(csv.DictReader((project / "m.csv").read_text().splitlines()))
    assert [float(row["margin"]) for row in rows] == [p.margin for p in SWEEP.margins]
    assert [row["recommended"] for row in rows] == ["0", "1", "0"]
    assert rows[0]["effective_rank"] == ""
    assert (project / "m.png").read_bytes().startswith(b"\x89PNG")
    assert "recommended: 1" in (project / "m.svg").read_text()
    assert run("compare-metrics", *ARGUMENTS, "--output", "csv=m.csv").code == 2


@pytest.mark.usefixtures("answers")
def test_an_interrupted_sweep_prints_what_it_has_and_says_so(run, monkeypatch):
    interrupted = dataclasses.replace(SWEEP, interrupted=True)
    monkeypatch.setattr(sys.modules["siamdoctor.api"], "sweep_margin", lambda *_, **__: (SUBJECT, interrupted, ()))
    done = run("sweep-margin", *ARGUMENTS, "--format", "json")
    assert done.code == 130
    assert json.loads(done.out)["partial"] is True


def test_what_is_asked_of_the_sweep_reaches_it(run, answers, tmp_path):
    journal = tmp_path / "sweep.jsonl"
    asked = ("--margins", "2, 0.5,1", "--depth", "head", "--loss", "triplet", "--resume", str(journal), "--jobs", "2")
    run("sweep-margin", *ARGUMENTS, *asked)
    expected = {"margins": (0.5, 1.0, 2.0), "depth": "head", "loss": "triplet", "resume": journal, "jobs": 2}
    assert answers["sweep_margin"] == expected
    run("sweep-margin", *ARGUMENTS, "--margins", "1:2:3")
    assert answers["sweep_margin"]["margins"] == (1.0, 1.5, 2.0)
    run("sweep-margin", *ARGUMENTS)
    assert answers["sweep_margin"] == {"margins": None, "depth": None, "loss": None, "resume": None, "jobs": 1}


@pytest.mark.parametrize("margins", ["a", "", "0", "-1", "nan", "1,inf"])
@pytest.mark.usefixtures("answers")
def test_a_margin_that_is_none_is_refused(run, margins):
    done = run("sweep-margin", *ARGUMENTS, "--margins", margins)
    assert done.code == 2
    assert "margin" in done.err.lower()


@pytest.fixture
def saved(tmp_path):
    """Three reports as files."""
    paths = {}
    for name, report in (("ill", ILL), ("healthy", HEALTHY), ("unjudged", UNJUDGED)):
        paths[name] = str(tmp_path / f"{name}.json")
        (tmp_path / f"{name}.json").write_text(machine.render(report, Frame()))
    return paths


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("ill", "ill", 0),
        ("healthy", "ill", 1),
        ("ill", "healthy", 0),
        ("healthy", "healthy", 0),
        ("healthy", "unjudged", 3),
    ],
)
def test_compare_exits_by_what_is_new_or_worse(run, saved, before, after, code):
    done = run("compare", saved[before], saved[after])
    assert done.code == code
    assert "Accuracy" in done.out


def test_compare_as_json_names_every_change(run, saved):
    done = run("compare", saved["healthy"], saved["ill"], "--format", "json", "--fail-on", "never")
    told = json.loads(done.out)
    assert done.code == 0
    assert [(c["id"], c["kind"], c["after"]) for c in told["changes"]] == [
        ("single-unit-softmax", "new", "proven"),
        ("wrong-threshold", "new", "likely"),
        ("too-few-identities", "new", "possible"),
    ]
    assert told["accuracy_fell"] is True
    assert told["gate"]["exit_code"] == 0


def test_compare_refuses_what_is_no_report(run, saved, tmp_path):
    (tmp_path / "odd.json").write_text("{}")
    done = run("compare", saved["ill"], str(tmp_path / "odd.json"))
    assert done.code == 2
    assert "odd.json" in done.err
    assert run("compare", saved["ill"], "none.json").code == 2
