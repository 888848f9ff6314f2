"""What only a process of its own can show: what is imported, what reaches which stream, how it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import siamdoctor

ROOT = Path(siamdoctor.__file__).parents[1]
SHOW_IMPORTS = """
import sys
from siamdoctor.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stopped:
    code = stopped.code
heavy = [name for name in ("tensorflow", "keras", "torch") if name in sys.modules]
sys.stderr.write(f"\\nheavy={heavy} code={code}\\n")
"""


def python(*words, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT), **environment},
    )


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("diagnose", "--help"),
        ("explain",),
        ("explain", "single-unit-softmax"),
        ("diagnose", "none.keras", "none"),
        ("diagnose", "--select", "no-such-cause"),
        ("inspect", "--help"),
    ],
)
def test_what_can_do_without_tensorflow_never_loads_it(words, tmp_path):
    done = python("-c", SHOW_IMPORTS, *words, cwd=tmp_path)
    assert "heavy=[]" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_one_line():
    done = python("-m", "siamdoctor", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("siamdoctor ")
    assert done.stdout.count("\n") == 1


def test_help_names_every_command_and_the_exit_codes():
    done = python("-m", "siamdoctor", "--help")
    assert done.returncode == 0
    for word in ("diagnose", "inspect", "explain", "Exit codes", "130"):
        assert word in done.stdout


def test_an_unknown_command_or_page_is_2():
    unknown = python("-m", "siamdoctor", "diagnoze")
    assert unknown.returncode == 2
    assert "diagnose" in unknown.stderr
    page = python("-m", "siamdoctor", "explain", "no-such-cause")
    assert page.returncode == 2
    assert page.stdout == ""


def test_a_terminal_without_utf8_gets_plain_letters(tmp_path):
    script = "from siamdoctor.cli.output import to_stdout; to_stdout('▁█ ─● …\\n')"
    done = python("-c", script, cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout == ".# -o ...\n"
