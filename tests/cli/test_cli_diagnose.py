import json

import pytest
from example_reports import CRASHED, HEALTHY, ILL, UNJUDGED
from siamdoctor.errors import Unavailable, UnreadableData
from siamdoctor.render import machine
from siamdoctor.render.frame import Frame

pytestmark = pytest.mark.usefixtures("project", "engine")
ARGUMENTS = ("model.keras", "data/val")


@pytest.mark.parametrize(("report", "code"), [(ILL, 1), (HEALTHY, 0), (CRASHED, 3), (UNJUDGED, 3)])
def test_the_exit_code_is_the_gates(run, engine, report, code):
    engine.report = report
    assert run("diagnose", *ARGUMENTS).code == code


def test_fail_on_from_the_line_outranks_the_file(run, project):
    (project / "siamdoctor.yaml").write_text("report: {fail_on: never}\n")
    assert run("diagnose", *ARGUMENTS).code == 0
    assert run("diagnose", *ARGUMENTS, "--fail-on", "proven").code == 1


def test_json_is_the_only_thing_on_stdout_and_warnings_go_to_stderr(run):
    done = run("diagnose", *ARGUMENTS, "--format", "json")
    assert json.loads(done.out)["verdict"] == "chance"
    assert done.err == "warning: 2 images could not be decoded and were left out: a.png, b.png\n"
    assert run("diagnose", *ARGUMENTS, "--format", "json", "--quiet").err == ""


def test_a_bare_call_takes_everything_from_the_settings_file(run, engine, project):
    (project / "siamdoctor.yaml").write_text(
        "model: {path: model.keras, encoder: tower}\ndata: {path: data/val, pairs: 300}\nseed: 4\n"
    )
    assert run("diagnose").code == 1
    settings = engine.settings
    assert settings.model.path == project / "model.keras"
    assert (settings.model.encoder, settings.data.pairs, settings.seed) == ("tower", 300, 4)


def test_the_line_outranks_the_file(run, engine, project):
    (project / "siamdoctor.yaml").write_text(
        "model: {path: other.keras, replace: {a: flatten}}\ndata: {path: other, pairs: 300}\nseed: 4\n"
    )
    (project / "train").mkdir()
    done = run(
        *("diagnose", *ARGUMENTS, "--pairs", "50", "--seed", "7", "--budget", "30", "--thorough"),
        *("--train", "train", "--encoder", "left", "--custom-objects", "mine.py", "--trust-savedmodel"),
        *("--architecture", "config.json", "--replace", "b=l2norm", "--replace", "c=rescale:1/255"),
    )
    assert done.code == 1
    settings = engine.settings
    assert (settings.data.pairs, settings.seed, settings.budget, settings.thorough) == (50, 7, 30.0, True)
    assert str(settings.data.train) == "train"
    assert settings.model.replace == {"a": "flatten", "b": "l2norm", "c": "rescale:1/255"}
    assert (settings.model.encoder, settings.model.custom_objects) == ("left", "mine.py")
    assert (settings.model.architecture, settings.model.trust_savedmodel) == ("config.json", True)


