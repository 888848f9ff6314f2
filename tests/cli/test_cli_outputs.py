"""Where reports go: files, the step summary, terminals; and what the shell completes."""

import io
import json
import sys
import xml.etree.ElementTree as ET

import pytest
from example_reports import with_pictures
from siamdoctor.cli.completion import complete_cause, complete_output
from siamdoctor.cli.output import outlets, screen
from siamdoctor.cli.progress import progress

pytestmark = pytest.mark.usefixtures("project", "engine")
ARGUMENTS = ("model.keras", "data/val")


def test_one_run_writes_every_format(run, engine, project):
    engine.report = with_pictures()
    names = {
        "json": "r.json",
        "markdown": "r.md",
        "html": "r.html",
        "junit": "r.xml",
        "sarif": "r.sarif",
        "github": "r.txt",
        "terminal": "t.txt",
    }
    words = [word for name, path in names.items() for word in ("--output", f"{name}={path}")]
    done = run("diagnose", *ARGUMENTS, *words, "--quiet")
    assert done.code == 1
    assert "AT CHANCE" in done.out
    assert json.loads((project / "r.json").read_text())["gate"]["exit_code"] == 1
    assert ET.parse(project / "r.xml").getroot().tag == "testsuites"  # noqa: S314  (our own text)
    assert json.loads((project / "r.sarif").read_text())["runs"][0]["tool"]["driver"]["rules"][0]["help"]["text"]
    assert (project / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert (project / "r.txt").read_text().startswith("::error")
    assert "\x1b" not in (project / "t.txt").read_text()
    assert "siamdoctor: chance" in (project / "r.md").read_text()


def test_the_step_summary_gets_the_markdown(run, project, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    (project / "summary.md").write_text("before\n")
    assert run("diagnose", *ARGUMENTS, "--format", "github").out.startswith("::error")
    text = (project / "summary.md").read_text()
    assert text.startswith("before\n## ")
    assert run("diagnose", *ARGUMENTS, "--format", "json").code == 1
    assert (project / "summary.md").read_text() == text


def test_a_summary_that_cannot_be_written_is_a_warning(run, project, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "none" / "summary.md"))
    done = run("diagnose", *ARGUMENTS, "--format", "github", "--quiet")
    assert done.code == 1
    assert "step summary cannot be written" in done.err


def test_a_report_that_cannot_be_written_is_2(run, project, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    done = run("diagnose", *ARGUMENTS, "--output", f"html={project / 'r.html'}", "--quiet")
    assert done.code == 2
    assert "No space left on device" in done.err


def test_outlets_are_checked_before_any_work():
    found = outlets("json", ["html=a.html", "terminal=b.txt"])
    assert [(o.format, o.path and o.path.name) for o in found] == [
        ("json", None),
        ("html", "a.html"),
        ("terminal", "b.txt"),
    ]


def test_progress_is_drawn_only_for_a_person(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress(quiet=True) as tell:
        tell("reading", 0.5)
    assert shown.getvalue() == ""
    monkeypatch.setenv("TERM", "xterm")
    with progress(quiet=False) as tell:
        tell("reading [bold]a", 0.5)
    assert "reading [bold]a" in shown.getvalue()
    piped = io.StringIO()
    monkeypatch.setattr(sys, "stderr", piped)
    with progress(quiet=False) as tell:
        tell("reading", 0.5)
    assert piped.getvalue() == ""


def test_a_pipe_has_80_columns_and_no_colour(monkeypatch):
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert (screen().width, screen().colour) == (80, False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert screen().colour
    monkeypatch.setenv("NO_COLOR", "1")
    assert not screen().colour


def test_the_shell_completes_causes_and_formats():
    assert complete_cause("sd2") == [("SD204", "A softmax over a single unit")]
    assert [name for name, _ in complete_cause("sing")] == ["single-unit-softmax"]
    assert complete_output("js") == ["json="]
