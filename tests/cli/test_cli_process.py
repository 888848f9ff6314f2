"""What only a process of its own can show: what is imported, what reaches which stream, how it ends."""

import pytest
from show_imports import SHOW_IMPORTS


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("diagnose", "--help"), 0),
        (("explain",), 0),
        (("explain", "single-unit-softmax"), 0),
        (("diagnose", "none.keras", "none"), 2),
        (("diagnose", "broken.keras", "data"), 2),
        (("diagnose", "broken.keras", "data", "--config", "typo.yaml"), 2),
        (("diagnose", "broken.keras", "data", "--select", "no-such-cause"), 2),
        (("inspect", "broken.keras"), 2),
        (("init", "--path", "-"), 0),
    ],
)
def test_what_can_do_without_tensorflow_never_loads_it(python, words, code, tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"not a model")
    (tmp_path / "typo.yaml").write_text("desicion: {threshold: 1}\n")
    (tmp_path / "data").mkdir()
    done = python("-c", SHOW_IMPORTS, *words, cwd=tmp_path)
    assert f"heavy=[] code={code}" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_one_line(python):
    done = python("-m", "siamdoctor", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("siamdoctor ")
    assert done.stdout.count("\n") == 1


def test_help_names_every_command_and_the_exit_codes(python):
    done = python("-m", "siamdoctor", "--help")
    assert done.returncode == 0
    for word in ("diagnose", "inspect", "explain", "Exit codes", "130"):
        assert word in done.stdout


def test_an_unknown_command_or_page_is_2(python):
    unknown = python("-m", "siamdoctor", "diagnoze")
    assert unknown.returncode == 2
    assert "diagnose" in unknown.stderr
    page = python("-m", "siamdoctor", "explain", "no-such-cause")
    assert page.returncode == 2
    assert page.stdout == ""


def test_a_terminal_without_utf8_gets_plain_letters(python, tmp_path):
    script = "from siamdoctor.cli.output import to_stdout; to_stdout('▁█ ─● …\\n')"
    done = python("-c", script, cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout == ".# -o ...\n"