def test_causes_are_chosen_by_id_or_code(run, engine, project):
    (project / "siamdoctor.yaml").write_text("report: {ignore: [SD404]}\n")
    run("diagnose", *ARGUMENTS, "--select", "sd204", "--select", "wrong-threshold", "--ignore", "SD102")
    assert engine.settings.report.select == ("single-unit-softmax", "wrong-threshold")
    assert engine.settings.report.ignore == ("too-few-identities", "wrong-threshold")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none.keras", "data/val"), "no such model file. Received: model=none.keras"),
        (("model.keras", "none"), "no such file or folder. Received: data=none"),
        ((*ARGUMENTS, "--train", "none"), "Received: train=none"),
        ((*ARGUMENTS, "--select", "single-unit-sofmax"), "Did you mean 'single-unit-softmax'?"),
        ((*ARGUMENTS, "--select", "SD204", "--ignore", "SD204"), "No cause is left"),
        ((*ARGUMENTS, "--replace", "l2norm"), "NAME=WHAT"),
        ((*ARGUMENTS, "--output", "html"), "FORMAT=PATH"),
        ((*ARGUMENTS, "--output", "pdf=x.pdf"), "Received: format='pdf'"),
        ((*ARGUMENTS, "--output", "html=none/x.html"), "Received: output=none/x.html"),
        ((*ARGUMENTS, "--baseline", "none.json"), "Received: report=none.json"),
        ((*ARGUMENTS, "--config", "none.yaml"), "Received: config=none.yaml"),
        (("https://example.org/m.keras", "data/val"), "Only local files"),
        (("hf://owner/model", "data/val"), "Only local files"),
        (("model.keras",), "DATA is missing: there is no siamdoctor.yaml here"),
        ((), "MODEL is missing"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(run, engine, words, message):
    done = run("diagnose", *words)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert engine.settings is None


def test_an_unknown_key_names_the_nearest(run, project):
    (project / "typo.yaml").write_text("desicion: {threshold: 1}\n")
    done = run("diagnose", *ARGUMENTS, "--config", "typo.yaml")
    assert done.code == 2
    assert "Did you mean 'decision'" in done.err


@pytest.mark.parametrize("words", [("--format", "pdf"), ("--pairs", "0"), ("--seed", "x"), ("--fail-on", "maybe")])
def test_a_bad_option_is_a_usage_error(run, words):
    assert run("diagnose", *ARGUMENTS, *words).code == 2


def test_an_error_of_the_engine_is_a_message_and_2(run, engine):
    engine.error = UnreadableData("The folder is empty. Received: data=data/val")
    done = run("diagnose", *ARGUMENTS)
    assert (done.code, done.err) == (2, "error: The folder is empty. Received: data=data/val\n")


def test_what_cannot_be_had_is_3(run, engine):
    engine.error = Unavailable("the model has no head")
    done = run("diagnose", *ARGUMENTS)
    assert (done.code, done.err) == (3, "could not judge: the model has no head\n")


def test_a_defect_is_3_and_shows_its_traceback_only_when_asked(run, engine):
    engine.error = ZeroDivisionError("float division by zero")
    done = run("diagnose", *ARGUMENTS)
    assert done.code == 3
    assert done.err.startswith("internal error: ZeroDivisionError: float division by zero.")
    assert "--debug" in done.err
    assert "Traceback" not in done.err
    asked = run("diagnose", *ARGUMENTS, "--debug")
    assert asked.code == 3
    assert "Traceback" in asked.err


def test_an_interruption_is_130(run, engine):
    engine.error = KeyboardInterrupt()
    assert run("diagnose", *ARGUMENTS).code == 130


def test_a_baseline_lets_through_what_it_knew(run, engine, project):
    (project / "old.json").write_text(machine.render(ILL, Frame()))
    done = run("diagnose", *ARGUMENTS, "--baseline", "old.json", "--format", "json")
    assert done.code == 0
    assert {item["why"] for item in json.loads(done.out)["gate"]["accepted"]} == {"known in the baseline"}
    (project / "old.json").write_text(machine.render(HEALTHY, Frame()))
    assert run("diagnose", *ARGUMENTS, "--baseline", "old.json").code == 1
    engine.report = HEALTHY
    assert run("diagnose", *ARGUMENTS, "--baseline", "old.json").code == 0


def test_suppressions_count_until_they_expire(run, project):
    line = "report: {{suppress: [{{cause: SD204, reason: known{}}}, {{cause: SD102, reason: known}}]}}\n"
    (project / "siamdoctor.yaml").write_text(line.format(""))
    assert run("diagnose", *ARGUMENTS).code == 0
    (project / "siamdoctor.yaml").write_text(line.format(", expires: 2020-01-31"))
    done = run("diagnose", *ARGUMENTS)
    assert done.code == 1
    assert "expired on 2020-01-31" in done.out


def test_a_suppression_of_an_unknown_cause_is_refused(run, project):
    (project / "siamdoctor.yaml").write_text("report: {suppress: [{cause: SD999, reason: x}]}\n")
    assert run("diagnose", *ARGUMENTS).code == 2
