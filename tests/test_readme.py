"""The README holds: its generated parts, its settings, its Python, and what it says is not done."""

from __future__ import annotations

import dataclasses
import re

import pytest
import yaml
from siamdoctor import __version__
from siamdoctor.cli.app import app
from siamdoctor.faults import FAULTS, make_patient
from siamdoctor.gate import CLEAR, FOUND, UNJUDGED
from siamdoctor.registry import all_checks
from siamdoctor.settings import Settings, read_settings

from readme_parts import COLUMNS, PARTS, README, WITH_A_RUN, refreshed, report

TEXT = README.read_text(encoding="utf-8")
EMPTY = "# Title\n<!-- {0}: begin -->\nold\n<!-- {0}: end -->\nrest | of it\n"


WATCHED = "# runs/siamdoctor.yaml\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def part(name: str, text: str = TEXT) -> str:
    return re.search(rf"<!-- {name}: begin -->\n(.*?)\n<!-- {name}: end -->", text, re.DOTALL)[1]


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """A folder with model.keras, data and siamdoctor.yaml, as the README's examples expect."""
    folder = tmp_path_factory.mktemp("readme")
    return make_patient("single-unit-softmax", folder=folder, epochs=2)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("commands", "| `siamdoctor diagnose` | Run every check that can run"),
        ("options", "| `--fail-on LEVEL` | "),
        ("options", "| `-f, --format FORMAT` | "),
        ("options", "| `--thorough` | "),
        ("own", "| `diagnose` | `--baseline FILE` | "),
        ("own", "| `sweep-margin` | `--depth analytic\\|head\\|full` | "),
        ("own", "| `demo` | `--fault CAUSE` | The fault to inject. [default: single-unit-softmax] |"),
        ("causes", "| SD102 | `wrong-threshold` | The decision threshold"),
    ],
)
def test_a_part_is_written_between_its_marks_and_nothing_else_changes(name: str, row: str):
    text = refreshed(EMPTY.format(name))
    assert text.startswith(f"# Title\n<!-- {name}: begin -->\n| ")
    assert text.endswith(f" |\n<!-- {name}: end -->\nrest | of it\n")
    assert row in text
    assert "old" not in text.splitlines()
    assert refreshed(text) == text


def test_rows_have_as_many_cells_as_their_head():
    for name in PARTS:
        rows = refreshed(EMPTY.format(name)).splitlines()[2:-2]
        assert len({row.replace("\\|", "").count("|") for row in rows}) == 1


@pytest.mark.parametrize("text", ["<!-- prices: begin --><!-- prices: end -->", "<!-- causes: begin -->"])
def test_a_part_that_is_unknown_or_unended_is_refused(text: str):
    with pytest.raises(ValueError, match="Received: "):
        refreshed(text)


def test_every_part_stands_in_the_readme_and_is_up_to_date():
    assert [name for name in WITH_A_RUN if f"<!-- {name}: begin -->" not in TEXT] == []
    assert refreshed(TEXT) == TEXT, "run `make readme`"


def test_the_printed_run_knows_the_checks_of_today():
    run = part("report")
    known = {c.id for c in all_checks()}
    named = re.findall(r"[a-z]+(?:-[a-z]+)*", run.partition("\nCHECKS")[2].partition("\nexit ")[0])
    assert set(named) & known == known, "run `make readme`"
    counts = re.search(r"^CHECKS +(\d+) found, (\d+) clear, (\d+) skipped$", run, re.MULTILINE)
    assert sum(map(int, counts.groups())) == len(known)
    assert max(map(len, run.splitlines())) <= int(COLUMNS)


@pytest.mark.slow
def test_the_printed_run_is_what_the_commands_print_today():
    assert _essence(report()) == _essence(part("report")), "run `make readme`"


def _essence(run: str) -> list[str]:
    """Headings, commands, the verdict and the causes: what does not hang on the last digit of a processor's sums."""
    kept = re.compile(
        r"^(make .*|\.venv/.*|```.*|[A-Z]{4,}.*| AT CHANCE|\d+\. .*(?:PROVEN|LIKELY)|exit .*|Read on.*)", re.MULTILINE
    )
    return [re.sub(r"\d+ (found|clear|skipped)", r"# \1", line) for line in kept.findall(run)]


