"""The recipes for GitHub, GitLab and make, run as they stand in their files: each blocks and each passes.

The commands are taken out of the files and given to bash with the environment that a runner gives them. What
`diagnose` is told besides keeps these runs short; the gate's settings and the exit codes are the real ones.
"""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from gate_settings import ROOT

ACTION = ROOT / ".github" / "actions" / "diagnose"
SHORT = "--pairs 300 --select wrong-threshold --select single-unit-softmax"
EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")


@pytest.fixture
def project(tmp_path):
    """A working directory with the files of a network, as a checkout after training."""

    def make(folder):
        return Path(shutil.copytree(folder, tmp_path / "project"))

    return make


@pytest.fixture
def action(bash, tmp_path):
    """Run the steps of the composite action as GitHub does."""
    described = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))

    def run(cwd, **given):
        inputs = {name: str(of["default"]) for name, of in described["inputs"].items()} | given
        files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        done = None
        for step in described["runs"]["steps"]:
            assert step["shell"] == "bash"
            assert not EXPRESSION.search(step["run"]), "inputs must not become text of a script"
            own = {name: EXPRESSION.sub(lambda m: inputs[m[1]], value) for name, value in step.get("env", {}).items()}
            done = bash(step["run"], cwd=cwd, GITHUB_ACTION_PATH=str(ACTION), GITHUB_ACTIONS="true", **files, **own)
            if done.returncode:
                break
        return done, {name: Path(path).read_text() if Path(path).exists() else "" for name, path in files.items()}

    return run


def test_the_action_blocks_a_sick_network_with_annotations_a_summary_and_sarif(action, project, sick):
    folder = project(sick)
    done, written = action(folder, options=SHORT)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error title=siamdoctor%3A chance::")
    assert "single-unit-softmax" in written["GITHUB_STEP_SUMMARY"]
    assert "exit-code=1" in written["GITHUB_OUTPUT"].splitlines()
    rules = json.loads((folder / "siamdoctor.sarif").read_text())["runs"][0]["results"]
    assert any(result["ruleId"] == "SD204" and result["level"] == "error" for result in rules)
    assert json.loads((folder / "siamdoctor.json").read_text())["gate"]["exit_code"] == 1


def test_the_action_passes_a_sound_network(action, project, sound):
    done, written = action(project(sound), options=SHORT)
    assert done.returncode == 0, done.stderr
    assert "::error" not in done.stdout
    assert "exit-code=0" in written["GITHUB_OUTPUT"].splitlines()


def test_the_action_blocks_where_there_is_nothing_to_judge(action, tmp_path):
    (tmp_path / "empty").mkdir()
    done, written = action(tmp_path / "empty")
    assert done.returncode == 2
    assert "MODEL is missing" in done.stderr
    assert "exit-code=2" in written["GITHUB_OUTPUT"].splitlines()


@pytest.mark.parametrize("name", ["model", "data", "config", "options", "baseline", "sarif", "json"])
def test_no_input_of_the_action_is_run_as_a_command(action, tmp_path, name):
    (tmp_path / "empty").mkdir()
    evil = '$(touch ran); touch ran `touch ran`"; touch ran; "'
    assert action(tmp_path / "empty", **{name: evil})[0].returncode != 0
    assert list(tmp_path.rglob("ran")) == []


@pytest.mark.slow
def test_the_action_passes_what_its_baseline_knew(action, project, sick):
    folder = project(sick)
    assert action(folder, options=SHORT, json="main.json")[0].returncode == 1
    assert action(folder, options=SHORT, baseline="main.json")[0].returncode == 0
    assert action(folder, options=SHORT, baseline="none-yet.json")[0].returncode == 1


@pytest.fixture
def gitlab(bash):
    """Run the lines of the GitLab job as its runner does."""
    job = yaml.safe_load((ROOT / "configs" / "gitlab-ci.yml").read_text(encoding="utf-8"))["siamdoctor"]

    def run(cwd, **variables):
        (cwd / "configs").mkdir()
        shutil.copy(ROOT / "configs" / "ci.yaml", cwd / "configs")
        script = "\n".join([*job["before_script"], *job["script"]])
        values = {name: str(value) for name, value in job["variables"].items()} | variables
        return bash(script, cwd=cwd, options=("-eo", "pipefail"), **values)

    return run


@pytest.mark.slow
@pytest.mark.parametrize(("which", "code"), [("sick", 1), ("sound", 0)])
def test_the_gitlab_job_blocks_and_passes(gitlab, project, which, code, request):
    folder = project(request.getfixturevalue(which))
    done = gitlab(folder, SIAMDOCTOR_OPTIONS=SHORT)
    assert done.returncode == code, done.stderr
    suites = ET.parse(folder / "siamdoctor.xml").getroot()  # noqa: S314  (our own text)
    assert bool(suites.findall(".//failure")) == bool(code)
    assert (folder / "siamdoctor.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def make(bash, folder, *more):
    (folder / "Makefile").write_text(f"include {ROOT}/configs/gate.mk\n\nrelease: gate\n\t@echo released\n")
    return bash(f"make --no-print-directory release SIAMDOCTOR_OPTIONS='{SHORT}' {' '.join(more)}", cwd=folder)


@pytest.mark.slow
@pytest.mark.parametrize(("which", "code"), [("sick", 2), ("sound", 0)])
def test_the_recipe_for_make_blocks_and_passes(bash, project, which, code, request):
    folder = project(request.getfixturevalue(which))
    done = make(bash, folder, "SIAMDOCTOR='python -m siamdoctor'")
    assert done.returncode == code, done.stderr
    assert ("released" in done.stdout) == (code == 0)


def test_the_recipe_for_make_blocks_where_there_is_nothing_to_judge(bash, tmp_path):
    done = make(bash, tmp_path, "SIAMDOCTOR='python -m siamdoctor'")
    assert done.returncode == 2
    assert "released" not in done.stdout
    assert "cannot be read" in done.stderr


def test_the_recipes_name_the_version_that_is_here():
    text = (ROOT / "configs" / "gitlab-ci.yml").read_text(encoding="utf-8")
    version = re.search(r'__version__ = "([^"]+)"', (ROOT / "siamdoctor" / "__init__.py").read_text(encoding="utf-8"))
    assert f"siamdoctor-{version[1]}-py3-none-any.whl" in text
