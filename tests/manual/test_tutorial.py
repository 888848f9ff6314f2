"""The tutorial, word for word: its errors are raised, its accuracies reached, its commands print what it shows."""

import contextlib
import io
import re
from importlib.resources import files

import pytest
from fenced import fenced
from siamdoctor import cli, manual_pages

TEXT = files("siamdoctor").joinpath("tutorial.md").read_text(encoding="utf-8")
TOLERANCE = 5  # points: another processor sums in another order


def test_the_tutorial_is_a_page_of_the_manual():
    assert manual_pages.topic("Tutorial") == TEXT
    assert manual_pages.topic("wrong-threshold") is None


def test_its_code_is_shown_whole_and_its_blocks_are_of_known_kinds():
    blocks = fenced(TEXT)
    assert {block.language for block in blocks} == {"python", "console", "yaml", "text"}
    assert {block.note for block in blocks} == {"", "raises: AttributeError", "raises: ValueError"}
    assert max(len(line) for block in blocks for line in block.code.splitlines()) <= 76


@pytest.mark.slow
def test_the_tutorial_holds_word_for_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    names, printed, accuracies = {"__name__": "tutorial"}, "", []
    for block in fenced(TEXT):
        if block.language == "python":
            printed = run_python(block, names)
        elif block.language == "console":
            printed = run_commands(block.code)
        elif block.language == "yaml":
            (tmp_path / "siamdoctor.yaml").write_text(block.code, encoding="utf-8")
        else:
            accuracies += compare(block.code, printed)
    assert len(accuracies) == 3
    assert accuracies == sorted(accuracies)


def run_python(block, names):
    """What the block prints; a block that promises an error has to raise it."""
    out = io.StringIO()
    code = compile(block.code, "tutorial", "exec")
    promised = block.note.removeprefix("raises: ")
    error = {"AttributeError": AttributeError, "ValueError": ValueError, "": None}[promised]
    with contextlib.redirect_stdout(out), pytest.raises(error) if error else contextlib.nullcontext():
        exec(code, names)  # noqa: S102  (the tutorial's own code)
    return out.getvalue()


def run_commands(lines):
    """What the commands print, one after the other."""
    out = io.StringIO()
    for line in lines.splitlines():
        with contextlib.redirect_stdout(out), pytest.raises(SystemExit):
            cli.main([*line.split()[1:], "--quiet"])
    return out.getvalue()


def compare(shown, printed):
    """Every line that the tutorial shows begins or stands in a line that was printed; accuracies within some points."""
    found = []
    for line in shown.splitlines():
        claimed = re.fullmatch(r"accuracy (\d+)%", line)
        if claimed:
            reached = int(re.fullmatch(r"accuracy (\d+)%\s*", printed)[1])
            assert abs(reached - int(claimed[1])) <= TOLERANCE
            found.append(reached)
        else:
            assert line in " ".join(printed.split()), f"{line!r} is not printed:\n{printed}"
    return found