def test_there_are_python_and_yaml_blocks_to_test():
    assert len(blocks("python")) >= 4
    assert len(blocks("yaml")) >= 2


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_readme_runs(code: str, patient, monkeypatch, capsys):
    monkeypatch.chdir(patient.folder)
    names = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102  (the README's own code)
    causes = names["report"].causes if "report" in names else ()
    assert all(c.probability is None or 0 < c.probability < 1 for c in causes)
    printed = capsys.readouterr().out
    if "import siamdoctor\n\n" in code:
        assert printed.startswith("chance - The model is at 50 %")
        assert "1. single-unit-softmax (proven): +" in printed
    elif "report.accuracy" in code:
        assert printed == "50.0% [50.0%, 50.0%]\n"
    elif "Watch(" in code:
        assert printed == "None\n"
        written = yaml.safe_load((patient.folder / "runs" / "siamdoctor.yaml").read_text(encoding="utf-8"))
        shown = next(yaml.safe_load(t) for t in blocks("yaml") if t.startswith(WATCHED))
        assert written == shown
    elif "load_digits" in code:
        assert names["report"].verdict == "chance"
        assert names["report"]._repr_html_().startswith("<iframe")


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_in_the_readme_loads(text: str, tmp_path):
    if text.startswith(("# siamdoctor.yaml\n", WATCHED)):
        path = tmp_path / "siamdoctor.yaml"
        path.write_text(text, encoding="utf-8")
        assert read_settings(path).report.fail_on == "likely"
    else:
        assert yaml.safe_load(text)["jobs"]


def test_the_settings_example_holds_every_key():
    example = next(t for t in blocks("yaml") if t.startswith("# siamdoctor.yaml\n"))
    assert _keys(yaml.safe_load(example)) == _fields(Settings())


def _keys(content: dict, depth: int = 2) -> set[str]:
    """Names of keys, and those one level further in after a dot."""
    inner = {f"{k}.{n}" for k, v in content.items() if depth > 1 and isinstance(v, dict) for n in _keys(v, depth - 1)}
    return inner | {k for k, v in content.items() if depth == 1 or not isinstance(v, dict)}


def _fields(settings: Settings) -> set[str]:
    """The same of the dataclasses."""
    found = set()
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            found |= {f"{field.name}.{inner.name}" for inner in dataclasses.fields(value)}
        elif not field.metadata.get("hidden"):
            found.add(field.name)
    return found


def test_links_within_the_readme_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", TEXT, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [link for link in links if link.startswith("#") and link[1:] not in anchors] == []
    assert [link for link in links if not link.startswith("#") and not (README.parent / link).exists()] == []


def test_make_targets_and_files_that_the_readme_names_exist():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", TEXT):
        assert f"\n{target}:" in makefile
    for path in re.findall(r"`((?:configs|siamdoctor)/[\w./]*)`", TEXT):
        assert (README.parent / path).exists(), path


def test_exit_codes_are_those_of_the_readme():
    section = TEXT.partition("| exit code |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", section, re.MULTILINE)
    meanings = {int(code): meaning for code, meaning in rows}
    assert list(meanings) == [CLEAR, FOUND, 2, UNJUDGED, 130]
    assert meanings[FOUND] == "a cause at or above `--fail-on` was found"
    assert meanings[UNJUDGED].startswith("could not judge")


def test_the_errors_that_the_readme_warns_of_are_real():
    tensorflow = pytest.importorskip("tensorflow")
    numpy = pytest.importorskip("numpy")
    distance = pytest.importorskip("scipy.spatial.distance")
    assert not hasattr(tensorflow.math, "mean")
    with pytest.raises(ValueError, match=r"Input vector should be 1-D\."):
        distance.cosine(numpy.ones((1, 4)), numpy.ones((1, 4)))


def test_every_cause_can_be_demonstrated_as_the_readme_says():
    assert {c.id for c in all_checks()} == set(FAULTS)


def test_the_wheel_is_called_as_the_readme_says():
    assert set(re.findall(r"siamdoctor-(\d[\d.]*)-py3", TEXT)) == {__version__}


def test_the_change_log_names_every_command():
    log = (README.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [c.name for c in app.registered_commands if f"{c.name}`" not in log] == []
