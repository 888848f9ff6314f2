"""Every command that the README, the tutorial and a command's own help show is one that the program takes."""

import inspect
import re
import shlex
from importlib.resources import files
from pathlib import Path

import pytest
import typer
from fenced import fenced
from siamdoctor import cli, manual_pages
from siamdoctor.cli.app import app
from siamdoctor.faults import make_patient

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = files("siamdoctor").joinpath("tutorial.md").read_text(encoding="utf-8")
HELP = {command.name: inspect.getdoc(command.callback) for command in app.registered_commands}
PROGRAM = typer.main.get_command(app)
RUN_ELSEWHERE = {"make demo": "with `make readme`, whose slow test compares what is printed"}


def shown(text):
    """The command lines of a text's console blocks, without their comments."""
    lines = [line for block in fenced(text, "console") if block.reason is None for line in block.code.splitlines()]
    return [" ".join(shlex.split(line, comments=True)) for line in lines if line.strip()]


EXAMPLES = sorted({line for text in (README, TUTORIAL, *HELP.values()) for line in shown(text)})
OURS = [line for line in EXAMPLES if re.match(r"(\.venv/bin/)?siamdoctor ", line)]


def test_other_commands_are_marked_in_their_fence_or_run_elsewhere():
    others = [line for line in EXAMPLES if line not in OURS]
    assert [line for line in others if not line.startswith(tuple(RUN_ELSEWHERE))] == []
    reasons = [block.note for block in fenced(README, "console") if block.reason is not None]
    assert reasons == [
        "no-run: both install TensorFlow into .venv, which takes minutes",
        "no-run: it installs into the environment that the tests run in",
    ]


@pytest.mark.parametrize("line", OURS)
def test_a_command_that_is_shown_can_be_given(line):
    _, name, *words = line.partition(" > ")[0].split()
    PROGRAM.commands[name].make_context(name, words)


@pytest.mark.parametrize("name", HELP)
def test_every_command_shows_examples_of_itself(name):
    lines = shown(HELP[name])
    assert name in {line.split()[1] for line in lines}
    assert max(map(len, lines)) <= 76, "a terminal of 80 columns shows it on one line"


def test_pages_are_named_as_they_are_called():
    texts = (README, TUTORIAL, *HELP.values(), *(entry.page for entry in manual_pages.entries()))
    words = {word for text in texts for word in re.findall(r"siamdoctor explain ([\w-]+)", text)}
    known = {name for entry in manual_pages.entries() for name in (entry.id, entry.code)} | set(manual_pages.TOPICS)
    assert words - known <= {"CAUSE"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with all that the README's commands name."""
    folder = tmp_path_factory.mktemp("project")
    patient = make_patient("single-unit-softmax", folder=folder, epochs=2)
    (folder / "data").rename(folder / "val")
    (folder / "data").mkdir()
    (folder / "val").rename(folder / "data" / "val")
    patient.settings.unlink()
    (folder / "configs").mkdir()
    for file in (ROOT / "configs").iterdir():
        (folder / "configs" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_the_commands_of_the_readme_run_in_their_order(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    for name in ("main", "branch"):
        assert ran("diagnose", "model.keras", "data/val", "--output", f"json={name}.json", "--pairs", "200") == 1
    for line in [line for line in shown(README) if line.startswith("siamdoctor ")]:
        capsys.readouterr()
        code = ran(*line.split()[1:])
        assert code in ({0, 1} if " diagnose" in line else {0}), f"{line}\n{capsys.readouterr().err}"
        if "--output" in line:
            assert (project / line.rpartition("=")[2]).stat().st_size > 1000


def ran(*words):
    """The exit code of one command in this process."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(words))
    return stopped.value.code or 0
